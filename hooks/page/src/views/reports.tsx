// Reports over any period: how far leads get, where they come from, how fast they are answered,
// what kinds of mail came.  The figures are those of `leadctl report`.

import type { JSX } from 'preact';
import { ChartColumn, Download } from 'lucide-preact';

import { address, useResource, type Schemas } from '../api.ts';
import { useChoices } from '../choices.ts';
import { longDate } from '../format.ts';
import { t } from '../i18n.ts';
import { navigate, query, useSubject, withQuery } from '../router.ts';
import { Card, Empty, Head, Icon, Select, Shown, Tabs } from '../ui/basic.tsx';
import { Funnel } from './reportfunnel.tsx';
import { Kinds } from './reportkinds.tsx';
import { Owners } from './reportowners.tsx';
import { Response } from './reportresponse.tsx';
import { Sources } from './reportsources.tsx';

const reports = ['funnel', 'sources', 'owners', 'response', 'kinds'] as const;
type Name = (typeof reports)[number];
type Report = Schemas['ReportFunnel'] | Schemas['ReportSources'] | Schemas['ReportOwners'] | Schemas['ReportResponse'] | Schemas['ReportKinds'];

const spans = ['30d', '12w', '6months', '1y', 'all', 'custom'] as const;
const periods = ['all', 'day', 'week', 'month'] as const;
const ways = ['source', 'mailbox', 'tag', 'form', 'campaign', 'referrer', 'forwarder'] as const;

function parameters(name: Name): Record<string, string | null> {
	const asked = query.value;
	const span = asked.get('span') ?? '12w';
	const custom = span === 'custom';
	return {
		since: custom ? asked.get('since') : span === 'all' ? null : span,
		until: custom ? asked.get('until') : null,
		period: asked.get('period'),
		mailbox: asked.get('mailbox'),
		scorecard: name === 'kinds' ? null : asked.get('scorecard'),
		by: name === 'sources' ? asked.get('by') : null,
	};
}

function set(changes: Record<string, string | null>): void {
	navigate(withQuery(changes), { replace: true });
}

function Day({ name }: { name: 'since' | 'until' }): JSX.Element {
	return (
		<div class="field">
			<label for={`report-${name}`}>{t(`report.${name}`)}</label>
			<input id={`report-${name}`} type="date" value={query.value.get(name) ?? ''} onChange={(event) => set({ [name]: event.currentTarget.value })} />
		</div>
	);
}

function Settings({ name }: { name: Name }): JSX.Element {
	const known = useChoices();
	const asked = query.value;
	const span = asked.get('span') ?? '12w';
	const plain = (values: readonly string[]): { value: string; label: string }[] => values.map((value) => ({ value, label: value }));
	return (
		<div class="filters">
			<Select
				label={t('report.span')}
				value={span}
				options={spans.map((one) => ({ value: one, label: t(`report.span.${one}`) }))}
				onChange={(value) => set({ span: value === '12w' ? null : value })}
			/>
			{span === 'custom' ? (
				<>
					<Day name="since" />
					<Day name="until" />
				</>
			) : null}
			<Select
				label={t('report.period')}
				value={asked.get('period') ?? 'all'}
				options={periods.map((one) => ({ value: one, label: t(`report.period.${one}`) }))}
				onChange={(value) => set({ period: value === 'all' ? null : value })}
			/>
			{name === 'sources' ? (
				<Select
					label={t('report.by')}
					value={asked.get('by') ?? 'source'}
					options={ways.map((one) => ({ value: one, label: t(`report.by.${one}`) }))}
					onChange={(value) => set({ by: value === 'source' ? null : value })}
				/>
			) : null}
			<Select label={t('source.mailbox')} value={asked.get('mailbox') ?? ''} any={t('filter.any')} options={plain(known.mailboxes)} onChange={(value) => set({ mailbox: value })} />
			{name === 'kinds' ? null : (
				<Select label={t('filter.scorecard')} value={asked.get('scorecard') ?? ''} any={t('filter.any')} options={plain(known.scorecards)} onChange={(value) => set({ scorecard: value })} />
			)}
		</div>
	);
}

function Drawn({ of }: { of: Report }): JSX.Element {
	switch (of.report) {
		case 'funnel':
			return <Funnel of={of} />;
		case 'sources':
			return <Sources of={of} />;
		case 'owners':
			return <Owners of={of} />;
		case 'response':
			return <Response of={of} />;
		case 'kinds':
			return <Kinds of={of} />;
	}
}

function empty(of: Report): boolean {
	switch (of.report) {
		case 'funnel':
			return of.total.captured === 0;
		case 'sources':
			return of.total.leads + of.total.interests === 0;
		case 'owners':
			return of.rows.length === 0;
		case 'response':
			return of.total.leads === 0;
		case 'kinds':
			return of.total.mails === 0;
	}
}

/** The days a report is about; it ends before `until`. */
function range(of: Report): string {
	const last = new Date(new Date(of.until).getTime() - 1);
	return of.since ? t('report.range', { from: longDate(of.since), to: longDate(last) }) : t('report.upto', { to: longDate(last) });
}

export function Reports({ report }: { report?: string }): JSX.Element {
	const name = reports.find((one) => one === report) ?? 'funnel';
	useSubject(t(`report.${name}`));
	const asked = parameters(name);
	const waiting = (query.value.get('span') ?? '') === 'custom' && !asked.since && !asked.until;
	const got = useResource<Report>(waiting ? null : address(`/v1/reports/${name}`, asked));
	const search = new URLSearchParams(query.value).toString();
	const keep = search ? `?${search}` : '';
	return (
		<>
			<Head title={t('nav.reports')} lead={t(`report.${name}.lead`)}>
				<a class="button" href={address(`/v1/reports/${name}`, { ...asked, format: 'csv' })} download={`${name}.csv`}>
					<Icon of={Download} />
					CSV
				</a>
				<a class="button" href={address(`/v1/reports/${name}`, { ...asked, format: 'svg' })} download={`${name}.svg`}>
					<Icon of={Download} />
					SVG
				</a>
			</Head>
			<Tabs label={t('nav.reports')} tabs={reports.map((one) => ({ name: t(`report.${one}`), to: `/app/reports/${one}${keep}`, current: one === name }))} />
			<div class="toolbar">
				<Settings name={name} />
			</div>
			{waiting ? (
				<div class="card">
					<Empty icon={ChartColumn} title={t('report.choose')} />
				</div>
			) : (
				<Shown of={got} rows={10}>
					{(data) =>
						empty(data) ? (
							<div class="card">
								<Empty icon={ChartColumn} title={t('report.none')}>
									{range(data)}
								</Empty>
							</div>
						) : (
							<div class={got.loading ? 'stack busy' : 'stack'}>
								<Card title={t(`report.${data.report}`)} note={range(data)}>
									<Drawn of={data} />
								</Card>
							</div>
						)
					}
				</Shown>
			)}
		</>
	);
}
