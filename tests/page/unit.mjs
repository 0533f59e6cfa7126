// unit.mjs - the pure modules of hooks/page/src, and what the compiler can't see of the rest.

import { strict as assert } from 'node:assert';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';

// The sources, as unit.t has them bundled for node: one module of each.
const folder = process.env.PAGE_BUNDLE;
// What they ask a browser for as they are loaded.
globalThis.location = new URL('http://page.test/app/leads');
globalThis.document = { documentElement: { dataset: {} } };
const load = (name) => import(pathToFileURL(path.join(folder, `${name}.js`)).href);

const languages = ['en', 'de', 'ro', 'ru', 'zh'];
const catalogues = {};
for (const language of languages) {
	catalogues[language] = (await load(`locales/${language}`))[language];
}
const forms = (message) => (typeof message === 'string' ? [message] : Object.values(message));
const placeholders = (text) => [...new Set(text.match(/\{\w+\}/g) ?? [])].sort();

test('every language has every text', () => {
	const keys = Object.keys(catalogues.en).sort();
	assert.ok(keys.length > 450);
	for (const language of languages) {
		assert.deepEqual(Object.keys(catalogues[language]).sort(), keys, language);
	}
});

test('every text has the placeholders of the English one', () => {
	for (const [key, message] of Object.entries(catalogues.en)) {
		const wanted = placeholders(forms(message).join(' '));
		for (const language of languages) {
			for (const form of forms(catalogues[language][key])) {
				assert.ok(form.trim() !== '', `${language} ${key} is empty`);
				assert.deepEqual(placeholders(form), wanted, `${language} ${key}`);
			}
		}
	}
});

test('every plural has the forms of its language', () => {
	for (const [key, message] of Object.entries(catalogues.en)) {
		for (const language of languages) {
			const text = catalogues[language][key];
			assert.equal(typeof text, typeof message === 'string' ? 'string' : 'object', `${language} ${key}`);
			if (typeof text === 'object') {
				// French-like "many" of millions aside, whole numbers up to a million need these.
				const rules = new Intl.PluralRules(language);
				const needed = new Set(Array.from({ length: 1001 }, (_, n) => rules.select(n)));
				for (const form of needed) {
					assert.ok(text[form] ?? text.other, `${language} ${key} ${form}`);
				}
				assert.ok(Object.keys(text).every((form) => needed.has(form) || form === 'other'), `${language} ${key}: ${Object.keys(text)}`);
			}
		}
	}
});

test('other languages are not English', () => {
	for (const language of languages.slice(1)) {
		const same = Object.keys(catalogues.en).filter((key) => JSON.stringify(catalogues[language][key]) === JSON.stringify(catalogues.en[key]));
		assert.ok(same.length < 45, `${language}: ${same.length} texts are the English ones: ${same.join(' ')}`);
	}
});

test('every text the sources name is there, and every text is named', () => {
	const sources = [];
	const walk = (where) => {
		for (const entry of readdirSync(where, { withFileTypes: true })) {
			const full = path.join(where, entry.name);
			if (entry.isDirectory()) {
				if (entry.name !== 'locales') {
					walk(full);
				}
			} else if (/\.tsx?$/.test(entry.name)) {
				sources.push(readFileSync(full, 'utf8'));
			}
		}
	};
	walk(process.env.PAGE_SOURCE);
	const all = sources.join('\n');
	const named = new Set([...all.matchAll(/'([a-z_]+(?:\.[a-z0-9_A-Z]+)*)'/g)].map((found) => found[1]));
	// t(`report.${one}`) and word('stage', …) name every text that begins so.
	const begun = [...all.matchAll(/t\(`([a-z.]+)\$\{/g)].map((found) => found[1]);
	const groups = [...all.matchAll(/(?:word|choices)\('([a-z.]+)'/g)].map((found) => `${found[1]}.`);
	const known = (key) => named.has(key) || [...begun, ...groups].some((start) => key.startsWith(start)) || /^(stage|temperature)\./.test(key);
	assert.deepEqual(
		Object.keys(catalogues.en).filter((key) => !known(key)),
		[],
		'texts nobody uses',
	);
});

test('no source makes HTML of a text', () => {
	const walk = (where) =>
		readdirSync(where, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? walk(path.join(where, entry.name)) : [path.join(where, entry.name)]));
	for (const file of walk(process.env.PAGE_SOURCE)) {
		if (/\.(tsx?|js|html)$/.test(file)) {
			assert.doesNotMatch(readFileSync(file, 'utf8'), /dangerouslySetInnerHTML|innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|srcdoc/, file);
		}
	}
});

test('i18n', async () => {
	const { plural, pieces, preferred } = await load('i18n');
	const ru = new Intl.PluralRules('ru');
	const message = { one: 'лид', few: 'лида', many: 'лидов', other: 'лида' };
	for (const [n, wanted] of [[1, 'лид'], [2, 'лида'], [5, 'лидов'], [11, 'лидов'], [21, 'лид'], [0, 'лидов']]) {
		assert.equal(plural(message, n, ru), wanted, String(n));
	}
	assert.equal(plural({ other: 'x' }, 1, ru), 'x');
	assert.deepEqual(pieces('{a} and {b}.'), [{ text: '{a}', name: 'a' }, { text: ' and ' }, { text: '{b}', name: 'b' }, { text: '.' }]);
	for (const [wanted, got] of [[['de-AT', 'en'], 'de'], [['fr', 'ro-MD'], 'ro'], [['zh-Hant-TW'], 'zh'], [['fr'], 'en'], [[], 'en'], [['constructor'], 'en'], [['RU'], 'ru']]) {
		assert.equal(preferred(wanted), got, wanted.join());
	}
});

test('routes', async () => {
	const { match } = await load('router');
	for (const [pattern, where, wanted] of [
		['/app/leads', '/app/leads', {}],
		['/app/leads/:lead', '/app/leads/ld_1', { lead: 'ld_1' }],
		['/app/leads/:lead', '/app/leads', null],
		['/app/leads/:lead', '/app/leads/a/b', null],
		['/app/accounts/:domain', '/app/accounts/a%2Fb', { domain: 'a/b' }],
		['/app/accounts/:domain', '/app/accounts/%zz', null],
		['/app/leads', '/app/pool', null],
	]) {
		assert.deepEqual(match(pattern, where), wanted, where);
	}
});

test('addresses of the interface', async () => {
	const { address } = await load('api');
	for (const [parameters, wanted] of [
		[{}, '/v1/leads'],
		[{ q: '', stage: null, owner: undefined, unowned: false }, '/v1/leads'],
		[{ q: 'a&b=c', unowned: true, limit: 50 }, '/v1/leads?q=a%26b%3Dc&unowned=true&limit=50'],
	]) {
		assert.equal(address('/v1/leads', parameters), wanted);
	}
});

test('pages forth and back', async () => {
	const { onward, backward, trail } = await load('ui/list');
	let query = { cursor: null, before: null };
	const seen = [];
	for (const next of ['u:1:1', 'u:2:2', 'u:3:3']) {
		seen.push(query.cursor);
		query = onward(query.cursor, query.before, next);
	}
	assert.deepEqual(trail(query.before), ['u:1:1', 'u:2:2']);
	while (seen.length > 0) {
		query = backward(query.before);
		assert.equal(query.cursor, seen.pop());
	}
	assert.deepEqual(backward(null), { cursor: null, before: null });
});

test('spans, days, initials', async () => {
	const { span } = await load('format');
	for (const [seconds, wanted] of [[0, '0 sec'], [59, '59 secs'], [60, '1 min'], [3660, '1 hr 1 min'], [90061, '1 day 1 hr'], [86460, '1 day'], [-5, '0 sec']]) {
		assert.equal(span(seconds).replaceAll(/[\u00a0\u202f]/g, ' '), wanted.replace('0 sec', '0 secs'), String(seconds));
	}
	const { dayStart } = await load('views/leads');
	assert.equal(dayStart(''), '');
	assert.equal(dayStart('nonsense'), '');
	assert.equal(new Date(dayStart('2026-02-28', 1)).getDate(), 1);
	const { initials } = await load('ui/basic');
	for (const [name, mail, wanted] of [['Ana Popescu', null, 'AP'], ['李伟', null, '李'], [null, 'info@acme.example', 'IE'], [null, null, '?'], ['', '', '?'], ['<script>', null, '?'], ['𝔸 𝔹', null, '𝔸𝔹']]) {
		assert.equal(initials(name, mail), wanted, String(name));
	}
});

test('how long ago: days are those of the calendar', async () => {
	const { relative } = await load('format');
	const at = (text) => new Date(text).getTime();
	const now = at('2026-11-22T10:00:00');
	for (const [then, wanted] of [
		['2026-11-22T09:59:40', 'now'],
		['2026-11-22T09:58:00', '2 minutes ago'],
		['2026-11-21T11:00:00', '23 hours ago'],
		['2026-11-21T09:00:00', 'yesterday'],
		['2026-11-20T11:00:00', '2 days ago'],
		['2026-11-23T23:00:00', 'tomorrow'],
		['2026-11-24T09:00:00', 'in 2 days'],
		['2026-11-16T10:00:00', '6 days ago'],
		['2026-11-14T10:00:00', '1 week ago'],
		['2026-10-10T10:00:00', '1 month ago'],
		['2025-06-10T10:00:00', '1 year ago'],
	]) {
		assert.equal(relative(at(then), now), wanted, then);
	}
});

test('periods of reports as people say them', async () => {
	const { periodName } = await load('ui/reporttable');
	const plain = (text) => text.replaceAll(/[\u2066-\u2069]/g, '');
	for (const [period, long, short] of [
		['all', 'Whole period', 'Whole period'],
		['2026-W05', 'Week 5, 2026', 'W5'],
		['2026-11', 'November 2026', 'Nov 2026'],
		['2026-11-22', '22 Nov 2026', '22 Nov'],
	]) {
		assert.deepEqual([plain(periodName(period)), plain(periodName(period, true))], [long, short], period);
	}
});

test('texts in charts are cut to their room', async () => {
	const { breadth, fitting } = await load('ui/chart');
	assert.ok(breadth('线索') > 1.5 * breadth('ab'), 'Chinese letters are broad');
	assert.equal(breadth('\u2068a\u2069'), breadth('a'), 'isolates are not seen');
	assert.equal(fitting('short', 100), 'short');
	for (const text of ['a name that is much too long for its place', '一个太长的名字一个太长的名字', '𝔸𝔹ℂ𝔸𝔹ℂ𝔸𝔹ℂ𝔸𝔹ℂ𝔸𝔹ℂ']) {
		const cut = fitting(text, 60);
		assert.ok(breadth(cut) <= 60 + 7 && cut.endsWith('…') && cut.length > 2, cut);
	}
});

test('what the program says itself', async () => {
	const { said } = await load('said');
	const plain = (text) => said(text).replaceAll(/[\u2066-\u2069]/g, '');
	for (const [text, wanted] of [
		[null, ''],
		['wrote', 'Wrote to us'],
		['score 90.25 reaches 65', 'Score 90.3 reaches 65'],
		['no touch for 1 days', 'No touch for 1 day'],
		['no touch for 90 days', 'No touch for 90 days'],
		['the same phone', 'the same phone'],
		['stage sql (olga)', 'New stage → Sales qualified (olga)'],
		['stage sal: why: (not) (olga)', 'New stage → Sales accepted: why: (not) (olga)'],
		['owner sam@example.test: knows dairies (olga)', 'New owner → sam@example.test: knows dairies (olga)'],
		['owner nobody (olga)', 'New owner → nobody (olga)'],
		['rejected: no budget (crm)', 'Rejected: no budget (crm)'],
		['owner of the account', 'Owns the account'],
		['owner of the account (vera@kunde.example absent until 2026-12-01; sam@kunde.example stands in)', 'Owns the account (vera@kunde.example is absent until 1 Dec 2026)'],
		['was theirs (vera@kunde.example has left)', 'Was theirs before (vera@kunde.example has left)'],
		["fallback owner: rule 'x': nobody free of 3", "Fallback owner: rule 'x': nobody free of 3"],
		["by hand: rule 'big ones'", 'By hand, rule big ones'],
		["pool of rule 'big': whoever answers first", 'Pool of rule big: whoever answers first'],
		["round robin of rule 'east': sam@example.test (weight 1 of 3, 2 open)", 'In turn, rule east: sam@example.test (weight 1 of 3, 2 open)'],
		// What is nobody's phrase stays as it is.
		['constructor', 'constructor'],
		['asked for a quote (twice)', 'asked for a quote (twice)'],
		['wrote: much', 'wrote: much'],
	]) {
		assert.equal(plain(text), wanted, String(text));
	}
});

test('no dialog has two buttons of one name', () => {
	const actions = ['assign', 'stage.move', 'merge', 'split', 'retry', 'drop'];
	for (const language of languages) {
		const of = (key) => catalogues[language][key].toLowerCase();
		for (const action of actions) {
			// "Отмена" and "Отменить" say the same to who is in a hurry.
			assert.notEqual(of(action).slice(0, 5), of('cancel').slice(0, 5), `${language} ${action}`);
		}
	}
});

test('what a browser may open', async () => {
	const { webAddress } = await load('views/lead');
	for (const [text, wanted] of [
		['https://a.example/x', 'https://a.example/x'],
		['a.example', 'https://a.example/'],
		['javascript:alert(1)', null],
		['JaVaScRiPt:alert(1)', null],
		['data:text/html,x', null],
		['vbscript:x', null],
		['file:///etc/passwd', null],
		['\u0001javascript:alert(1)', null],
		['', null],
	]) {
		assert.equal(webAddress(text), wanted, text);
	}
});

test('columns of reports', async () => {
	const { stacked } = await load('ui/reporttable');
	const rows = [
		{ period: '2026-W01', name: 'a', n: 5 },
		{ period: '2026-W01', name: 'b', n: 3 },
		{ period: '2026-W01', name: 'c', n: 1 },
		{ period: '2026-W02', name: 'c', n: 2 },
	];
	const plain = (of) => JSON.parse(JSON.stringify(of).replaceAll(/[\u2066-\u2069]/g, ''));
	assert.deepEqual(
		plain(stacked(rows, (row) => row.name, (row) => row.n, 2, 'rest')),
		{ names: ['a', 'rest'], stacks: [{ label: 'W1', values: [5, 4] }, { label: 'W2', values: [0, 2] }] },
	);
	assert.deepEqual(stacked([], (row) => row.name, (row) => row.n, 2, 'rest'), { names: [], stacks: [] });
});

test('days of a timeline', async () => {
	const { byDay } = await load('views/leadtimeline');
	const at = (time) => ({ time });
	const days = byDay([at('2026-11-22T12:00:00Z'), at('2026-11-22T11:00:00Z'), at('2026-11-20T12:00:00Z')]);
	assert.deepEqual(days.map((day) => day.entries.length), [2, 1]);
});
