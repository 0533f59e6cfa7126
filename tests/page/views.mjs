// views.mjs - every view in light and dark, in a phone's width and in each language: nothing that
// axe-core finds wrong, nothing too wide, no complaint of the browser.  PAGE_SHOTS keeps pictures.

import { strict as assert } from 'node:assert';
import { after, before, test } from 'node:test';

import { accessible, api, complaintsOf, fits, go, has, login, picture, settled, start, stop, visit } from './lib/browser.mjs';

before(start);
after(stop);

const phone = { viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true };
const looks = {
	light: { colorScheme: 'light' },
	dark: { colorScheme: 'dark' },
	phone: { ...phone, colorScheme: 'light' },
};

async function views() {
	const ana = (await api('GET', '/v1/leads/ana.popescu%40northwind-traders.ro')).value.lead.id;
	const john = (await api('GET', '/v1/leads/john.carter%40harbour-freight-lines.co.uk')).value.lead.id;
	return {
		leads: '/app/leads',
		'leads filtered': '/app/leads?stage=mql&owner=-&since=2020-01-01',
		'leads none': '/app/leads?q=nobody-is-called-so',
		'lead timeline': `/app/leads/${john}`,
		'lead score': `/app/leads/${ana}?tab=score`,
		'lead stages': `/app/leads/${john}?tab=stages`,
		'lead deliveries': `/app/leads/${ana}?tab=deliveries`,
		pool: '/app/pool',
		duplicates: '/app/duplicates',
		accounts: '/app/accounts',
		account: '/app/accounts/northwind-traders.ro',
		funnel: '/app/reports/funnel?period=week',
		sources: '/app/reports/sources',
		owners: '/app/reports/owners',
		response: '/app/reports/response?period=week',
		kinds: '/app/reports/kinds',
		scorecards: '/app/scorecards',
		try: '/app/try',
		deliveries: '/app/deliveries',
		endpoints: '/app/endpoints',
		audit: '/app/audit',
		session: '/app/session',
		nothing: '/app/nothing/here',
	};
}

// The page finds its way by itself: quicker than loading it for every view.
async function move(page, where) {
	await page.evaluate((to) => {
		history.pushState(null, '', to);
		dispatchEvent(new PopStateEvent('popstate'));
	}, where);
	await page.waitForSelector('main h1');
	await settled(page);
}

for (const [look, options] of Object.entries(looks)) {
	test(`every view: ${look}`, async (t) => {
		const page = await visit(options);
		await login(page);
		for (const [name, where] of Object.entries(await views())) {
			await t.test(name, async () => {
				await move(page, where);
				await fits(page, name);
				await accessible(page, name);
				await picture(page, `${name} ${look}`.replaceAll(' ', '-'));
			});
		}
		if (options.isMobile) {
			await t.test('menu', async () => {
				await page.getByRole('button', { name: 'Menu' }).tap();
				await page.getByRole('link', { name: 'Scorecards' }).waitFor();
				await accessible(page, 'menu');
				await picture(page, `menu-${look}`.replaceAll(' ', '-'));
				await page.keyboard.press('Escape');
				await page.getByRole('link', { name: 'Scorecards' }).waitFor({ state: 'hidden' });
			});
		}
		assert.deepEqual(complaintsOf(page), []);
		await page.context().close();
	});
}

// Headings of some views; the catalogues' completeness is unit.t's.
const languages = {
	de: ['Leads', 'Freier Pool', 'Berichte', 'Zustellungen', 'Nachricht testen'],
	ro: ['Leaduri', 'Leaduri libere', 'Rapoarte', 'Livrări', 'Testează un mesaj'],
	ru: ['Лиды', 'Свободные лиды', 'Отчёты', 'Доставки', 'Проверить письмо'],
	zh: ['线索', '线索池', '报表', '投递', '试算邮件'],
};
const places = ['/app/leads', '/app/pool', '/app/reports/response', '/app/deliveries', '/app/try'];

for (const [language, headings] of Object.entries(languages)) {
	test(`language ${language}`, async () => {
		const page = await visit({ ...phone, locale: language });
		await login(page);
		assert.equal((await page.getAttribute('html', 'lang')).split('-')[0], language);
		for (const [index, where] of places.entries()) {
			await move(page, where);
			await page.getByRole('heading', { name: headings[index], level: 1, exact: true }).waitFor();
			await fits(page, `${where} in ${language}`);
			await picture(page, `${language}-${index}`);
		}
		const ana = (await api('GET', '/v1/leads/ana.popescu%40northwind-traders.ro')).value.lead.id;
		await move(page, `/app/leads/${ana}`);
		await fits(page, `a lead in ${language}`);
		await accessible(page, `a lead in ${language}`);
		await picture(page, `${language}-lead`);
		assert.deepEqual(complaintsOf(page), []);
		await page.context().close();
	});
}

// The longest words, from a laptop's width down: no table leaves its card, no view the screen.
for (const language of ['de', 'ru']) {
	test(`tables have room: ${language}`, async () => {
		const page = await visit({ locale: language, viewport: { width: 1360, height: 850 } });
		await login(page);
		const wanted = await views();
		for (const width of [1360, 1100, 770]) {
			await page.setViewportSize({ width, height: 850 });
			for (const name of ['leads', 'lead score', 'lead deliveries', 'pool', 'account', 'funnel', 'deliveries', 'audit']) {
				await move(page, wanted[name]);
				for (const figures of await page.locator('figure summary').all()) {
					await figures.click();
				}
				await fits(page, `${name}, ${width} wide, in ${language}`);
				const out = await page.evaluate(() =>
					[...document.querySelectorAll('main .card .table:not(.scroll *)')].map((table) => Math.floor(table.getBoundingClientRect().right - table.closest('.card').getBoundingClientRect().right)),
				);
				assert.ok(
					out.every((pixels) => pixels <= 0),
					`${name}, ${width} wide, in ${language}: a table leaves its card by ${out}`,
				);
			}
		}
		await page.context().close();
	});
}

test('less motion, larger text', async () => {
	const page = await visit({ viewport: { width: 640, height: 700 }, reducedMotion: 'reduce' });
	await login(page);
	const moving = await page.evaluate(() =>
		[...document.querySelectorAll('*')].filter((element) => {
			const style = getComputedStyle(element);
			return Math.max(...`${style.animationDuration},${style.transitionDuration}`.split(',').map(Number.parseFloat)) > 0.001;
		}).length,
	);
	assert.equal(moving, 0, 'nothing moves');
	// 200 % of the text's size, as WCAG 1.4.4 asks.
	await page.evaluate(() => document.documentElement.style.setProperty('font-size', '200%'));
	for (const where of ['/app/leads', '/app/pool', '/app/reports/funnel']) {
		await move(page, where);
		await fits(page, `${where} with large text`);
	}
	await page.context().close();
});

test('before anybody is logged in', async () => {
	for (const [look, options] of Object.entries(looks)) {
		const page = await visit(options);
		await page.goto('/app/leads');
		await page.waitForSelector('input[name=token]');
		await fits(page, 'login');
		await accessible(page, `login ${look}`);
		await picture(page, `login-${look}`.replaceAll(' ', '-'));
		await page.context().close();
	}
});

test('a view is there again after a reload', async () => {
	const page = await visit();
	await login(page);
	await go(page, '/app/reports/kinds?period=week&span=6months');
	await has(page, 'Mail by kind');
	assert.equal(await page.inputValue('label:text("Group by") + select'), 'week');
	await page.context().close();
});
