// Numbers, dates and spans as the page's language writes them.

import { locale } from './i18n.ts';

const cache = new Map<string, unknown>();

/** Intl's objects are dear to make: one of each kind a language. */
function once<T>(kind: string, make: (tag: string) => T): T {
	const tag = locale();
	const key = `${kind} ${tag}`;
	let found = cache.get(key) as T | undefined;
	if (found === undefined) {
		found = make(tag);
		cache.set(key, found);
	}
	return found;
}

export function number(value: number, digits = 0): string {
	return once(`n${digits}`, (tag) => new Intl.NumberFormat(tag, { maximumFractionDigits: digits })).format(value);
}

/** +3.5, −2 */
export function signed(value: number): string {
	return once(
		'signed',
		(tag) => new Intl.NumberFormat(tag, { maximumFractionDigits: 1, signDisplay: 'exceptZero' }),
	).format(value);
}

export function percent(share: number): string {
	return once('%', (tag) => new Intl.NumberFormat(tag, { style: 'percent', maximumFractionDigits: 1 })).format(share);
}

/** 12,400 as 12K */
export function compact(value: number): string {
	return once(
		'compact',
		(tag) => new Intl.NumberFormat(tag, { notation: 'compact', maximumFractionDigits: 1 }),
	).format(value);
}

export function dateTime(value: string | number | Date): string {
	return once(
		'dt',
		(tag) => new Intl.DateTimeFormat(tag, { dateStyle: 'medium', timeStyle: 'short' }),
	).format(new Date(value));
}

export function date(value: string | number | Date): string {
	return once('d', (tag) => new Intl.DateTimeFormat(tag, { dateStyle: 'medium' })).format(new Date(value));
}

export function longDate(value: string | number | Date): string {
	return once('D', (tag) => new Intl.DateTimeFormat(tag, { dateStyle: 'full' })).format(new Date(value));
}

export function time(value: string | number | Date): string {
	return once('t', (tag) => new Intl.DateTimeFormat(tag, { timeStyle: 'short' })).format(new Date(value));
}

/** A short date for a chart's axis. */
export function tick(value: Date, span: number): string {
	const options: Intl.DateTimeFormatOptions =
		span < 2 * DAY
			? { hour: '2-digit', minute: '2-digit' }
			: span < 300 * DAY
				? { day: 'numeric', month: 'short' }
				: { month: 'short', year: 'numeric' };
	return once(JSON.stringify(options), (tag) => new Intl.DateTimeFormat(tag, options)).format(value);
}

export const SECOND = 1000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

const units: [number, Intl.RelativeTimeFormatUnit][] = [
	[365 * DAY, 'year'],
	[30 * DAY, 'month'],
	[7 * DAY, 'week'],
	[DAY, 'day'],
	[HOUR, 'hour'],
	[MINUTE, 'minute'],
	[SECOND, 'second'],
];

/** "5 minutes ago", "in 2 hours" */
export function relative(value: string | number | Date, now = Date.now()): string {
	const difference = new Date(value).getTime() - now;
	const format = once('r', (tag) => new Intl.RelativeTimeFormat(tag, { numeric: 'auto', style: 'long' }));
	for (const [size, unit] of units) {
		if (Math.abs(difference) >= size) {
			return format.format(Math.trunc(difference / size), unit);
		}
	}
	return format.format(0, 'second');
}

/** A span of seconds in its two largest units: "2 h 10 min". */
export function span(seconds: number): string {
	const parts: [number, string][] = [
		[86400, 'day'],
		[3600, 'hour'],
		[60, 'minute'],
		[1, 'second'],
	];
	let rest = Math.max(0, Math.round(seconds));
	const written: string[] = [];
	for (const [size, unit] of parts) {
		const count = Math.floor(rest / size);
		if ((count > 0 || (size === 1 && written.length === 0)) && written.length < 2) {
			written.push(
				once(
					`u${unit}`,
					(tag) => new Intl.NumberFormat(tag, { style: 'unit', unit, unitDisplay: 'short' }),
				).format(count),
			);
			rest -= count * size;
		} else if (written.length > 0) {
			break;
		}
	}
	return written.join(' ');
}

export function country(code: string): string {
	try {
		return once('country', (tag) => new Intl.DisplayNames(tag, { type: 'region' })).of(code) ?? code;
	} catch {
		return code;
	}
}

export function languageName(code: string): string {
	try {
		return once('language', (tag) => new Intl.DisplayNames(tag, { type: 'language' })).of(code) ?? code;
	} catch {
		return code;
	}
}
