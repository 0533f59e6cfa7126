import type { JSX } from 'preact';

import type { Schemas } from '../api.ts';
import { t, word } from '../i18n.ts';
import { Bars, Columns, Figure, Legend } from '../ui/chart.tsx';
import { count, periodName, ReportTable, stacked } from '../ui/reporttable.tsx';

type Kind = Schemas['ReportKindsKind'];

const sum = (kind: Kind): number => kind.inbound + kind.outbound + kind.internal;

function flat(of: Schemas['ReportKinds']): (Kind & { period: string })[] {
	return of.rows.flatMap((row) => row.kinds.map((kind) => ({ period: row.period, ...kind })));
}

function Table({ of }: { of: Schemas['ReportKinds'] }): JSX.Element {
	return (
		<ReportTable
			caption={t('report.kinds')}
			rows={flat(of).filter((kind) => of.period === 'all' || sum(kind) > 0)}
			columns={[
				{ name: t('report.kind'), value: (row) => word('kind', row.kind) },
				...(of.period === 'all' ? [] : [{ name: t('report.span'), text: true, value: (row: { period: string }) => periodName(row.period) }]),
				{ name: t('direction.inbound'), value: (row) => count(row.inbound) },
				{ name: t('direction.outbound'), value: (row) => count(row.outbound) },
				{ name: t('direction.internal'), value: (row) => count(row.internal) },
			]}
		/>
	);
}

export function Kinds({ of }: { of: Schemas['ReportKinds'] }): JSX.Element {
	if (of.period === 'all') {
		return (
			<Figure title={t('report.kinds')} table={<Table of={of} />}>
				<Bars
					format={count}
					bars={[...of.total.kinds]
						.sort((a, b) => sum(b) - sum(a))
						.map((kind) => ({
							label: word('kind', kind.kind),
							value: sum(kind),
							...(kind.outbound > 0 ? { note: t('report.outboundnote', { n: kind.outbound }) } : {}),
						}))}
				/>
			</Figure>
		);
	}
	const { names, stacks } = stacked(flat(of), (row) => word('kind', row.kind), sum, 6, t('report.rest'));
	return (
		<Figure title={t('report.kinds')} table={<Table of={of} />} legend={<Legend names={names} filled />}>
			<Columns names={names} stacks={stacks} format={count} />
		</Figure>
	);
}
