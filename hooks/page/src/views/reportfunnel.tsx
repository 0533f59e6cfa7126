import type { JSX } from 'preact';

import type { Schemas } from '../api.ts';
import { t, word } from '../i18n.ts';
import { Bars, Columns, Figure, Legend } from '../ui/chart.tsx';
import { count, median, periodName, ReportTable, share } from '../ui/reporttable.tsx';

type Stage = Schemas['ReportFunnelStage'];

function Table({ of }: { of: Schemas['ReportFunnel'] }): JSX.Element {
	const rows = of.rows.flatMap((row) => row.stages.map((stage) => ({ period: row.period, ...stage })));
	return (
		<ReportTable
			caption={t('report.funnel')}
			rows={rows}
			columns={[
				{ name: t('lead.stage'), value: (row) => word('stage', row.stage) },
				...(of.period === 'all' ? [] : [{ name: t('report.span'), text: true, value: (row: { period: string }) => periodName(row.period) }]),
				{ name: t('report.reached'), value: (row) => count(row.reached) },
				{ name: t('report.step'), value: (row) => share(row.step_rate) },
				{ name: t('report.overall'), value: (row) => share(row.overall_rate) },
				{ name: t('report.entered'), value: (row) => count(row.entered) },
				{ name: t('report.fromprevious'), value: (row) => median(row.from_previous) },
				{ name: t('report.fromfirst'), value: (row) => median(row.from_first) },
			]}
		/>
	);
}

const shown: Stage['stage'][] = ['nql', 'mql', 'sal', 'sql', 'customer'];

export function Funnel({ of }: { of: Schemas['ReportFunnel'] }): JSX.Element {
	const names = shown.map((stage) => word('stage', stage));
	return (
		<Figure title={t('report.funnel')} table={<Table of={of} />}>
				<Bars
					format={count}
					bars={of.total.stages.map((stage) => ({
						label: word('stage', stage.stage),
						value: stage.reached,
						tone: stage.stage === 'customer' ? 4 : 1,
						...(stage.step_rate === null ? {} : { note: t('report.ofbefore', { share: share(stage.step_rate) }) }),
					}))}
				/>
			{of.period === 'all' ? null : (
				<>
					<h3>{t('report.overtime')}</h3>
					<Legend names={names} filled />
					<Columns
						names={names}
						format={count}
						stacks={of.rows.map((row) => ({
							label: periodName(row.period, true),
							// Each column is divided by how far its leads got: they are counted once.
							values: shown.map((stage, index) => {
								const reached = (name: string | undefined): number => row.stages.find((one) => one.stage === name)?.reached ?? 0;
								return Math.max(0, reached(stage) - reached(shown[index + 1]));
							}),
						}))}
					/>
				</>
			)}
		</Figure>
	);
}
