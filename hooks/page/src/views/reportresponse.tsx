import type { JSX } from 'preact';
import { max } from 'd3-array';

import type { Schemas } from '../api.ts';
import { locale, t } from '../i18n.ts';
import { Columns, Figure, Legend } from '../ui/chart.tsx';
import { count, median, ninth, periodName, ReportTable, share } from '../ui/reporttable.tsx';

type Row = Schemas['ReportResponseRow'];
type Hour = Schemas['ReportResponseHour'];

function Figures({ of }: { of: Row }): JSX.Element {
	const shown: [string, string, string][] = [
		[t('report.leads'), count(of.leads), t('report.answerednote', { n: of.answered })],
		[t('report.median'), median(of.first_response), t('report.workingnote', { span: median(of.first_response_working) })],
		[t('report.p90'), ninth(of.first_response), t('report.workingnote', { span: ninth(of.first_response_working) })],
		[t('report.intime'), share(of.within_rate), t('report.latenote', { n: of.late + of.overdue })],
		[t('report.waiting'), count(of.waiting), t('report.overduenote', { n: of.overdue })],
	];
	return (
		<dl class="figures">
			{shown.map(([name, value, note]) => (
				<div key={name}>
					<dt>{name}</dt>
					<dd>
						{value}
						<small>{note}</small>
					</dd>
				</div>
			))}
		</dl>
	);
}

function weekday(day: number): string {
	// 2024-01-01 was a Monday.
	return new Intl.DateTimeFormat(locale(), { weekday: 'short', timeZone: 'UTC' }).format(new Date(Date.UTC(2024, 0, day)));
}

const LEVELS = 4;

/** When people write: hours of the week, the busier the darker, with their numbers. */
function Week({ hours }: { hours: Hour[] }): JSX.Element {
	const top = max(hours, (hour) => hour.leads) ?? 0;
	const level = (leads: number): number => (leads === 0 ? 0 : Math.max(1, Math.ceil((leads / top) * LEVELS)));
	const days = [1, 2, 3, 4, 5, 6, 7];
	const at = (day: number, hour: number): Hour | undefined => hours.find((one) => one.weekday === day && one.hour === hour);
	return (
		<div class="scroll" role="region" tabIndex={0} aria-label={t('report.hours')}>
			<table class="hours">
				<caption class="hidden-text">{t('report.hours')}</caption>
				<thead>
					<tr>
						<td />
						{Array.from({ length: 24 }, (_, hour) => (
							<th key={hour} scope="col">
								{String(hour).padStart(2, '0')}
							</th>
						))}
					</tr>
				</thead>
				<tbody>
					{days.map((day) => (
						<tr key={day}>
							<th scope="row">{weekday(day)}</th>
							{Array.from({ length: 24 }, (_, hour) => {
								const leads = at(day, hour)?.leads ?? 0;
								return (
									<td key={hour} class={`h-${level(leads)}`}>
										{leads > 0 ? count(leads) : ''}
									</td>
								);
							})}
						</tr>
					))}
				</tbody>
			</table>
		</div>
	);
}

function Table({ of }: { of: Schemas['ReportResponse'] }): JSX.Element {
	return (
		<ReportTable
			caption={t('report.response')}
			rows={of.rows}
			columns={[
				{ name: t('report.span'), value: (row) => periodName(row.period) },
				{ name: t('report.leads'), value: (row) => count(row.leads) },
				{ name: t('report.answered'), value: (row) => count(row.answered) },
				{ name: t('report.waiting'), value: (row) => count(row.waiting) },
				{ name: t('report.intime'), value: (row) => `${count(row.within)} (${share(row.within_rate)})` },
				{ name: t('report.late'), value: (row) => count(row.late) },
				{ name: t('report.overdue'), value: (row) => count(row.overdue) },
				{ name: t('report.median'), value: (row) => median(row.first_response) },
				{ name: t('report.p90'), value: (row) => ninth(row.first_response) },
				{ name: t('report.medianworking'), value: (row) => median(row.first_response_working) },
			]}
		/>
	);
}

export function Response({ of }: { of: Schemas['ReportResponse'] }): JSX.Element {
	const names = [t('report.intime'), t('report.late'), t('report.waiting')];
	return (
		<div class="stack">
			<Figures of={of.total} />
			<Figure title={t('report.response')} table={<Table of={of} />} legend={of.period === 'all' ? null : <Legend names={names} filled />}>
				{of.period === 'all' ? null : (
					<Columns names={names} format={count} stacks={of.rows.map((row) => ({ label: periodName(row.period, true), values: [row.within, row.late, row.waiting] }))} />
				)}
			</Figure>
			<h3>{t('report.hours')}</h3>
			<Week hours={of.hours} />
		</div>
	);
}
