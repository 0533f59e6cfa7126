import type { JSX } from 'preact';

import type { Schemas } from '../api.ts';
import { number } from '../format.ts';
import { t } from '../i18n.ts';
import { query } from '../router.ts';
import { Foreign } from '../ui/basic.tsx';
import { Bars, Columns, Figure, Legend } from '../ui/chart.tsx';
import { count, median, periodName, ReportTable, share, stacked } from '../ui/reporttable.tsx';

type Row = Schemas['ReportSourcesRow'];

function name(row: Row): string {
	return row.rest ? t('report.rest') : (row.source ?? t('report.unknown'));
}

function Table({ of }: { of: Schemas['ReportSources'] }): JSX.Element {
	const by = query.value.get('by') ?? 'source';
	return (
		<ReportTable
			caption={t('report.sources')}
			rows={of.rows}
			columns={[
				{ name: t(`report.by.${by}` as 'report.by.source'), value: (row) => <Foreign>{name(row)}</Foreign> },
				...(of.period === 'all' ? [] : [{ name: t('report.span'), text: true, value: (row: Row) => periodName(row.period) }]),
				{ name: t('nav.leads'), value: (row) => count(row.leads) },
				{ name: t('stage.interest'), value: (row) => count(row.interests) },
				{ name: t('report.qualified'), value: (row) => `${count(row.qualified)} (${share(row.qualified_rate)})` },
				{ name: t('report.customers'), value: (row) => `${count(row.customers)} (${share(row.customer_rate)})` },
				{ name: t('report.medianscore'), value: (row) => (row.median_score === null ? '—' : number(row.median_score, 1)) },
				{ name: t('report.leadtime'), value: (row) => median(row.lead_time) },
			]}
		/>
	);
}

const MOST = 6;

export function Sources({ of }: { of: Schemas['ReportSources'] }): JSX.Element {
	if (of.period === 'all') {
		return (
			<Figure title={t('report.sources')} table={<Table of={of} />}>
				<Bars
					format={count}
					bars={of.rows.slice(0, 15).map((row) => ({
						label: name(row),
						value: row.leads,
						note: t('report.qualifiedshare', { share: share(row.qualified_rate) }),
					}))}
				/>
			</Figure>
		);
	}
	const { names, stacks } = stacked(of.rows, name, (row) => row.leads, MOST, t('report.rest'));
	return (
		<Figure title={t('report.sources')} table={<Table of={of} />} legend={<Legend names={names} filled />}>
			<Columns names={names} stacks={stacks} format={count} />
		</Figure>
	);
}
