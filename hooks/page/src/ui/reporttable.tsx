// The figures of a report as a table, and how they are written.

import type { ComponentChildren, JSX } from 'preact';

import type { Schemas } from '../api.ts';
import { calendar, number, percent, span } from '../format.ts';
import { t } from '../i18n.ts';

export const share = (value: number | null): string => (value === null ? '—' : percent(value));
export const lasting = (seconds: number | null): string => (seconds === null ? '—' : span(seconds));
export const count = (value: number): string => number(value);

export function median(of: Schemas['ReportSpread']): string {
	return lasting(of.median_seconds);
}

export function ninth(of: Schemas['ReportSpread']): string {
	return lasting(of.p90_seconds);
}

/** "2026-W47", "2026-11", "2026-11-22" and "all" as people say them; short below a chart. */
export function periodName(of: string, short = false): string {
	const [, year, week] = /^(\d{4})-W(\d\d)$/.exec(of) ?? [];
	if (year && week) {
		return t(short ? 'report.week.short' : 'report.week', { year, week: String(Number(week)) });
	}
	return of === 'all' ? t('report.period.all') : calendar(of, short);
}

export interface Column<Row> {
	name: string;
	value: (row: Row) => ComponentChildren;
	/** A word, not a figure. */
	text?: boolean;
}

export function ReportTable<Row>({ caption, rows, columns, total }: { caption: string; rows: Row[]; columns: Column<Row>[]; total?: Row }): JSX.Element {
	const cells = (row: Row): ComponentChildren =>
		columns.map((column, index) =>
			index === 0 ? (
				<th key={column.name} scope="row">
					{column.value(row)}
				</th>
			) : (
				<td key={column.name} class={column.text ? '' : 'right'}>
					{column.value(row)}
				</td>
			),
		);
	return (
		<table class="table">
			<caption>{caption}</caption>
			<thead>
				<tr>
					{columns.map((column, index) => (
						<th key={column.name} scope="col" class={index === 0 || column.text ? '' : 'right'}>
							{column.name}
						</th>
					))}
				</tr>
			</thead>
			<tbody>
				{rows.map((row, index) => (
					<tr key={index}>{cells(row)}</tr>
				))}
			</tbody>
			{total ? (
				<tfoot>
					<tr>{cells(total)}</tr>
				</tfoot>
			) : null}
		</table>
	);
}

export interface Stacked {
	names: string[];
	stacks: { label: string; values: number[] }[];
}

/** Rows of periods told apart by a name become columns: the biggest names singly, the rest as one. */
export function stacked<Row extends { period: string }>(rows: Row[], name: (row: Row) => string, value: (row: Row) => number, most: number, rest: string): Stacked {
	const sums = new Map<string, number>();
	for (const row of rows) {
		sums.set(name(row), (sums.get(name(row)) ?? 0) + value(row));
	}
	const order = [...sums.entries()].sort((a, b) => b[1] - a[1]).map(([key]) => key);
	const names = order.length > most ? [...order.slice(0, most - 1), rest] : order;
	const stacks: Stacked['stacks'] = [];
	const found = new Map<string, Stacked['stacks'][number]>();
	for (const row of rows) {
		let stack = found.get(row.period);
		if (!stack) {
			stack = { label: periodName(row.period, true), values: names.map(() => 0) };
			stacks.push(stack);
			found.set(row.period, stack);
		}
		const known = names.indexOf(name(row));
		const place = known < 0 ? names.length - 1 : known;
		stack.values[place] = (stack.values[place] ?? 0) + value(row);
	}
	return { names, stacks };
}
