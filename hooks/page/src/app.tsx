// The frame around every view: where one can go, who is logged in, and where the focus is.

import { effect } from '@preact/signals';
import type { ComponentType, JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import {
	Building2,
	ChartColumn,
	FlaskConical,
	Gauge,
	Inbox,
	LogOut,
	Menu,
	Plug,
	ScrollText,
	Send,
	UserSearch,
	Users,
	X,
	type LucideIcon,
} from 'lucide-preact';

import { online, useResource, type Schemas } from './api.ts';
import { number } from './format.ts';
import { language, t, type Key } from './i18n.ts';
import { liveState, useLive } from './live.ts';
import { arrivals, match, navigate, path, subject } from './router.ts';
import { logout, mayAct, session, unknown } from './session.ts';
import { Empty, Failed, Icon, initials, Notice, offlineTold } from './ui/basic.tsx';
import { LanguageChoice, Logo, ThemeChoice } from './ui/settings.tsx';
import { sayFailure, Toasts } from './ui/toasts.tsx';
import { Account } from './views/account.tsx';
import { Accounts } from './views/accounts.tsx';
import { Audit } from './views/audit.tsx';
import { Deliveries } from './views/deliveries.tsx';
import { Duplicates } from './views/duplicates.tsx';
import { Endpoints } from './views/endpoints.tsx';
import { Lead } from './views/lead.tsx';
import { Leads } from './views/leads.tsx';
import { Login } from './views/login.tsx';
import { Pool } from './views/pool.tsx';
import { Reports } from './views/reports.tsx';
import { Scorecards } from './views/scorecards.tsx';
import { SessionView } from './views/session.tsx';
import { Try } from './views/try.tsx';

interface Way {
	pattern: string;
	view: ComponentType<Record<string, string>>;
	title: Key;
}

const ways: Way[] = [
	{ pattern: '/app/leads', view: Leads, title: 'nav.leads' },
	{ pattern: '/app/leads/:lead', view: Lead as unknown as Way['view'], title: 'nav.lead' },
	{ pattern: '/app/pool', view: Pool, title: 'nav.pool' },
	{ pattern: '/app/duplicates', view: Duplicates, title: 'nav.duplicates' },
	{ pattern: '/app/accounts', view: Accounts, title: 'nav.accounts' },
	{ pattern: '/app/accounts/:domain', view: Account as unknown as Way['view'], title: 'nav.account' },
	{ pattern: '/app/reports', view: Reports as unknown as Way['view'], title: 'nav.reports' },
	{ pattern: '/app/reports/:report', view: Reports as unknown as Way['view'], title: 'nav.reports' },
	{ pattern: '/app/scorecards', view: Scorecards, title: 'nav.scorecards' },
	{ pattern: '/app/try', view: Try, title: 'nav.try' },
	{ pattern: '/app/deliveries', view: Deliveries, title: 'nav.deliveries' },
	{ pattern: '/app/endpoints', view: Endpoints, title: 'nav.endpoints' },
	{ pattern: '/app/audit', view: Audit, title: 'nav.audit' },
	{ pattern: '/app/session', view: SessionView, title: 'nav.session' },
];

interface Place {
	to: string;
	label: Key;
	icon: LucideIcon;
	count?: 'dead' | 'parked';
	operator?: boolean;
}

const groups: { label: Key; places: Place[] }[] = [
	{
		label: 'nav.work',
		places: [
			{ to: '/app/leads', label: 'nav.leads', icon: Users },
			{ to: '/app/pool', label: 'nav.pool', icon: Inbox },
			{ to: '/app/duplicates', label: 'nav.duplicates', icon: UserSearch },
			{ to: '/app/accounts', label: 'nav.accounts', icon: Building2 },
		],
	},
	{
		label: 'nav.insight',
		places: [
			{ to: '/app/reports', label: 'nav.reports', icon: ChartColumn },
			{ to: '/app/scorecards', label: 'nav.scorecards', icon: Gauge },
			{ to: '/app/try', label: 'nav.try', icon: FlaskConical },
		],
	},
	{
		label: 'nav.operation',
		places: [
			{ to: '/app/deliveries', label: 'nav.deliveries', icon: Send, count: 'dead' },
			{ to: '/app/endpoints', label: 'nav.endpoints', icon: Plug, count: 'parked' },
			{ to: '/app/audit', label: 'nav.audit', icon: ScrollText, operator: true },
		],
	},
];

function Rail({ open, onClose }: { open: boolean; onClose: () => void }): JSX.Element {
	const overview = useResource<Schemas['Overview']>('/v1/overview');
	useLive((event) => event.name !== 'lead', overview.reload);
	const counts = overview.data;
	const who = session.value;
	return (
		<section class={open ? 'rail open' : 'rail'} id="rail" aria-label="leadmilter">
			<div class="row spread">
				<a class="brand" href="/app/leads">
					<Logo />
					leadmilter
				</a>
				<button type="button" class="button square close" aria-label={t('menu.close')} onClick={onClose}>
					<Icon of={X} />
				</button>
			</div>
			<nav aria-label={t('nav')}>
				{groups.map((group) => (
					<div key={group.label}>
						<h2>{t(group.label)}</h2>
						<ul>
							{group.places
								.filter((to) => !to.operator || mayAct.value)
								.map((to) => (
									<li key={to.to}>
										<a
											href={to.to}
											{...(path.value === to.to || path.value.startsWith(`${to.to}/`) ? { 'aria-current': path.value === to.to ? 'page' : 'true' } : {})}
										>
											<Icon of={to.icon} />
											{t(to.label)}
											{to.count && counts && counts[to.count] > 0 ? (
												<span class="count bad">
													{number(counts[to.count])}
													<span class="hidden-text"> {t(`nav.count.${to.count}`, { n: counts[to.count] })}</span>
												</span>
											) : null}
										</a>
									</li>
								))}
						</ul>
					</div>
				))}
			</nav>
			<div class="rail-foot">
				<span class={liveState.value === 'on' ? 'live on' : 'live'}>{t(liveState.value === 'on' ? 'live.on' : 'live.off')}</span>
				<div class="rail-tools">
					<LanguageChoice />
					<ThemeChoice />
				</div>
				<div class="who">
					<a href="/app/session" aria-label={`${t('nav.session')}: ${who?.user ?? ''}`} {...(path.value === '/app/session' ? { 'aria-current': 'page' } : {})}>
						<span class="avatar" aria-hidden="true">
							{initials(who?.user ?? '', null)}
						</span>
						<span>
							<strong>
								<bdi>{who?.user}</bdi>
							</strong>
							{who ? t(`role.${who.role}`) : ''}
						</span>
					</a>
					<button type="button" class="button square" aria-label={t('logout')} title={t('logout')} onClick={() => void logout().catch(sayFailure)}>
						<Icon of={LogOut} />
					</button>
				</div>
			</div>
		</section>
	);
}

function find(): { way: Way; given: Record<string, string> } | null {
	for (const way of ways) {
		const given = match(way.pattern, path.value);
		if (given) {
			return { way, given };
		}
	}
	return null;
}

function View(): JSX.Element {
	const found = find();
	const main = useRef<HTMLElement>(null);
	const arrival = arrivals.value;
	useEffect(() => {
		// A name written from right to left turns none of the rest.
		const about = subject.value ? `\u2068${subject.value}\u2069 · ` : '';
		document.title = `${about}${found ? t(found.way.title) : t('missing')} · leadmilter`;
	}, [found?.way, language.value, subject.value]);
	useEffect(() => {
		// At another view the keyboard and the screen reader begin at its heading.
		if (arrival > 0) {
			(main.current?.querySelector<HTMLElement>('h1') ?? main.current)?.focus({ preventScroll: true });
		}
	}, [arrival]);
	const Found = found?.way.view;
	return (
		<main id="main" tabIndex={-1} ref={main}>
			{online.value || offlineTold.value > 0 ? null : (
				<div class="toolbar">
					<Notice tone="bad">{t('failure.offline')}</Notice>
				</div>
			)}
			{Found ? (
				<Found key={path.value} {...found.given} />
			) : (
				<Empty level={1} title={t('missing')}>
					<a href="/app/leads">{t('missing.back')}</a>
				</Empty>
			)}
		</main>
	);
}

function Shell(): JSX.Element {
	const [open, setOpen] = useState(false);
	const menu = useRef<HTMLButtonElement>(null);
	const close = (): void => {
		setOpen(false);
		menu.current?.focus();
	};
	useEffect(() => setOpen(false), [path.value]);
	useEffect(() => {
		if (!open) {
			return undefined;
		}
		document.querySelector<HTMLElement>('#rail .close')?.focus();
		const onKey = (event: KeyboardEvent): void => {
			if (event.key === 'Escape') {
				close();
			}
		};
		document.addEventListener('keydown', onKey);
		return () => document.removeEventListener('keydown', onKey);
	}, [open]);
	return (
		<>
			<a class="skip" href="#main" onClick={(event) => (event.preventDefault(), document.getElementById('main')?.focus())}>
				{t('skip')}
			</a>
			<header class="bar">
				<a class="brand" href="/app/leads">
					<Logo />
					leadmilter
				</a>
				<button ref={menu} type="button" class="button" aria-expanded={open} aria-controls="rail" onClick={() => setOpen(true)}>
					<Icon of={Menu} />
					{t('menu')}
				</button>
			</header>
			<div class="shell">
				<Rail open={open} onClose={close} />
				{open ? <button type="button" class="veil" tabIndex={-1} aria-hidden="true" onClick={close} /> : null}
				<View />
			</div>
		</>
	);
}

export function App(): JSX.Element {
	if (unknown.value) {
		return (
			<main class="login">
				<Failed failure={unknown.value} retry={() => location.reload()} />
			</main>
		);
	}
	return (
		<>
			{session.value ? <Shell /> : <Login />}
			<Toasts />
		</>
	);
}

// "/" is the page too: its first view has an address of its own.
effect(() => {
	if (path.value === '/' || path.value === '/app' || path.value === '/app/') {
		navigate('/app/leads', { replace: true });
	}
});
