import type { JSX } from 'preact';

import type { Schemas } from '../api.ts';
import { t } from '../i18n.ts';
import { Foreign } from '../ui/basic.tsx';
import { Bars, Columns, Figure, Legend } from '../ui/chart.tsx';
import { count, lasting, median, ninth, periodName, ReportTable, share, stacked } from '../ui/reporttable.tsx';

type Row = Schemas['ReportOwnersRow'];

function name(row: Row): string {
	return row.name ?? row.owner ?? t('owner.none');
}

function Table({ of }: { of: Schemas['ReportOwners'] }): JSX.Element {
	return (
		<ReportTable
			caption={t('report.owners')}
			rows={of.rows}
			columns={[
				{ name: t('lead.owner'), value: (row) => <Foreign>{name(row)}</Foreign> },
				...(of.period === 'all' ? [] : [{ name: t('report.span'), text: true, value: (row: Row) => periodName(row.period) }]),
				{ name: t('report.taken'), value: (row) => count(row.taken) },
				{ name: t('report.open'), value: (row) => count(row.open) },
				{ name: t('report.answered'), value: (row) => count(row.answered) },
				{ name: t('report.waiting'), value: (row) => count(row.waiting) },
				{ name: t('report.breached'), value: (row) => count(row.breached) },
				{ name: t('report.median'), value: (row) => median(row.first_response) },
				{ name: t('report.p90'), value: (row) => ninth(row.first_response) },
				{ name: t('report.medianworking'), value: (row) => median(row.first_response_working) },
				{ name: t('report.won'), value: (row) => `${count(row.won)} (${share(row.win_rate)})` },
				{ name: t('report.lost'), value: (row) => count(row.lost) },
			]}
		/>
	);
}

export function Owners({ of }: { of: Schemas['ReportOwners'] }): JSX.Element {
	if (of.period !== 'all') {
		const { names, stacks } = stacked(of.rows, name, (row) => row.taken, 6, t('report.rest'));
		return (
			<Figure title={t('report.owners')} table={<Table of={of} />} legend={<Legend names={names} filled />}>
				<Columns names={names} stacks={stacks} format={count} />
			</Figure>
		);
	}
	const timed = of.rows.filter((row) => row.first_response.median_seconds !== null);
	return (
		<Figure title={t('report.owners')} table={<Table of={of} />}>
			<h3>{t('report.taken')}</h3>
			<Bars
				format={count}
				bars={of.rows.slice(0, 15).map((row) => ({
					label: name(row),
					value: row.taken,
					...(row.breached > 0 ? { note: t('report.breachednote', { n: row.breached }) } : {}),
				}))}
			/>
			{timed.length > 0 ? (
				<>
					<h3>{t('report.responsetimes')}</h3>
					<Bars
						format={lasting}
						bars={timed.slice(0, 15).map((row) => ({
							label: name(row),
							value: row.first_response.median_seconds ?? 0,
							tone: 3,
							note: t('report.p90note', { span: ninth(row.first_response) }),
						}))}
					/>
				</>
			) : null}
		</Figure>
	);
}
