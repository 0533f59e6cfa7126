// The small parts every view is made of.

import { signal } from '@preact/signals';
import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useId, useRef } from 'preact/hooks';
import {
	CircleAlert,
	CircleCheck,
	CloudOff,
	Flame,
	Info,
	LockKeyhole,
	SearchX,
	Snowflake,
	Sun,
	TriangleAlert,
	type LucideIcon,
} from 'lucide-preact';

import type { Failure, Schemas } from '../api.ts';
import { clock, dateTime, number, relative } from '../format.ts';
import { t, word } from '../i18n.ts';

export type Tone = 'plain' | 'good' | 'warn' | 'bad' | 'info' | 'hot' | 'warm' | 'cold';

/** An icon beside a text that says the same. */
export function Icon({ of: Shape }: { of: LucideIcon }): JSX.Element {
	return <Shape class="icon" aria-hidden="true" focusable="false" />;
}

/** Text that came from outside (mail, CRM): its direction is its own. */
export function Foreign({ children }: { children: ComponentChildren }): JSX.Element {
	return <bdi>{children}</bdi>;
}

export function Badge({ tone = 'plain', icon, children }: { tone?: Tone; icon?: LucideIcon; children: ComponentChildren }): JSX.Element {
	return (
		<span class={`badge ${tone}`}>
			{icon ? <Icon of={icon} /> : null}
			{children}
		</span>
	);
}

/** How long ago; the exact time for who wants it. */
export function When({ at }: { at: string | null }): JSX.Element | null {
	if (!at) {
		return null;
	}
	return (
		<time dateTime={at} title={dateTime(at)} class="nowrap">
			{relative(at, Math.max(clock.value, Date.now()))}
		</time>
	);
}

export function Moment({ at }: { at: string | null }): JSX.Element | null {
	return at ? (
		<time dateTime={at} class="nowrap">
			{dateTime(at)}
		</time>
	) : null;
}

const heat = { hot: Flame, warm: Sun, cold: Snowflake };

export function Temperature({ of }: { of: 'hot' | 'warm' | 'cold' }): JSX.Element {
	return (
		<Badge tone={of} icon={heat[of]}>
			{word('temperature', of)}
		</Badge>
	);
}

export function Grade({ of }: { of: Schemas['Grade'] }): JSX.Element | null {
	if (!of) {
		return null;
	}
	return (
		<span class={`grade ${of}`} title={t('grade.is', { grade: of })}>
			<span class="hidden-text">{t('lead.grade')} </span>
			{of}
		</span>
	);
}

const line: Schemas['Stage'][] = ['interest', 'nql', 'eql', 'mql', 'sal', 'sql', 'customer'];

export function Stage({ of }: { of: Schemas['Stage'] }): JSX.Element {
	const reached = line.indexOf(of);
	return (
		<span class={`stage ${of === 'customer' ? 'won' : ''}`}>
			<span>{word('stage', of)}</span>
			{reached < 0 ? null : (
				<span class="steps" aria-hidden="true">
					{line.map((stage, index) => (
						<i key={stage} class={index <= reached ? 'done' : ''} />
					))}
				</span>
			)}
		</span>
	);
}

/** A number and how much of 100 it is. */
export function Score({ of }: { of: number }): JSX.Element {
	return (
		<span class="score">
			<span>{number(of)}</span>
			<span class="meter" aria-hidden="true">
				<span style={{ width: `${Math.max(0, Math.min(100, of))}%` }} />
			</span>
		</span>
	);
}

export function initials(name: string | null, address: string | null): string {
	const words = (name ?? address ?? '').split(/[\s.@_-]+/u).filter((piece) => /^\p{L}/u.test(piece));
	const letters = words.length > 1 ? [words[0], words.at(-1)] : [words[0]];
	return letters.map((piece) => Array.from(piece ?? '?')[0]?.toUpperCase() ?? '').join('');
}

export function Avatar({ name, address, large }: { name: string | null; address: string | null; large?: boolean }): JSX.Element {
	return (
		<span class={large ? 'avatar large' : 'avatar'} aria-hidden="true">
			{initials(name, address)}
		</span>
	);
}

// --- messages ---

const noticeIcons = { info: Info, good: CircleCheck, warn: TriangleAlert, bad: CircleAlert };

export function Notice({ tone = 'info', children, action }: { tone?: 'info' | 'good' | 'warn' | 'bad'; children: ComponentChildren; action?: ComponentChildren }): JSX.Element {
	return (
		<div class={`notice ${tone}`} role={tone === 'bad' ? 'alert' : 'status'}>
			<Icon of={noticeIcons[tone]} />
			<div>{children}</div>
			{action}
		</div>
	);
}

export function Empty({ icon = SearchX, title, children, level = 2 }: { icon?: LucideIcon; title: string; children?: ComponentChildren; level?: 1 | 2 | 3 }): JSX.Element {
	const Heading = `h${level}` as const;
	return (
		<div class="empty">
			<Icon of={icon} />
			<Heading {...(level === 1 ? { tabIndex: -1 } : {})}>{title}</Heading>
			{children ? <p>{children}</p> : null}
		</div>
	);
}

export function failureText(failure: Failure): string {
	const said = t(`failure.${failure.kind}`);
	const shown = failure.kind === 'invalid' || failure.kind === 'server' || failure.kind === 'conflict';
	return shown && failure.message ? `${said} ${failure.message}` : said;
}

/** How many parts of the view say themselves that the program can't be reached. */
export const offlineTold = signal(0);

function useTold(failure: Failure | null): void {
	const offline = failure?.kind === 'offline';
	useEffect(() => {
		if (!offline) {
			return undefined;
		}
		offlineTold.value++;
		return () => {
			offlineTold.value--;
		};
	}, [offline]);
}

const failureIcons: Partial<Record<Failure['kind'], LucideIcon>> = { offline: CloudOff, forbidden: LockKeyhole, missing: SearchX };

export function Failed({ failure, retry }: { failure: Failure; retry?: (() => void) | undefined }): JSX.Element {
	useTold(failure);
	return (
		<div class="empty" role="alert">
			<Icon of={failureIcons[failure.kind] ?? CircleAlert} />
			<p>{failureText(failure)}</p>
			{retry && failure.kind !== 'forbidden' && failure.kind !== 'missing' ? (
				<button type="button" class="button" onClick={retry}>
					{t('error.again')}
				</button>
			) : null}
		</div>
	);
}

export function Loading({ rows = 6 }: { rows?: number }): JSX.Element {
	return (
		<div class="skeleton" role="status">
			<span class="hidden-text">{t('loading')}</span>
			{Array.from({ length: rows }, (_, index) => (
				<span key={index} aria-hidden="true" />
			))}
		</div>
	);
}

/** What a resource gives: data, or why not, or that it is on its way. */
export function Shown<T>({ of, children, rows }: { of: { data: T | null; failure: Failure | null; loading: boolean; reload: () => void }; children: (data: T) => ComponentChildren; rows?: number }): JSX.Element {
	useTold(of.failure);
	if (of.data === null) {
		return of.failure ? <Failed failure={of.failure} retry={of.reload} /> : <Loading {...(rows ? { rows } : {})} />;
	}
	return (
		<>
			{of.failure ? (
				<Notice
					tone="bad"
					action={
						<button type="button" class="button small" onClick={of.reload}>
							{t('error.again')}
						</button>
					}
				>
					{failureText(of.failure)}
				</Notice>
			) : null}
			{children(of.data)}
		</>
	);
}

// --- parts of a view ---

export function Head({ title, lead, children }: { title: string; lead?: string; children?: ComponentChildren }): JSX.Element {
	return (
		<div class="head">
			<div>
				<h1 tabIndex={-1}>{title}</h1>
				{lead ? <p>{lead}</p> : null}
			</div>
			{children ? <div class="actions">{children}</div> : null}
		</div>
	);
}

export function Card({ title, note, action, children, flush, label }: { title?: ComponentChildren; note?: ComponentChildren; action?: ComponentChildren; children: ComponentChildren; flush?: boolean; label?: string }): JSX.Element {
	const id = useId();
	return (
		<section class="card" {...(title ? { 'aria-labelledby': id } : label ? { 'aria-label': label } : {})}>
			{title ? (
				<header>
					<div>
						<h2 id={id}>{title}</h2>
						{note ? <p>{note}</p> : null}
					</div>
					{action}
				</header>
			) : null}
			{flush ? children : <div class="body">{children}</div>}
		</section>
	);
}

/** Links between the parts of a view; the one that is shown is in sight. */
export function Tabs({ label, tabs }: { label: string; tabs: { name: string; to: string; current: boolean }[] }): JSX.Element {
	const here = useRef<HTMLAnchorElement>(null);
	const current = tabs.findIndex((tab) => tab.current);
	useEffect(() => here.current?.scrollIntoView({ block: 'nearest', inline: 'nearest' }), [current]);
	return (
		<nav class="tabs" aria-label={label}>
			{tabs.map((tab) => (
				<a key={tab.to} href={tab.to} {...(tab.current ? { ref: here, 'aria-current': 'page' as const } : {})}>
					{tab.name}
				</a>
			))}
		</nav>
	);
}

export function Facts({ rows, wide }: { rows: [string, ComponentChildren][]; wide?: boolean }): JSX.Element {
	return (
		<dl class={wide ? 'facts wide' : 'facts'}>
			{rows
				.filter(([, value]) => value !== null && value !== undefined && value !== '' && value !== false)
				.map(([name, value]) => [<dt key={`t${name}`}>{name}</dt>, <dd key={`d${name}`}>{value}</dd>])}
		</dl>
	);
}

export function Field({ label, hint, error, children }: { label: string; hint?: string; error?: string | null; children: (id: string, described: string | undefined) => ComponentChildren }): JSX.Element {
	const id = useId();
	const described = [hint ? `${id}-h` : '', error ? `${id}-e` : ''].filter(Boolean).join(' ') || undefined;
	return (
		<div class="field">
			<label for={id}>{label}</label>
			{children(id, described)}
			{hint ? (
				<span class="hint" id={`${id}-h`}>
					{hint}
				</span>
			) : null}
			{error ? (
				<span class="error" id={`${id}-e`} role="alert">
					{error}
				</span>
			) : null}
		</div>
	);
}

export interface Option {
	value: string;
	label: string;
}

export function Select({ label, value, options, any, onChange }: { label: string; value: string; options: Option[]; any?: string; onChange: (value: string) => void }): JSX.Element {
	// A value from the address bar that the choices don't know is kept and shown.
	const known = value === '' || options.some((option) => option.value === value);
	return (
		<Field label={label}>
			{(id) => (
				<select id={id} value={value} onChange={(event) => onChange(event.currentTarget.value)}>
					{any === undefined ? null : <option value="">{any}</option>}
					{known ? null : <option value={value}>{value}</option>}
					{options.map((option) => (
						<option key={option.value} value={option.value}>
							{option.label}
						</option>
					))}
				</select>
			)}
		</Field>
	);
}

export function choices(group: string, values: readonly string[]): Option[] {
	return values.map((value) => ({ value, label: word(group, value) }));
}
