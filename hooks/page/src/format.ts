// Numbers, dates and spans as the page's language writes them.

import { signal } from '@preact/signals';

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

/** A day ("2026-11-22") or month ("2026-11") of a report: it is the same in every zone. */
export function calendar(of: string, short: boolean): string {
	if (Number.isNaN(Date.parse(of))) {
		return of;
	}
	const options: Intl.DateTimeFormatOptions =
		of.length > 7
			? { day: 'numeric', month: 'short', ...(short ? {} : { year: 'numeric' }) }
			: { month: short ? 'short' : 'long', year: 'numeric' };
	return once(`c${JSON.stringify(options)}`, (tag) => new Intl.DateTimeFormat(tag, { ...options, timeZone: 'UTC' })).format(new Date(of));
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

/** What relative times are told by; a page that stays open does not say "now" for ever. */
export const clock = signal(Date.now());

export function startClock(): void {
	setInterval(() => {
		clock.value = Date.now();
	}, MINUTE / 2);
}

export const SECOND = 1000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

const units: [number, Intl.RelativeTimeFormatUnit][] = [
	[365 * DAY, 'year'],
	[30 * DAY, 'month'],
	[7 * DAY, 'week'],
	[HOUR, 'hour'],
	[MINUTE, 'minute'],
];

/** Days of the user's calendar between two moments. */
function days(from: number, to: number): number {
	const day = (moment: number): number => {
		const at = new Date(moment);
		return Date.UTC(at.getFullYear(), at.getMonth(), at.getDate()) / DAY;
	};
	return day(to) - day(from);
}

/** "now", "5 minutes ago", "yesterday" (by the calendar: 40 hours ago is two days ago), "in 2 weeks" */
export function relative(value: string | number | Date, now = Date.now()): string {
	const then = new Date(value).getTime();
	const difference = then - now;
	const words = once('r', (tag) => new Intl.RelativeTimeFormat(tag, { numeric: 'auto', style: 'long' }));
	if (Math.abs(difference) < MINUTE) {
		return words.format(0, 'second');
	}
	const apart = days(now, then);
	if (Math.abs(difference) >= DAY && Math.abs(apart) < 7) {
		return words.format(apart, 'day');
	}
	// "last month" would name a month of the calendar.
	const figures = once('R', (tag) => new Intl.RelativeTimeFormat(tag, { numeric: 'always', style: 'long' }));
	const [size, unit] = units.find(([least]) => Math.abs(difference) >= least) ?? [MINUTE, 'minute'];
	return figures.format(Math.trunc(difference / size), unit);
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
