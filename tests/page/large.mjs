// large.mjs - the first list of a large store, as the browser's clock sees it: from the address to
// the first row that is shown, nothing cached.  And the ways through such a list.
//
// On a machine that does other things too the quickest of several tries is what the page takes.
// PAGE_LIMIT is how many milliseconds it may take: 300 on a machine of its own, as PAGE_LEADS=1000000
// measures it; more where other tests run beside it.

import { strict as assert } from 'node:assert';
import { after, before, test } from 'node:test';

import { api, base, login, PATIENCE, settled, start, stop, visit } from './lib/browser.mjs';

const LIMIT = Number(process.env.PAGE_LIMIT); // milliseconds
const TRIES = 12;

before(start);
after(stop);

/** Tell when the first row of the list is there, and when it was painted. */
function watch() {
	const done = () => {
		if (!document.querySelector('.person a') || globalThis.firstList) {
			return;
		}
		globalThis.firstList = performance.now();
		requestAnimationFrame(() => requestAnimationFrame(() => {
			globalThis.firstPainted = performance.now();
		}));
	};
	new MutationObserver(done).observe(document, { childList: true, subtree: true });
}

const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];

async function measured(context) {
	const page = await context.newPage();
	await page.addInitScript(watch);
	const client = await context.newCDPSession(page);
	await client.send('Network.setCacheDisabled', { cacheDisabled: true });
	await page.goto('/app/leads');
	await page.waitForFunction(() => globalThis.firstPainted > 0, null, { timeout: PATIENCE });
	const result = await page.evaluate(() => {
		const asked = performance.getEntriesByType('resource').find((one) => one.name.includes('/v1/leads?'));
		return { row: globalThis.firstList, painted: globalThis.firstPainted, answer: asked.responseEnd - asked.startTime };
	});
	await page.close();
	return result;
}

test('the first list', async (t) => {
	const { leads } = (await api('GET', '/v1/overview')).value;
	const page = await visit();
	await login(page);
	const runs = [];
	while (runs.length < 5 || (runs.length < TRIES && Math.min(...runs.map((run) => run.row)) >= LIMIT)) {
		runs.push(await measured(page.context()));
	}
	const told = (key) => `${Math.min(...runs.map((run) => run[key])).toFixed(0)} ms (median ${median(runs.map((run) => run[key])).toFixed(0)})`;
	t.diagnostic(`${leads} leads: first row after ${told('row')}, painted after ${told('painted')}, answer of the list ${told('answer')}`);
	assert.ok(Math.min(...runs.map((run) => run.row)) < LIMIT, `under ${LIMIT} ms`);
	await page.context().close();
});

test('search, filters, sorting and pages of a large store', async (t) => {
	const { leads } = (await api('GET', '/v1/overview')).value;
	const page = await visit();
	await login(page);
	const number = Math.floor(leads / 2);
	for (const [what, where] of [
		['search', `?q=number${number}`],
		['a common word', '?q=person'],
		['a filter', '?stage=sal'],
		['two filters', '?temperature=hot&grade=A'],
		['by score', '?sort=score'],
		['by name', '?sort=name'],
		['nobody\'s', '?owner=-'],
	]) {
		const start = performance.now();
		await page.evaluate((to) => {
			history.pushState(null, '', to);
			dispatchEvent(new PopStateEvent('popstate'));
		}, `/app/leads${where}`);
		await page.waitForFunction((to) => location.search === to && document.querySelector('.card[aria-busy=false] tbody tr'), where, { timeout: PATIENCE });
		t.diagnostic(`${what}: ${(performance.now() - start).toFixed(0)} ms`);
	}
	await page.goto(`${base}/app/leads?q=number${number}`);
	await settled(page);
	await page.getByRole('link', { name: `Person Number${number}`, exact: true }).click();
	await page.getByRole('heading', { name: `Person Number${number}`, level: 1 }).waitFor();
	await page.goto(`${base}/app/leads`);
	await settled(page);
	for (let n = 0; n < 5; n++) {
		const before = page.url();
		await page.getByRole('link', { name: 'Next' }).click();
		await page.waitForURL((url) => url.href !== before);
		await settled(page);
	}
	assert.equal(await page.locator('.person a').count(), 50);
	await page.context().close();
});
