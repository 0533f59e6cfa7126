// story.mjs - what people do at the page, clicked through from beginning to end.

import { strict as assert } from 'node:assert';
import { after, before, test } from 'node:test';

import { accessible, answers, api, base, choose, complaintsOf, go, has, login, operator, PATIENCE, send, settled, start, stop, viewer, visit } from './lib/browser.mjs';

before(start);
after(stop);

const row = (page, name) => page.getByRole('row').filter({ hasText: name });
const rows = (page) => page.locator('tbody tr');
// Names in messages are isolated: see i18n.ts.
const loosely = (text) => new RegExp([...text].map((letter) => letter.replace(/[.*+?^${}()|[\]\\]/, '\\$&')).join('[\u2068\u2069]*'), 'u');
const toast = (page, text) => page.locator('.toast', { hasText: loosely(text) });
const leadOf = async (address) => (await api('GET', `/v1/leads/${encodeURIComponent(address)}`)).value;

test('log in and out', async () => {
	const page = await visit();
	await page.goto('/');
	await page.waitForFunction(() => document.title.startsWith('Log in'), null, { timeout: PATIENCE });
	await accessible(page, 'login');
	await page.fill('input[name=token]', 'not-the-token-0123456789abc');
	await page.getByRole('button', { name: 'Log in' }).click();
	await has(page, 'That token is not known.');
	assert.equal(await page.evaluate(() => document.activeElement.name), 'token', 'the field has the focus again');
	await page.fill('input[name=token]', operator);
	await page.getByRole('button', { name: 'Log in' }).click();
	await page.getByRole('heading', { name: 'Leads', level: 1 }).waitFor();
	assert.equal(new URL(page.url()).pathname, '/app/leads', '"/" leads to the leads');
	const kept = await page.evaluate(() => [document.cookie, JSON.stringify(localStorage), JSON.stringify(sessionStorage)].join());
	assert.ok(!kept.includes(operator) && !kept.includes('leadmilter_session'), 'scripts see no token and no cookie');
	await page.getByRole('button', { name: 'Log out' }).click();
	await page.waitForSelector('input[name=token]');
	await page.reload();
	await page.waitForSelector('input[name=token]');
	assert.deepEqual(complaintsOf(page), []);
	await page.context().close();
});

test('a session that ended leads to the login and back', async () => {
	const page = await visit();
	await login(page, operator, '/app/accounts?sort=domain');
	await page.context().clearCookies();
	await choose(page, 'Possible duplicates').catch(() => {});
	await has(page, 'Your session has ended. Log in again to go on where you were.');
	await page.fill('input[name=token]', operator);
	await page.press('input[name=token]', 'Enter');
	await page.getByRole('heading', { name: 'Possible duplicates', level: 1 }).waitFor();
	await page.context().close();
});

test('find a lead and read it', async () => {
	const page = await visit();
	await login(page);
	assert.ok((await rows(page).count()) > 20, 'the leads are there');
	await page.fill('#q', 'northwind');
	await page.waitForURL(/q=northwind/);
	await page.waitForFunction(() => document.querySelectorAll('tbody tr').length === 2, null, { timeout: PATIENCE });
	await page.selectOption('label:text("Stage") + select', 'mql');
	await page.waitForURL(/stage=mql/);
	await page.waitForFunction(() => document.querySelectorAll('tbody tr').length === 1, null, { timeout: PATIENCE });
	await page.reload();
	await settled(page);
	assert.equal(await rows(page).count(), 1, 'the address holds search and filter');
	assert.equal(await page.inputValue('#q'), 'northwind');
	await row(page, 'Ana Popescu').getByRole('link').click();
	await page.getByRole('heading', { name: 'Ana Popescu', level: 1 }).waitFor();
	await has(page, 'Quote for 40 licences');
	await page.getByRole('link', { name: 'Score', exact: true }).click();
	await page.getByRole('heading', { name: 'Every contribution' }).waitFor();
	await has(page, 'Head of Procurement');
	const sum = await page.locator('tfoot td.right').last().innerText();
	const points = await page.locator('tbody td:nth-child(5)').allInnerTexts();
	const total = points.reduce((all, text) => all + Number(text.replace('−', '-')), 0);
	assert.ok(Math.abs(total - Number(sum)) < 0.6, `the points (${total}) sum to the score (${sum})`);
	await page.getByRole('navigation', { name: 'Parts of this lead' }).getByRole('link', { name: 'Stages' }).click();
	await has(page, 'Marketing qualified');
	await page.getByRole('navigation', { name: 'Parts of this lead' }).getByRole('link', { name: 'Deliveries' }).click();
	await has(page, 'lead.created');
	await page.goBack();
	await has(page, 'Marketing qualified');
	await go(page, `/app/leads/${(await leadOf('john.carter@harbour-freight-lines.co.uk')).lead.id}`);
	assert.ok((await page.locator('.touch.inbound').count()) >= 2, 'what they wrote');
	assert.ok((await page.locator('.touch.outbound').count()) >= 1, 'and what we answered');
	await go(page, '/app/leads/ld_00000000000000000000000000');
	await has(page, 'It isn’t there'.replace('’', "'"));
	assert.deepEqual(complaintsOf(page), []);
	await page.context().close();
});

test('pages of a list, forth and back', async () => {
	const page = await visit();
	await page.route(/\/v1\/leads\?/, (route) => route.continue({ url: route.request().url().replace('limit=50', 'limit=10') }));
	await login(page);
	const names = async () => (await page.locator('.person a').allInnerTexts()).join();
	const first = await names();
	await page.getByRole('link', { name: 'Next' }).click();
	await page.waitForURL(/cursor=/);
	await page.waitForFunction((before) => [...document.querySelectorAll('.person a')].map((a) => a.innerText).join() !== before, first, { timeout: PATIENCE });
	const second = await names();
	await page.getByRole('link', { name: 'Next' }).click();
	await page.waitForFunction((before) => [...document.querySelectorAll('.person a')].map((a) => a.innerText).join() !== before, second, { timeout: PATIENCE });
	await page.getByRole('link', { name: 'Previous' }).click();
	await page.waitForFunction((wanted) => [...document.querySelectorAll('.person a')].map((a) => a.innerText).join() === wanted, second, { timeout: PATIENCE });
	await page.getByRole('link', { name: 'Previous' }).click();
	await page.waitForFunction((wanted) => [...document.querySelectorAll('.person a')].map((a) => a.innerText).join() === wanted, first, { timeout: PATIENCE });
	assert.ok(!page.url().includes('cursor'), 'the first page has a plain address');
	await page.context().close();
});

test('with the keyboard alone', async () => {
	const page = await visit();
	await page.goto('/app/leads');
	await page.waitForSelector('input[name=token]');
	await page.keyboard.type(operator);
	await page.keyboard.press('Enter');
	await page.waitForSelector('.person a');
	await settled(page);
	await page.locator('body').evaluate(() => document.activeElement.blur());
	await page.keyboard.press('Tab');
	assert.equal(await page.evaluate(() => document.activeElement.textContent), 'Skip to content');
	await page.keyboard.press('Enter');
	assert.equal(await page.evaluate(() => document.activeElement.id), 'main');
	await page.keyboard.press('/');
	assert.equal(await page.evaluate(() => document.activeElement.id), 'q', '/ goes to the search');
	await page.keyboard.type('müller');
	await page.waitForFunction(() => document.querySelectorAll('tbody tr').length === 1, null, { timeout: PATIENCE });
	await page.locator('#q').evaluate((field) => field.blur());
	await page.keyboard.press('j');
	assert.match(await page.evaluate(() => document.activeElement.textContent), /Jürgen Müller/);
	await page.keyboard.press('Enter');
	await page.getByRole('heading', { name: 'Jürgen Müller', level: 1 }).waitFor();
	await page.waitForFunction(() => document.activeElement.tagName === 'H1', null, { timeout: PATIENCE });
	await page.getByRole('button', { name: 'Assign' }).focus();
	await page.keyboard.press('Enter');
	await page.waitForSelector('dialog[open]');
	assert.ok(await page.evaluate(() => document.activeElement.closest('dialog') !== null), 'the focus is in the dialog');
	for (let i = 0; i < 12; i++) {
		await page.keyboard.press('Tab');
		assert.ok(await page.evaluate(() => document.activeElement === document.body || document.activeElement.closest('dialog') !== null), 'and stays there');
	}
	await page.keyboard.press('Escape');
	await page.waitForSelector('dialog', { state: 'detached' });
	assert.match(await page.evaluate(() => document.activeElement.textContent), /Assign/, 'and goes back where it was');
	await page.getByRole('link', { name: 'Score', exact: true }).focus();
	await page.keyboard.press('Enter');
	const chart = page.locator('svg[role=application]');
	await chart.focus();
	await page.keyboard.press('ArrowRight');
	await page.waitForFunction(() => /Score:/.test(document.querySelector('.tip').textContent), null, { timeout: PATIENCE });
	await page.context().close();
});

test('claim from the pool, undo, and be too late', async () => {
	const page = await visit();
	await login(page, operator, '/app/pool');
	const claim = (name) => row(page, name).getByRole('button', { name: 'Claim' });
	await claim('Hassan Ali').waitFor();
	await claim('Hassan Ali').click();
	await toast(page, 'Hassan Ali is yours.').waitFor();
	await row(page, 'Hassan Ali').waitFor({ state: 'detached' });
	assert.equal((await leadOf('hassan.ali@souq-trading.ae')).owner.address, 'olga@example.test');
	await toast(page, 'Hassan Ali').getByRole('button', { name: 'Undo' }).click();
	await row(page, 'Hassan Ali').waitFor();
	assert.equal((await leadOf('hassan.ali@souq-trading.ae')).owner, null, 'undone');
	// Somebody else is faster than the page's news of it.
	await page.route('**/v1/leads?*', (route) => route.abort());
	const { lead } = await leadOf('paul.schmidt@schmidt-druck.de');
	assert.equal((await api('POST', `/v1/leads/${lead.id}/claim`, { owner: 'sam@example.test' })).status, 200);
	await page.unroute('**/v1/leads?*');
	if (await claim('Paul Schmidt').isVisible()) {
		await claim('Paul Schmidt').click();
		await toast(page, 'Somebody else has just claimed Paul Schmidt.').waitFor();
	}
	await row(page, 'Paul Schmidt').waitFor({ state: 'detached' });
	await page.context().close();
});

test('a list holds still under the pointer', async () => {
	const page = await visit();
	await login(page, operator, '/app/pool');
	await page.locator('.live.on').waitFor();
	const { lead } = await leadOf('olena@kovalenko-agro.ua');
	await row(page, 'Olena Kovalenko').waitFor();
	await row(page, 'Dan Ionescu').hover();
	assert.equal((await api('POST', `/v1/leads/${lead.id}/claim`, { owner: 'sam@example.test' })).status, 200);
	await page.getByRole('button', { name: 'The list has changed' }).waitFor();
	assert.ok(await row(page, 'Olena Kovalenko').isVisible(), 'nothing moved');
	await accessible(page, 'a list that has changed');
	await page.getByRole('heading', { level: 1 }).hover();
	await row(page, 'Olena Kovalenko').waitFor({ state: 'detached' });
	await page.getByRole('button', { name: 'The list has changed' }).waitFor({ state: 'detached' });
	await page.context().close();
});

test('a slow answer: once is enough, and the keyboard keeps its place', async () => {
	const page = await visit();
	await login(page, operator, '/app/pool');
	let asked = 0;
	let answer;
	const told = new Promise((resolve) => {
		answer = resolve;
	});
	await page.route('**/claim', async (route) => {
		asked++;
		await told;
		await route.continue();
	});
	const names = () => page.locator('.person a').allInnerTexts();
	const before = await names();
	const place = before.findIndex((name) => name.includes('info@acme-tools.com'));
	const claim = row(page, 'info@acme-tools.com').getByRole('button', { name: 'Claim' });
	await claim.focus();
	await page.keyboard.press('Enter');
	await page.keyboard.press('Enter');
	await page.locator('[aria-disabled=true]').waitFor();
	await page.keyboard.press('Enter');
	answer();
	await toast(page, 'info@acme-tools.com is yours.').waitFor();
	await row(page, 'info@acme-tools.com').waitFor({ state: 'detached' });
	assert.equal(asked, 1, 'three presses are one claim');
	const wanted = before.filter((_, index) => index !== place)[Math.min(place, before.length - 2)];
	await page.waitForFunction((name) => document.activeElement.innerText === name, wanted, { timeout: PATIENCE });
	await toast(page, 'info@acme-tools.com').getByRole('button', { name: 'Undo' }).click();
	await row(page, 'info@acme-tools.com').waitFor();
	await page.context().close();
});

test('back to the list as it was', async () => {
	const page = await visit({ viewport: { width: 1360, height: 400 } });
	await login(page, operator, '/app/leads?sort=name');
	const last = page.locator('.person a').last();
	const name = await last.innerText();
	await last.scrollIntoViewIfNeeded();
	const scrolled = await page.evaluate(() => scrollY);
	assert.ok(scrolled > 100);
	await last.click();
	await page.getByRole('heading', { name, level: 1 }).waitFor();
	await page.waitForFunction((text) => document.title.includes(text), name, { timeout: PATIENCE });
	await page.goBack();
	await page.waitForFunction((wanted) => Math.abs(scrollY - wanted) < 2, scrolled, { timeout: PATIENCE });
	await page.locator('.person a').last().click();
	await page.getByRole('heading', { name, level: 1 }).waitFor();
	await page.locator('.crumbs a').click();
	await page.waitForURL(/sort=name/);
	await page.context().close();
});

test('two tabs are one user', async () => {
	const page = await visit();
	await login(page);
	const other = await page.context().newPage();
	await go(other, '/app/pool');
	await page.getByRole('button', { name: 'Log out' }).click();
	await other.waitForSelector('input[name=token]');
	await page.fill('input[name=token]', operator);
	await page.press('input[name=token]', 'Enter');
	// The other tab goes on where it was, with the token of the new session.
	const claim = row(other, 'Hassan Ali').getByRole('button', { name: 'Claim' });
	await claim.click();
	await toast(other, 'Hassan Ali is yours.').waitFor();
	await toast(other, 'Hassan Ali').getByRole('button', { name: 'Undo' }).click();
	await row(other, 'Hassan Ali').waitFor();
	await page.context().close();
});

test('a stream that is refused: the page asks whether there is a session', async () => {
	const page = await visit();
	await login(page);
	await page.locator('.live.on').waitFor();
	// As after a restart: the stream ends, and who asks again is not known.
	await page.route('**/v1/stream*', (route) => route.fulfill({ status: 401, contentType: 'application/json', body: '{"error":{"code":"login","message":"who?"}}' }));
	await page.route('**/v1/session', (route) => (route.request().method() === 'GET' ? route.fulfill({ status: 401, contentType: 'application/json', body: '{"error":{"code":"login","message":"who?"}}' }) : route.continue()));
	await page.reload();
	await page.waitForSelector('input[name=token]');
	await page.unroute('**/v1/session');
	await page.fill('input[name=token]', operator);
	await page.route('**/v1/session', (route) => (route.request().method() === 'GET' ? route.fulfill({ status: 401, contentType: 'application/json', body: '{"error":{"code":"login","message":"who?"}}' }) : route.continue()));
	await page.press('input[name=token]', 'Enter');
	await has(page, 'Your session has ended. Log in again to go on where you were.');
	await page.context().close();
});

test('assign and move a stage, and undo it', async () => {
	const page = await visit();
	const before = await leadOf('liam.murphy@murphy-dairy.ie');
	await login(page, operator, `/app/leads/${before.lead.id}`);
	await page.getByRole('button', { name: 'Assign' }).click();
	await page.getByRole('dialog').getByLabel('Owner').selectOption('sam@example.test');
	await page.getByRole('dialog').getByLabel('Reason').fill('knows dairies');
	await accessible(page, 'assign');
	await page.getByRole('dialog').getByRole('button', { name: 'Assign' }).click();
	await toast(page, 'now belongs to Sam Field').waitFor();
	await page.locator('aside').getByText('Sam Field').waitFor();
	await page.getByRole('button', { name: 'Move stage' }).click();
	await page.getByRole('dialog').getByLabel('Stage').selectOption('sql');
	await page.getByRole('dialog').getByRole('button', { name: 'Move stage' }).click();
	await toast(page, 'is now at: Sales qualified').waitFor();
	assert.equal((await leadOf('liam.murphy@murphy-dairy.ie')).lead.stage, 'sql');
	await toast(page, 'Sales qualified').getByRole('button', { name: 'Undo' }).click();
	await toast(page, 'Undone').waitFor();
	assert.equal((await leadOf('liam.murphy@murphy-dairy.ie')).lead.stage, before.lead.stage);
	await page.context().close();
});

test('merge two that are one, keep two apart', async () => {
	const page = await visit();
	await login(page, operator, '/app/duplicates');
	const pair = (name) => page.locator('.pair', { hasText: name });
	await pair('R. Wells').waitFor();
	await pair('Nina Berg').waitFor();
	await pair('Nina Berg').getByRole('button', { name: 'Keep apart' }).click();
	await toast(page, 'stay two people').waitFor();
	await pair('Nina Berg').waitFor({ state: 'detached' });
	// The lead's own view names who it may be, too, before anything is merged.
	const wells = await leadOf('rob.wells@wells-consulting.com');
	const view = await page.context().newPage();
	await go(view, `/app/leads/${wells.lead.id}`);
	await view.locator('aside').getByRole('link', { name: 'R. Wells' }).waitFor();
	await view.getByRole('button', { name: 'Merge' }).click();
	await view.getByRole('dialog').getByText(loosely('R. Wells becomes part of Rob Wells')).waitFor();
	await view.close();
	await pair('R. Wells').getByRole('button', { name: 'Merge' }).click();
	// Why they may be one: of several telephones the shared one is marked.
	assert.deepEqual(await pair('R. Wells').locator('.same bdi', { hasText: '+44' }).allInnerTexts(), ['+442079460222', '+442079460222']);
	await page.getByRole('dialog').getByText('becomes part of').waitFor();
	await accessible(page, 'merge');
	await page.getByRole('dialog').getByRole('button', { name: 'Merge', exact: true }).click();
	await toast(page, 'is part of').waitFor();
	await pair('R. Wells').waitFor({ state: 'detached' });
	const rob = await leadOf('rob.wells@wells-consulting.com');
	const other = await leadOf('r.wells@wells-holding.com');
	assert.equal(rob.lead.id, other.lead.id, 'both addresses are one lead now');
	await has(page, 'No possible duplicates');
	// And apart again, from the lead's own view.
	await go(page, `/app/leads/${rob.lead.id}`);
	await page.getByRole('button', { name: 'Split' }).click();
	await page.getByRole('dialog').getByRole('button', { name: 'Split', exact: true }).click();
	await toast(page, 'was split').waitFor();
	assert.notEqual((await leadOf('rob.wells@wells-consulting.com')).lead.id, (await leadOf('r.wells@wells-holding.com')).lead.id);
	await page.context().close();
});

test('an account with its people', async () => {
	const page = await visit();
	await login(page, operator, '/app/accounts');
	await page.fill('#q', 'northwind');
	await page.waitForURL(/q=northwind/);
	await page.getByRole('link', { name: /northwind/ }).click();
	await page.getByRole('heading', { level: 1, name: /northwind/ }).waitFor();
	await row(page, 'Ana Popescu').waitFor();
	await row(page, 'Dan Ionescu').getByRole('link').click();
	await page.getByRole('heading', { name: 'Dan Ionescu', level: 1 }).waitFor();
	await page.context().close();
});

test('deliveries: look, retry what was given up, drop', async () => {
	const page = await visit();
	await login(page, operator, '/app/deliveries?state=dead');
	assert.equal(await rows(page).count(), 1);
	await page.locator('button.link').click();
	await page.getByRole('dialog').getByText('HTTP 413').first().waitFor();
	await page.getByRole('dialog').getByText('"person"').waitFor();
	await accessible(page, 'a delivery');
	await page.getByRole('dialog').getByRole('button', { name: 'Close' }).click();
	await page.getByRole('button', { name: /^Retry lead/ }).click();
	await toast(page, 'will be tried at once').waitFor();
	await has(page, 'No deliveries');
	await page.selectOption('label:text("State") + select', 'waiting');
	await page.waitForURL(/state=waiting/);
	await page.waitForSelector('tbody tr');
	await settled(page);
	const waiting = await rows(page).count();
	await page.getByRole('button', { name: /^Drop/ }).first().click();
	await page.getByRole('dialog').getByText("That can't be undone.").waitFor();
	await page.getByRole('dialog').getByRole('button', { name: 'Drop' }).click();
	await toast(page, 'was dropped').waitFor();
	await page.waitForFunction((count) => document.querySelectorAll('tbody tr').length < count, waiting, { timeout: PATIENCE });
	await page.context().close();
});

test('endpoints: test one, resume one', async () => {
	const page = await visit();
	await login(page, operator, '/app/endpoints');
	const card = (name) => page.locator('.card', { has: page.getByRole('heading', { name, exact: true }) });
	await card('gone').getByText('Parked').first().waitFor();
	await card('crm').getByRole('button', { name: 'Send a test' }).click();
	await card('crm').getByText('The test was delivered').waitFor();
	await answers('200');
	await card('gone').getByRole('button', { name: 'Resume' }).click();
	await toast(page, 'gone takes deliveries again.').waitFor();
	await card('gone').getByText('Open').waitFor();
	await card('gone').locator('a', { hasText: /^0$/ }).first().waitFor();
	await page.context().close();
});

test('the try-out box', async () => {
	const page = await visit();
	await login(page, operator, '/app/try');
	const leads = (await api('GET', '/v1/overview')).value.leads;
	await page.getByRole('button', { name: 'Use an example' }).click();
	await page.getByRole('button', { name: 'Try it' }).click();
	await has(page, 'Written by a person');
	await page.getByText('Ana Popescu').first().waitFor();
	await has(page, '+40213124567');
	assert.ok((await page.locator('.try td .plus').count()) > 0, 'with reasons');
	assert.equal((await api('GET', '/v1/overview')).value.leads, leads, 'nothing is stored');
	await page.fill('textarea', 'From: mailer@shop.example\nTo: sales@example.test\nSubject: Out of office\nAuto-Submitted: auto-replied\n\nI am away.\n');
	await page.getByRole('button', { name: 'Try it' }).click();
	await page.locator('.badge', { hasText: 'Automatic reply' }).waitFor();
	await page.context().close();
});

test('reports: every chart with its figures', async () => {
	const page = await visit();
	await login(page, operator, '/app/reports');
	for (const name of ['Funnel', 'Sources', 'Owners', 'Response times', 'Mail by kind']) {
		await page.getByRole('navigation', { name: 'Reports' }).getByRole('link', { name }).click();
		await page.getByRole('heading', { name, level: 2 }).waitFor();
		await settled(page);
		await page.getByText('Figures as a table').click();
		assert.ok((await page.locator('figure table tbody tr').count()) > 0, `${name}: a table`);
		await page.selectOption('label:text("Group by") + select', 'week');
		await page.waitForURL(/period=week/);
		await page.waitForSelector('figure svg rect, .columns svg rect, .stack svg rect');
		await page.selectOption('label:text("Group by") + select', 'all');
		await page.waitForFunction(() => !location.search.includes('period'), null, { timeout: PATIENCE });
	}
	for (const [link, start] of [['CSV', 'period'], ['SVG', '<']]) {
		const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: link }).click()]);
		const text = (await (await import('node:fs/promises')).readFile(await download.path(), 'utf8')).replace(/^\uFEFF/, '');
		assert.ok(text.startsWith(start), `${link}: ${text.slice(0, 30)}`);
	}
	await page.selectOption('label:text("Period") + select', 'custom');
	await page.getByLabel('From', { exact: true }).fill('2000-01-01');
	await page.getByLabel('Before', { exact: true }).fill('2000-02-01');
	await has(page, 'Nothing in this period');
	await page.context().close();
});

test('a mail arrives: the list knows without asking', async () => {
	const page = await visit();
	await login(page);
	await page.locator('.live.on').waitFor();
	await send(
		'greta.lind@lind-marine.se',
		'sales@example.test',
		'From: Greta Lind <greta.lind@lind-marine.se>\nTo: sales@example.test\nSubject: Offer wanted\nMessage-ID: <live@lind-marine.se>\n' +
			'Authentication-Results: mx.example.test; dmarc=pass header.from=lind-marine.se\n\nHello,\n\nplease send us an offer for 12 users.\n\nGreta Lind\nFleet Manager\n',
	);
	await row(page, 'Greta Lind').waitFor();
	await page.context().close();
});

test('a lead that is open follows what happens to it', async () => {
	const page = await visit();
	const { lead } = await leadOf('kate.brown@brightwater-analytics.com');
	await login(page, operator, `/app/leads/${lead.id}`);
	await page.locator('.live.on').waitFor();
	await api('POST', `/v1/leads/${lead.id}/stage`, { stage: 'customer', reason: 'signed' });
	await page.locator('.lead-head .badge', { hasText: 'Customer' }).waitFor();
	await page.context().close();
});

test('a viewer looks and does not act', async () => {
	const page = await visit();
	const { lead } = await leadOf('sofia.rossi@officine-rossi.it');
	await login(page, viewer, `/app/leads/${lead.id}`);
	for (const where of [`/app/leads/${lead.id}`, '/app/pool', '/app/duplicates', '/app/deliveries', '/app/endpoints']) {
		await go(page, where);
		for (const name of [/^Claim/, /^Assign/, /^Move stage/, /^Merge/, /^Keep apart/, /^Split/, /^Retry/, /^Drop/, /^Resume/, /^Send a test/]) {
			assert.equal(await page.getByRole('button', { name }).count(), 0, `${where}: ${name}`);
		}
	}
	assert.equal(await page.getByRole('link', { name: 'Audit log' }).count(), 0);
	await go(page, '/app/audit');
	await has(page, "Your role doesn't allow this.");
	const status = await page.evaluate(async (id) => {
		const { csrf } = await (await fetch('/v1/session')).json();
		const answer = await fetch(`/v1/leads/${id}/stage`, {
			method: 'POST',
			headers: { 'Content-Type': 'application/json', 'X-CSRF-Token': csrf },
			body: '{"stage":"customer"}',
		});
		return answer.status;
	}, lead.id);
	assert.equal(status, 403, 'nor by the interface');
	await page.context().close();
});

test('the audit log knows it all', async () => {
	const page = await visit();
	await login(page, operator, '/app/audit');
	for (const action of ['Merged leads', 'Kept leads apart', 'Claimed a lead', 'Dropped a delivery', 'Resumed an endpoint', 'Logged in']) {
		await page.getByRole('rowheader', { name: action }).first().waitFor();
	}
	assert.ok(!(await page.content()).includes(operator), 'and no token');
	await page.context().close();
});

test('when something fails the page says so', async () => {
	const page = await visit();
	await login(page);
	const answer = (status) => (route) => route.fulfill({ status, contentType: 'application/json', body: '{"error":{"code":"x","message":"The disk is full."}}' });
	for (const [status, text] of [[503, 'leadmilter is busy'], [429, 'Too many requests in a short time.'], [500, 'Something went wrong. The disk is full.'], [422, 'That was not accepted.']]) {
		await page.route('**/v1/accounts*', answer(status));
		await choose(page, 'Accounts').catch(() => {});
		await has(page, text);
		await accessible(page, `failure ${status}`);
		await page.getByRole('button', { name: 'Try again' }).waitFor();
		await page.unroute('**/v1/accounts*');
		if (status === 500 || status === 422) {
			await page.getByRole('button', { name: 'Try again' }).click();
		}
		// What was only away is asked for again by itself.
		await page.waitForSelector('tbody tr');
		await choose(page, 'Leads');
	}
	await page.context().setOffline(true);
	await choose(page, 'Scorecards').catch(() => {});
	await has(page, "leadmilter can't be reached.");
	await page.context().setOffline(false);
	await page.getByRole('heading', { name: 'How it works' }).waitFor();
	await page.context().close();
});

test('language and colours are kept', async () => {
	const page = await visit();
	await login(page);
	await page.selectOption('#language', 'ru');
	await page.getByRole('heading', { name: 'Лиды', level: 1 }).waitFor();
	assert.equal(await page.getAttribute('html', 'lang'), 'ru');
	await page.selectOption('#theme', 'dark');
	const ground = (colour) => page.waitForFunction((wanted) => getComputedStyle(document.body).backgroundColor === wanted, colour, { timeout: PATIENCE });
	await ground('rgb(14, 20, 24)');
	await page.reload();
	await page.getByRole('heading', { name: 'Лиды', level: 1 }).waitFor();
	await ground('rgb(14, 20, 24)');
	await page.selectOption('#theme', 'light');
	await ground('rgb(245, 246, 248)');
	await page.context().close();
	for (const [locale, title] of [['de-AT', 'Leads'], ['ro-RO', 'Leaduri'], ['zh-CN', '线索'], ['fr-FR', 'Leads']]) {
		const other = await visit({ locale });
		await login(other);
		await other.getByRole('heading', { name: title, level: 1 }).waitFor();
		assert.equal((await other.getAttribute('html', 'lang')).split('-')[0], locale === 'fr-FR' ? 'en' : locale.split('-')[0]);
		await other.context().close();
	}
});

test('nothing comes from elsewhere', async () => {
	const page = await visit();
	const asked = new Set();
	page.on('request', (request) => asked.add(new URL(request.url()).origin));
	await login(page);
	for (const name of ['Reports', 'Scorecards', 'Endpoints']) {
		await choose(page, name);
	}
	assert.deepEqual([...asked], [new URL(base).origin]);
	await page.context().close();
});
