// What happened with a lead, in both directions, by day.

import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { ArrowDownLeft, ArrowUpRight, Globe, MessageSquare } from 'lucide-preact';

import { address, get, useResource, type Schemas } from '../api.ts';
import { longDate, signed, span, time } from '../format.ts';
import { t, word } from '../i18n.ts';
import { part } from '../router.ts';
import { said } from '../said.ts';
import { Card, Empty, Foreign, Icon, Select, Shown } from '../ui/basic.tsx';
import { sayFailure } from '../ui/toasts.tsx';

type Entry = Schemas['TimelineEntry'];

const marks = { inbound: ArrowDownLeft, outbound: ArrowUpRight, outside: Globe };

export function Points({ of }: { of: number }): JSX.Element {
	return <span class={of < 0 ? 'minus' : 'plus'}>{signed(of)}</span>;
}

function Contributions({ of }: { of: Schemas['PointsOfTouch'][] }): JSX.Element | null {
	if (of.length === 0) {
		return null;
	}
	return (
		<ul class="points">
			{of.map((one, index) => (
				<li key={index} class="point">
					<Points of={one.raw} /> <Foreign>{one.reason ?? one.rule}</Foreign>{' '}
					{one.evidence ? (
						<span class="evidence">
							<q>
								<Foreign>{one.evidence}</Foreign>
							</q>
						</span>
					) : null}
				</li>
			))}
		</ul>
	);
}

function Touch({ of }: { of: Entry }): JSX.Element {
	const direction = of.direction ?? 'outside';
	return (
		<li class={`touch ${direction}`}>
			<span class="mark">
				<Icon of={marks[direction]} />
				<span class="hidden-text">{word('direction', direction)}</span>
			</span>
			<div>
				<div class="title">
					<span class="subject">
						<Foreign>{of.subject ?? word('touch', of.touch)}</Foreign>
					</span>
					<time class="meta" dateTime={of.time}>
						{time(of.time)}
					</time>
				</div>
				<p class="meta">
					{word('touch', of.touch)}
					{of.author ? (
						<>
							{' · '}
							<Foreign>{of.author}</Foreign>
						</>
					) : null}
					{of.mailbox ? (
						<>
							{' → '}
							<Foreign>{of.mailbox}</Foreign>
						</>
					) : null}
					{of.latency_seconds === null ? null : ` · ${t('touch.after', { span: span(of.latency_seconds) })}`}
				</p>
				{of.note ? (
					<p>
						<Foreign>{said(of.note)}</Foreign>
					</p>
				) : null}
				{of.text ? (
					<blockquote class="excerpt" dir="auto">
						{of.text}
					</blockquote>
				) : null}
				<Contributions of={of.contributions} />
			</div>
		</li>
	);
}

/** Entries of one day together, in the order they came. */
export function byDay<T extends { time: string }>(entries: T[]): { day: string; entries: T[] }[] {
	const days: { day: string; entries: T[] }[] = [];
	for (const entry of entries) {
		const day = new Date(entry.time).toDateString();
		const last = days.at(-1);
		if (last?.day === day) {
			last.entries.push(entry);
		} else {
			days.push({ day, entries: [entry] });
		}
	}
	return days;
}

export function LeadTimeline({ lead, turn }: { lead: string; turn: number }): JSX.Element {
	const [direction, setDirection] = useState('');
	const where = `/v1/leads/${part(lead)}/timeline`;
	const first = useResource<Schemas['Timeline']>(address(where, { direction }));
	const [older, setOlder] = useState<Entry[]>([]);
	const [next, setNext] = useState<string | null>(null);
	useEffect(() => {
		if (turn > 0) {
			first.reload();
		}
	}, [turn]);
	useEffect(() => {
		setOlder([]);
		setNext(first.data?.next ?? null);
	}, [first.data]);
	const more = async (): Promise<void> => {
		const got = await get<Schemas['Timeline']>(where, { direction, cursor: next });
		setOlder([...older, ...got.touches]);
		setNext(got.next);
	};
	return (
		<Card
			title={t('lead.timeline')}
			action={
				<Select
					label={t('direction')}
					value={direction}
					any={t('direction.all')}
					options={(['inbound', 'outbound', 'outside'] as const).map((name) => ({ value: name, label: t(`direction.${name}`) }))}
					onChange={setDirection}
				/>
			}
		>
			<Shown of={first}>
				{(data) =>
					data.touches.length === 0 ? (
						<Empty icon={MessageSquare} level={3} title={t('timeline.none')} />
					) : (
						<>
							{byDay([...data.touches, ...older]).map(({ day, entries }) => (
								<section key={day} class="day">
									<h3>{longDate(entries[0]?.time ?? day)}</h3>
									<ol class="touches">
										{entries.map((entry) => (
											<Touch key={entry.sequence} of={entry} />
										))}
									</ol>
								</section>
							))}
							{next ? (
								<button type="button" class="button" onClick={() => void more().catch(sayFailure)}>
									{t('timeline.more')}
								</button>
							) : null}
						</>
					)
				}
			</Shown>
		</Card>
	);
}
