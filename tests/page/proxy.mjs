// proxy.mjs - the page in a browser that reaches it through a proxy with TLS.

import { strict as assert } from 'node:assert';
import { after, before, test } from 'node:test';

import { api, base, complaintsOf, login, operator, start, stop, visit } from './lib/browser.mjs';

before(start);
after(stop);

// The certificate is the test's own.
const arrive = () => visit({ ignoreHTTPSErrors: true });

test('log in, see what happens as it happens, act', async () => {
	const page = await arrive();
	await login(page);
	const [cookie] = await page.context().cookies();
	assert.equal(cookie.name, '__Host-leadmilter_session');
	assert.ok(cookie.secure && cookie.httpOnly);
	assert.equal(cookie.sameSite, 'Strict');
	await page.locator('.live.on').waitFor();
	const { status, value } = await api('POST', '/v1/leads', { email: 'gwen@proxied.example', name: 'Gwen Proxied', message: 'What does it cost?' });
	assert.equal(status, 200);
	await page.getByRole('row').filter({ hasText: 'Gwen Proxied' }).waitFor();
	await page.goto('/app/pool');
	await page.getByRole('row').filter({ hasText: 'Gwen Proxied' }).getByRole('button', { name: 'Claim' }).click();
	await page.locator('.toast').first().waitFor();
	const { owner } = (await api('GET', `/v1/leads/${value.lead}`)).value;
	assert.equal(owner.address, 'olga@example.test');
	assert.deepEqual(complaintsOf(page), []);
	await page.context().close();
});

test('who acted and from where', async () => {
	const page = await arrive();
	await login(page, operator, '/app/audit');
	const { entries } = await page.evaluate(async () => (await fetch('/v1/audit?action=login&limit=1')).json());
	assert.equal(entries[0].peer, '127.0.0.1', 'the browser, of which only the proxy could tell');
	await page.context().close();
});

test('only with TLS, under its name, and without what is for this host', async () => {
	const page = await arrive();
	const response = await page.goto('/');
	assert.equal(response.headers()['strict-transport-security'], 'max-age=31536000');
	assert.ok(response.headers()['content-security-policy'].includes("default-src 'none'"));
	const statuses = await page.evaluate(async () => Promise.all(['/metrics', '/healthz', '/v1/leads'].map(async (where) => (await fetch(where)).status)));
	assert.deepEqual(statuses, [404, 200, 401]);
	const { status } = await api('POST', '/v1/session', { token: operator });
	assert.notEqual(status, 200, 'the daemon itself lets nobody in without TLS');
	assert.ok(base.startsWith('https:'));
	await page.context().close();
});
