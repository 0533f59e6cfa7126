// hostile.mjs - what attackers write into mail, and what other sites and other people's scripts
// try: nothing of it may act.

import { strict as assert } from 'node:assert';
import { after, before, test } from 'node:test';

import { api, base, complaintsOf, go, has, login, operator, settled, start, stop, visit } from './lib/browser.mjs';

before(start);
after(stop);

const attackers = ['script@evil-one.example', 'attribute@evil-two.example', 'override@evil-three.example', 'html@evil-four.example'];

/** No script ran, nothing was asked for elsewhere, no element came from a text. */
async function unharmed(page, asked, what) {
	assert.equal(await page.evaluate(() => globalThis.pwned), undefined, `${what}: no script ran`);
	assert.deepEqual([...asked].filter((origin) => origin !== new URL(base).origin), [], `${what}: nothing comes from elsewhere`);
	const strange = await page.evaluate(() =>
		[...document.querySelectorAll('main *')]
			.filter(
				(element) =>
					/^(script|img|iframe|object|embed|style|link|base|form|video|audio|math)$/i.test(element.tagName) && !element.matches('form.card, dialog form, form.stack') ||
					[...element.attributes].some((one) => /^on/i.test(one.name) || (/^(href|src|action|formaction|data|xlink:href)$/i.test(one.name) && /^\s*(javascript|data|vbscript):/i.test(one.value))),
			)
			.map((element) => element.outerHTML.slice(0, 120)),
	);
	assert.deepEqual(strange, [], `${what}: no element of an attacker`);
}

async function watched() {
	const page = await visit();
	const asked = new Set();
	page.on('request', (request) => asked.add(new URL(request.url()).origin));
	page.on('dialog', (dialog) => {
		asked.add(`dialog ${dialog.message()}`);
		void dialog.dismiss();
	});
	await login(page);
	return { page, asked };
}

test('names, subjects, header fields, HTML and attachment names are text', async () => {
	const { page, asked } = await watched();
	await unharmed(page, asked, 'leads');
	await has(page, '<script>window.pwned=1</script>');
	for (const address of attackers) {
		const { lead } = (await api('GET', `/v1/leads/${encodeURIComponent(address)}`)).value;
		for (const tab of ['', '?tab=score', '?tab=stages', '?tab=deliveries']) {
			await go(page, `/app/leads/${lead.id}${tab}`);
			await unharmed(page, asked, `${address} ${tab}`);
		}
		await page.locator('button.link').first().click();
		await page.getByRole('dialog').getByText('"person"').waitFor();
		await unharmed(page, asked, `${address} as posted`);
	}
	for (const where of ['/app/accounts', '/app/accounts/evil-one.example', '/app/pool', '/app/deliveries', '/app/reports/sources', '/app/audit']) {
		await go(page, where);
		await unharmed(page, asked, where);
	}
	assert.deepEqual(complaintsOf(page), [], 'and the content policy had nothing to stop');
	await page.context().close();
});

test('a name that turns the direction of writing turns no other text', async () => {
	const { page } = await watched();
	const isolated = await page.evaluate(() => {
		const name = [...document.querySelectorAll('.person a')].find((link) => link.textContent.includes('txt.exe'));
		return name?.querySelector('bdi') !== null && name !== undefined;
	});
	assert.ok(isolated);
	await page.context().close();
});

test('addresses of the page can hold no script', async () => {
	const { page, asked } = await watched();
	const texts = ['"><img src=x onerror=window.pwned=1>', 'javascript:window.pwned=1', '<script>window.pwned=1</script>', '%00%0a', '../../v1/session', '{{7*7}}'];
	for (const text of texts) {
		const safe = encodeURIComponent(text);
		for (const where of [`/app/leads?q=${safe}&stage=${safe}&owner=${safe}&since=${safe}&cursor=${safe}&before=${safe}`, `/app/leads/${safe}`, `/app/accounts/${safe}`, `/app/reports/${safe}`, `/app/scorecards?card=${safe}`, `/app/deliveries?lead=${safe}&state=${safe}`, `/app/audit?who=${safe}`]) {
			await page.evaluate((to) => {
				history.pushState(null, '', to);
				dispatchEvent(new PopStateEvent('popstate'));
			}, where);
			await settled(page);
			await unharmed(page, asked, where);
		}
	}
	await page.context().close();
});

test('a hostile message in the try-out box', async () => {
	const { page, asked } = await watched();
	await go(page, '/app/try');
	await page.fill('textarea', 'From: "<img src=x onerror=window.pwned=1>" <a@evil-five.example>\nTo: sales@example.test\nSubject: <script>window.pwned=1</script>\nContent-Type: text/html\n\n<p>Please send a quote<img src=x onerror=window.pwned=1></p><script>window.pwned=1</script>\n');
	await page.getByRole('button', { name: 'Try it' }).click();
	await page.getByRole('heading', { name: 'What it is' }).waitFor();
	await unharmed(page, asked, 'the try-out box');
	await page.context().close();
});

test('hostile words from the interface itself', async () => {
	// A CRM that answers with HTML: what it said is shown as text.
	const { page, asked } = await watched();
	await page.route('**/v1/outbox?*', (route) =>
		route.fulfill({
			contentType: 'application/json',
			body: JSON.stringify({
				deliveries: [{ id: 1, endpoint: '<b>x</b>', event: 'evt_1', type: '<img src=x onerror=window.pwned=1>', lead: 'javascript:window.pwned=1', time: '2026-01-01T00:00:00.000Z', state: 'dead', attempts: 1, next: null, status: 500, error: '<svg onload=window.pwned=1>', response: '<script>window.pwned=1</script>' }],
				more: false,
				next: null,
			}),
		}),
	);
	await go(page, '/app/deliveries?state=dead');
	await has(page, '<svg onload=window.pwned=1>');
	await unharmed(page, asked, 'deliveries');
	await page.context().close();
});

test('the content policy holds should a text ever become a script', async () => {
	const { page, asked } = await watched();
	const told = await page.evaluate(async () => {
		const tries = {
			innerHTML: () => {
				document.body.insertAdjacentHTML('beforeend', '<img src=x onerror="window.pwned=1">');
			},
			script: () => {
				const script = document.createElement('script');
				script.textContent = 'window.pwned=1';
				document.body.append(script);
			},
			// Not at once: what the test itself evaluates may do so.
			eval: () =>
				new Promise((resolve, reject) => {
					setTimeout(() => {
						try {
							resolve((0, eval)('window.pwned=1'));
						} catch (error) {
							reject(error);
						}
					}, 0);
				}),
			elsewhere: async () => {
				await fetch('https://evil.example/');
			},
		};
		const failed = [];
		for (const [name, act] of Object.entries(tries)) {
			try {
				await act();
			} catch {
				failed.push(name);
			}
		}
		return failed;
	});
	assert.deepEqual(told.sort(), ['elsewhere', 'eval', 'innerHTML', 'script']);
	assert.equal(await page.evaluate(() => globalThis.pwned), undefined);
	assert.ok(![...asked].some((origin) => origin.includes('evil')));
	await page.context().close();
});

test('another site can neither frame the page nor act in its name', async () => {
	const { page } = await watched();
	const { lead } = (await api('GET', '/v1/leads/kate.brown%40brightwater-analytics.com')).value;
	const before = lead.stage;
	const other = await page.context().newPage();
	await other.route('http://evil.test/', (route) =>
		route.fulfill({
			contentType: 'text/html',
			body: `<iframe src="${base}/app/leads"></iframe>
<form id="f" method="post" enctype="text/plain" target="x" action="${base}/v1/leads/${lead.id}/stage"><input name='{"stage":"disqualified","reason":"' value='"}'></form>
<iframe name="x"></iframe>`,
		}),
	);
	await other.goto('http://evil.test/');
	await other.evaluate(() => document.getElementById('f').submit());
	const answer = await other.evaluate(
		async ({ to }) => {
			try {
				const got = await fetch(to, { method: 'POST', credentials: 'include', headers: { 'Content-Type': 'application/json' }, body: '{"stage":"disqualified"}' });
				return got.status;
			} catch {
				return 'blocked';
			}
		},
		{ to: `${base}/v1/leads/${lead.id}/stage` },
	);
	assert.notEqual(answer, 200);
	assert.ok(!other.frames().some((frame) => frame.url().startsWith(`${base}/app`)), 'no frame');
	assert.equal((await api('GET', `/v1/leads/${lead.id}`)).value.lead.stage, before, 'nothing was changed');
	await page.context().close();
});

test('the cookie is not for scripts, other sites or the next user', async () => {
	const { page } = await watched();
	const [cookie] = (await page.context().cookies()).filter(({ name }) => name.includes('leadmilter'));
	assert.ok(cookie.httpOnly);
	assert.equal(cookie.sameSite, 'Strict');
	await page.getByRole('button', { name: 'Log out' }).click();
	await page.waitForSelector('input[name=token]');
	await page.context().addCookies([cookie]);
	await page.goto('/app/leads');
	await page.waitForSelector('input[name=token]');
	assert.ok(!(await page.content()).includes(operator));
	await page.context().close();
});
