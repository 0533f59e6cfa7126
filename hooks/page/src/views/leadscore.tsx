// Why a lead has its score: over time, and every contribution with its evidence.

import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';

import { address, useResource, type Schemas } from '../api.ts';
import { dateTime, number } from '../format.ts';
import { t, word } from '../i18n.ts';
import { part } from '../router.ts';
import { Badge, Card, Empty, Foreign, Grade, Select, Shown, Temperature, When } from '../ui/basic.tsx';
import { Figure, Legend, Lines } from '../ui/chart.tsx';
import { Points } from './leadtimeline.tsx';

type Explained = Schemas['ExplainedScore'];

function History({ of }: { of: Schemas['ScoreHistory'] }): JSX.Element {
	const names = [t('lead.score'), t('score.fit'), t('score.engagement')];
	const series = (['total', 'fit', 'engagement'] as const).map((key, index) => ({
		name: names[index] ?? key,
		filled: index === 0,
		values: of.points.map((point) => ({ time: new Date(point.time), value: point[key] })),
	}));
	if (of.points.length < 2) {
		return <Empty level={3} title={t('score.short')} />;
	}
	const one = (value: number): string => number(value, 1);
	return (
		<Figure
			title={t('score.history')}
			legend={<Legend names={names} />}
			table={
				<table class="table">
					<caption>{t('score.history')}</caption>
					<thead>
						<tr>
							<th scope="col">{t('time')}</th>
							{names.map((name) => (
								<th key={name} scope="col" class="right">
									{name}
								</th>
							))}
							<th scope="col">{t('score.what')}</th>
						</tr>
					</thead>
					<tbody>
						{of.points
							.filter((point, index) => point.touch !== null || index === of.points.length - 1)
							.map((point, index) => (
								<tr key={index}>
									<th scope="row">{dateTime(point.time)}</th>
									<td class="right">{one(point.total)}</td>
									<td class="right">{one(point.fit)}</td>
									<td class="right">{one(point.engagement)}</td>
									<td>{point.touch ? <Foreign>{word('touch', point.touch)}</Foreign> : t('score.now')}</td>
								</tr>
							))}
					</tbody>
				</table>
			}
		>
			<Lines name={t('score.history')} series={series} threshold={{ value: of.thresholds.mql, label: t('score.threshold', { points: one(of.thresholds.mql) }) }} format={one} />
		</Figure>
	);
}

export function halfLife(days: number | null): string {
	return days === null || days <= 0 ? '' : t('score.halflife', { n: days });
}

function Contributions({ of }: { of: Explained }): JSX.Element {
	if (of.contributions.length === 0) {
		return <Empty level={3} title={t('score.none')} />;
	}
	return (
		<table class="table cards">
			<caption class="hidden-text">{t('score.contributions')}</caption>
			<thead>
				<tr>
					<th scope="col">{t('score.reason')}</th>
					<th scope="col">{t('score.dimension')}</th>
					<th scope="col" class="right">
						{t('score.raw')}
					</th>
					<th scope="col" class="right">
						{t('score.decayed')}
					</th>
					<th scope="col" class="right">
						{t('score.points')}
					</th>
					<th scope="col">{t('time')}</th>
				</tr>
			</thead>
			<tbody>
				{of.contributions.map((one, index) => (
					<tr key={index}>
						<th scope="row">
							<div>
								<Foreign>{one.reason ?? one.rule}</Foreign>
								{one.times > 1 ? <span class="muted"> × {number(one.times)}</span> : null}
								{one.evidence ? (
									<div class="evidence small">
										<q>
											<Foreign>{one.evidence}</Foreign>
										</q>
									</div>
								) : null}
								<div class="muted small">
									<code>{one.rule}</code> {halfLife(one.half_life_days)}
								</div>
							</div>
						</th>
						<td data-label={t('score.dimension')}>
							<span>
								<span class="nowrap">{word('dimension', one.dimension)}</span> <span class="muted small nowrap">{word('explicitness', one.kind)}</span>
							</span>
						</td>
						<td class="right" data-label={t('score.raw')}>
							{number(one.raw, 1)}
						</td>
						<td class="right" data-label={t('score.decayed')}>
							{number(one.decayed, 1)}
						</td>
						<td class="right" data-label={t('score.points')}>
							<Points of={one.points} />
						</td>
						<td data-label={t('time')}>
							<When at={one.time} />
						</td>
					</tr>
				))}
			</tbody>
			<tfoot>
				<tr>
					<th scope="row">{t('score.sum')}</th>
					<td />
					<td />
					<td />
					<td class="right" data-label={t('score.points')}>
						{number(of.total, 1)}
					</td>
					<td />
				</tr>
			</tfoot>
		</table>
	);
}

export function LeadScore({ lead, turn }: { lead: string; turn: number }): JSX.Element {
	const [card, setCard] = useState('');
	const history = useResource<Schemas['ScoreHistory']>(address(`/v1/leads/${part(lead)}/scores`, { scorecard: card }));
	const explained = useResource<Schemas['Explanation']>(`/v1/leads/${part(lead)}/explain`);
	useEffect(() => {
		if (turn > 0) {
			history.reload();
			explained.reload();
		}
	}, [turn]);
	const scores = explained.data?.scores ?? [];
	const chosen = scores.find((score) => score.scorecard === card) ?? scores[0];
	return (
		<div class="stack">
			<Card
				title={t('score.history')}
				action={
					scores.length > 1 ? (
						<Select
							label={t('filter.scorecard')}
							value={chosen?.scorecard ?? ''}
							options={scores.map((score) => ({ value: score.scorecard ?? '', label: score.leading ? t('scorecard.leading', { name: score.scorecard ?? '' }) : (score.scorecard ?? '') }))}
							onChange={setCard}
						/>
					) : null
				}
			>
				<Shown of={history}>{(data) => <History of={data} />}</Shown>
			</Card>
			<Card
				flush
				title={t('score.contributions')}
				note={t('score.contributions.note')}
				action={
					chosen ? (
						<span class="row">
							<Badge tone={chosen.qualified ? 'good' : 'plain'}>{t(chosen.qualified ? 'score.qualified' : 'score.unqualified')}</Badge>
							<Grade of={chosen.grade} />
							<Temperature of={chosen.temperature} />
						</span>
					) : null
				}
			>
				<Shown of={explained}>{() => (chosen ? <Contributions of={chosen} /> : <Empty level={3} title={t('score.none')} />)}</Shown>
			</Card>
		</div>
	);
}
