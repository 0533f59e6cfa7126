// browser.mjs - Chromium on the page of a running daemon, and what every story looks at.
//
// From the environment: PAGE (address), PAGE_OPERATOR, PAGE_VIEWER (tokens of users), PAGE_WRITER
// (token of a program), PAGE_SMTP, PAGE_RECEIVER (ports), PAGE_MODULES (where npm put its modules),
// PAGE_SHOTS (a folder that keeps pictures), PAGE_BROWSER (another Chromium), PAGE_ARGUMENTS (one
// more argument of it), PAGE_API (the daemon's own address, when PAGE is a proxy's).
//
// Nothing waits for luck: every wait is for a condition, with a deadline of a minute.

import { strict as assert } from 'node:assert';
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import net from 'node:net';
import path from 'node:path';

const require = createRequire(path.resolve(process.env.PAGE_MODULES, 'package.json'));
const { chromium } = require('playwright-core');
const axe = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');

export const base = process.env.PAGE;
export const operator = process.env.PAGE_OPERATOR;
export const viewer = process.env.PAGE_VIEWER;
export const PATIENCE = Number(process.env.PAGE_PATIENCE ?? 60_000);

let browser;

export async function start() {
	browser = await chromium.launch({
		executablePath: process.env.PAGE_BROWSER ?? '/usr/bin/chromium',
		// CI runs as root, which Chromium's sandbox refuses.
		args: ['--no-sandbox', '--disable-dev-shm-usage', ...(process.env.PAGE_ARGUMENTS ? [process.env.PAGE_ARGUMENTS] : [])],
		timeout: PATIENCE,
	});
}

export async function stop() {
	await browser?.close();
}

const complaints = new WeakMap();

/** A browser of its own: no cookies, nothing kept.  What the console says is remembered. */
export async function visit(options = {}) {
	const context = await browser.newContext({
		baseURL: base,
		locale: 'en-GB',
		timezoneId: 'UTC',
		viewport: { width: 1360, height: 850 },
		reducedMotion: 'reduce',
		...options,
	});
	context.setDefaultTimeout(PATIENCE);
	const page = await context.newPage();
	const said = [];
	complaints.set(page, said);
	page.on('pageerror', (error) => said.push(error.message));
	page.on('console', (message) => {
		if (message.type() === 'error' || message.type() === 'warning') {
			said.push(message.text());
		}
	});
	return page;
}

/** What the console said that it should not: refused answers are part of some stories. */
export function complaintsOf(page) {
	return complaints.get(page).filter((text) => !/status of (401|403|404|409|422|429|503)|ERR_FAILED|ERR_INTERNET/.test(text));
}

export async function login(page, token = operator, where = '/app/leads') {
	await page.goto(where);
	await page.fill('input[name=token]', token);
	await page.press('input[name=token]', 'Enter');
	await page.waitForSelector('.shell main h1');
	await settled(page);
}

/** Nothing is on its way any more. */
export async function settled(page) {
	await page.waitForFunction(() => !document.querySelector('.skeleton, [aria-busy=true], .busy'), null, { timeout: PATIENCE });
}

export async function go(page, where) {
	await page.goto(where);
	await page.waitForSelector('main h1');
	await settled(page);
}

/** A click in the page's own navigation: no reload. */
export async function choose(page, name) {
	await page.getByRole('navigation', { name: 'Main navigation' }).getByRole('link', { name }).click();
	await settled(page);
}

export async function has(page, text) {
	await page.getByText(text).first().waitFor({ timeout: PATIENCE });
}

export async function accessible(page, what) {
	await page.evaluate(axe);
	const { violations } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ['violations'] }));
	const told = violations.flatMap((one) => one.nodes.map((node) => `${one.id}: ${node.target} ${node.failureSummary}`));
	assert.deepEqual(told, [], `${what}: axe`);
}

export async function fits(page, what) {
	const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
	assert.ok(wide <= 0, `${what}: ${wide} pixels too wide`);
}

const shots = process.env.PAGE_SHOTS;

export async function picture(page, name) {
	if (shots) {
		mkdirSync(shots, { recursive: true });
		await page.screenshot({ path: path.join(shots, `${name}.png`) });
	}
}

/** Ask the interface as a program that may act: what somebody else does meanwhile. */
export async function api(method, where, body) {
	const response = await fetch((process.env.PAGE_API ?? base) + where, {
		method,
		headers: { Authorization: `Bearer ${process.env.PAGE_WRITER}`, ...(body ? { 'Content-Type': 'application/json' } : {}) },
		...(body ? { body: JSON.stringify(body) } : {}),
	});
	return { status: response.status, value: await response.json() };
}

/** What the receiver of events answers from now on (receiver.mjs). */
export async function answers(list) {
	await fetch(`http://127.0.0.1:${process.env.PAGE_RECEIVER}/.answers`, { method: 'PUT', body: list });
}

/** One mail through the mail server. */
export function send(from, to, message) {
	const lines = [`EHLO client.test`, `MAIL FROM:<${from}>`, `RCPT TO:<${to}>`, 'DATA', `${message.replaceAll(/\r?\n/g, '\r\n')}\r\n.`, 'QUIT'];
	return new Promise((resolve, reject) => {
		const socket = net.connect(Number(process.env.PAGE_SMTP), '127.0.0.1');
		let buffer = '';
		socket.setEncoding('utf8');
		socket.on('error', reject);
		socket.on('data', (text) => {
			buffer += text;
			for (let end = buffer.indexOf('\r\n'); end >= 0; end = buffer.indexOf('\r\n')) {
				const line = buffer.slice(0, end);
				buffer = buffer.slice(end + 2);
				if (/^[45]/.test(line)) {
					reject(new Error(line));
				} else if (/^\d{3} /.test(line)) {
					const next = lines.shift();
					if (next === undefined) {
						socket.end();
						resolve();
					} else {
						socket.write(`${next}\r\n`);
					}
				}
			}
		});
	});
}
