// The scorecards as they are configured: what counts, how much, for how long.

import type { JSX } from 'preact';
import { FlaskConical, Gauge } from 'lucide-preact';

import { useResource, type Schemas } from '../api.ts';
import { number, signed } from '../format.ts';
import { t, word } from '../i18n.ts';
import { part, query, withQuery } from '../router.ts';
import { Badge, Card, Empty, Facts, Foreign, Head, Icon, Shown, Tabs } from '../ui/basic.tsx';
import { halfLife } from './leadscore.tsx';

type Row = Schemas['ScorecardRow'];

function About({ of }: { of: Row }): JSX.Element {
	const { thresholds } = of;
	return (
		<Card title={t('scorecard.about')} action={of.is_default ? <Badge tone="info">{t('scorecard.default')}</Badge> : null}>
			<Facts
				wide
				rows={[
					[t('scorecard.applies'), of.applies ? <code>{of.applies}</code> : t('scorecard.always')],
					[t('scorecard.halflife'), halfLife(of.half_life_days)],
					[t('scorecard.mql'), number(thresholds.mql, 1)],
					[t('scorecard.grades'), `A ≥ ${number(thresholds.grade_a, 1)}, B ≥ ${number(thresholds.grade_b, 1)}, C ≥ ${number(thresholds.grade_c, 1)}`],
					[t('scorecard.warm'), number(thresholds.warm, 1)],
					[t('scorecard.hot'), number(thresholds.hot, 1)],
				]}
			/>
		</Card>
	);
}

function Rules({ of }: { of: Row }): JSX.Element {
	return (
		<table class="table cards">
			<caption class="hidden-text">{t('scorecard.rules')}</caption>
			<thead>
				<tr>
					<th scope="col">{t('scorecard.rule')}</th>
					<th scope="col">{t('scorecard.when')}</th>
					<th scope="col">{t('score.dimension')}</th>
					<th scope="col">{t('scorecard.group')}</th>
					<th scope="col" class="right">
						{t('score.points')}
					</th>
				</tr>
			</thead>
			<tbody>
				{of.rules.map((rule) => (
					<tr key={rule.name}>
						<th scope="row">
							<div>
								<Foreign>{rule.reason ?? rule.name}</Foreign>
								<div class="muted small">
									<code>{rule.name}</code> · {word('count', rule.count)} {halfLife(rule.half_life_days)}
								</div>
							</div>
						</th>
						<td data-label={t('scorecard.when')} class={rule.when ? 'whole' : 'none'}>
							<code>{rule.when}</code>
						</td>
						<td class="nowrap" data-label={t('score.dimension')}>{word('dimension', rule.dimension)}</td>
						<td data-label={t('scorecard.group')} class={rule.group ? '' : 'none'}>
							{rule.group}
						</td>
						<td class="right" data-label={t('score.points')}>
							<span class={rule.points < 0 ? 'minus' : 'plus'}>{signed(rule.points + rule.importance)}</span>
							{rule.value ? <span class="muted"> × {rule.value}</span> : null}
						</td>
					</tr>
				))}
			</tbody>
		</table>
	);
}

function Touches({ of }: { of: Row }): JSX.Element {
	return (
		<table class="table cards">
			<caption class="hidden-text">{t('scorecard.touches')}</caption>
			<thead>
				<tr>
					<th scope="col">{t('scorecard.touch')}</th>
					<th scope="col">{t('score.dimension')}</th>
					<th scope="col" class="right">
						{t('score.points')}
					</th>
				</tr>
			</thead>
			<tbody>
				{of.touches.map((touch) => (
					<tr key={touch.name}>
						<th scope="row">
							<div>
								<Foreign>{touch.reason ?? touch.name}</Foreign>
								<div class="muted small">
									<code>{touch.name}</code> {halfLife(touch.half_life_days)}
								</div>
							</div>
						</th>
						<td class="nowrap" data-label={t('score.dimension')}>{word('dimension', touch.dimension)}</td>
						<td class="right" data-label={t('score.points')}>
							<span class={touch.points < 0 ? 'minus' : 'plus'}>{signed(touch.points + touch.importance)}</span>
						</td>
					</tr>
				))}
			</tbody>
		</table>
	);
}

function Groups({ of }: { of: Row }): JSX.Element {
	return (
		<table class="table tight">
			<caption class="hidden-text">{t('scorecard.groups')}</caption>
			<thead>
				<tr>
					<th scope="col">{t('scorecard.group')}</th>
					<th scope="col" class="right">
						{t('scorecard.floor')}
					</th>
					<th scope="col" class="right">
						{t('scorecard.cap')}
					</th>
				</tr>
			</thead>
			<tbody>
				{of.groups.map((group) => (
					<tr key={group.name}>
						<th scope="row">{group.name}</th>
						<td class="right">{group.floor === null ? '—' : number(group.floor, 1)}</td>
						<td class="right">{group.cap === null ? '—' : number(group.cap, 1)}</td>
					</tr>
				))}
			</tbody>
		</table>
	);
}

export function Scorecards(): JSX.Element {
	const cards = useResource<Schemas['Scorecards']>('/v1/scorecards');
	const wanted = query.value.get('card');
	return (
		<>
			<Head title={t('nav.scorecards')} lead={t('scorecards.lead')}>
				<a class="button" href={wanted ? `/app/try?card=${part(wanted)}` : '/app/try'}>
					<Icon of={FlaskConical} />
					{t('nav.try')}
				</a>
			</Head>
			<Shown of={cards}>
				{(data) => {
					const chosen = data.scorecards.find((card) => card.name === wanted) ?? data.scorecards[0];
					if (!chosen) {
						return <Empty icon={Gauge} title={t('scorecards.none')} />;
					}
					return (
						<>
							{data.scorecards.length > 1 ? (
								<Tabs label={t('nav.scorecards')} tabs={data.scorecards.map((card) => ({ name: card.name, to: withQuery({ card: card.name }), current: card === chosen }))} />
							) : null}
							<div class="stack">
								<About of={chosen} />
								<Card flush title={t('scorecard.rules')}>
									<Rules of={chosen} />
								</Card>
								{chosen.touches.length > 0 ? (
									<Card flush title={t('scorecard.touches')} note={t('scorecard.touches.note')}>
										<Touches of={chosen} />
									</Card>
								) : null}
								{chosen.groups.length > 0 ? (
									<Card flush title={t('scorecard.groups')}>
										<Groups of={chosen} />
									</Card>
								) : null}
							</div>
						</>
					);
				}}
			</Shown>
		</>
	);
}
