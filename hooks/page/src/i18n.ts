// The page's language: one catalogue a language, the browser's own plurals, numbers and dates.
//
// A text is a string with {placeholders}, or an object of plural forms chosen by {n}.  What is put
// into a placeholder is isolated (U+2068 … U+2069), so that a name written from right to left
// can't turn the sentence around.

import { signal } from '@preact/signals';

import { en, type Catalogue, type Key, type Message } from './locales/en.ts';

export const languages = { en: 'English', de: 'Deutsch', ro: 'Română', ru: 'Русский', zh: '简体中文' } as const;
export type { Key } from './locales/en.ts';
export type Language = keyof typeof languages;
export type Values = Record<string, string | number>;

const loaders: Record<Language, () => Promise<Catalogue>> = {
	en: () => Promise.resolve(en),
	de: async () => (await import('./locales/de.ts')).de,
	ro: async () => (await import('./locales/ro.ts')).ro,
	ru: async () => (await import('./locales/ru.ts')).ru,
	zh: async () => (await import('./locales/zh.ts')).zh,
};
const tags: Record<Language, string> = { en: 'en-GB', de: 'de', ro: 'ro', ru: 'ru', zh: 'zh-Hans' };
const KEPT = 'leadmilter.language';

export const language = signal<Language>('en');
const catalogue = signal<Catalogue>(en);
let rules = new Intl.PluralRules('en-GB');

/** The tag for Intl. */
export const locale = (): string => tags[language.value];

function isLanguage(text: string | null | undefined): text is Language {
	return text !== null && text !== undefined && Object.hasOwn(languages, text);
}

/** The first of the wanted languages that there is. */
export function preferred(wanted: readonly string[]): Language {
	for (const tag of wanted) {
		const primary = tag.toLowerCase().split('-')[0];
		if (isLanguage(primary)) {
			return primary;
		}
	}
	return 'en';
}

function kept(): Language | null {
	try {
		const text = localStorage.getItem(KEPT);
		return isLanguage(text) ? text : null;
	} catch {
		return null;
	}
}

async function use(wanted: Language): Promise<void> {
	catalogue.value = await loaders[wanted]();
	language.value = wanted;
	rules = new Intl.PluralRules(tags[wanted]);
	document.documentElement.lang = tags[wanted];
}

export async function startLanguage(): Promise<void> {
	const wanted = kept() ?? preferred(navigator.languages);
	await use(wanted).catch(() => use('en'));
}

export async function setLanguage(wanted: Language): Promise<void> {
	await use(wanted);
	try {
		localStorage.setItem(KEPT, wanted);
	} catch {
		// Then for this visit only.
	}
}

/** The form of a message for a count. */
export function plural(message: Message, n: number, by: Intl.PluralRules): string {
	if (typeof message === 'string') {
		return message;
	}
	return message[by.select(n)] ?? message.other;
}

/** Text and placeholders, in order. */
export function pieces(text: string): { text: string; name?: string }[] {
	return text
		.split(/(\{\w+\})/)
		.filter((piece) => piece !== '')
		.map((piece) => (/^\{\w+\}$/.test(piece) ? { text: piece, name: piece.slice(1, -1) } : { text: piece }));
}

export function message(key: Key, values: Values = {}): string {
	const found = catalogue.value[key];
	return plural(found, typeof values.n === 'number' ? values.n : 0, rules);
}

function shown(value: string | number | undefined): string {
	if (typeof value === 'number') {
		return new Intl.NumberFormat(locale()).format(value);
	}
	return `\u2068${value ?? ''}\u2069`;
}

/** A text in the page's language. */
export function t(key: Key, values: Values = {}): string {
	return pieces(message(key, values))
		.map((piece) => (piece.name === undefined ? piece.text : shown(values[piece.name])))
		.join('');
}

/** The text of a word the server uses (a stage, a kind …); the word itself when it is new to us. */
export function word(group: string, name: string | null | undefined): string {
	if (!name) {
		return '';
	}
	const key = `${group}.${name}`;
	return Object.hasOwn(en, key) ? t(key as Key) : name.replaceAll('_', ' ');
}
