// The try-out box: a pasted message, and what leadmilter would make of it.  Nothing is stored.

import type { JSX } from 'preact';
import { useRef, useState } from 'preact/hooks';
import { FlaskConical } from 'lucide-preact';

import { Failure, post, type Schemas } from '../api.ts';
import { useChoices } from '../choices.ts';
import { country, number, percent } from '../format.ts';
import { t, word } from '../i18n.ts';
import { query } from '../router.ts';
import { said } from '../said.ts';
import { Badge, Card, Empty, Facts, Failed, Field, Foreign, Grade, Head, Loading, Select, Temperature } from '../ui/basic.tsx';
import { announcement } from '../ui/toasts.tsx';
import { Points } from './leadtimeline.tsx';

/** What the interface leaves open: see inspect.schema.json. */
interface TriedPerson {
	address: string | null;
	name: string | null;
	title: string | null;
	company: string | null;
	country: string | null;
	role: string | null;
	phones: { raw: string | null; e164: string | null }[];
	urls: string[];
}
interface TriedScore {
	scorecard: string | null;
	total: number;
	fit: number;
	engagement: number;
	quality: number;
	completeness: number;
	grade: Schemas['Grade'];
	temperature: 'hot' | 'warm' | 'cold';
	qualified: boolean;
	contributions: { rule: string; dimension: string; points: number; reason: string | null; evidence: string | null }[];
}
type Tried = Omit<Schemas['TryResult'], 'person' | 'score' | 'scores'> & { person: TriedPerson | null; score: TriedScore | null; scores: TriedScore[] };

const example = `From: Ana Popescu <ana.popescu@northwind.example>
To: sales@example.com
Subject: Quote for 40 licences
Date: Mon, 23 Nov 2026 09:12:00 +0200
Message-ID: <try-1@northwind.example>
MIME-Version: 1.0
Content-Type: text/plain; charset=utf-8

Hello,

we have a budget of 12,000 EUR and want to decide by the end of December.
Could you send me a quote for 40 licences?

Ana Popescu
Head of Procurement, Northwind
+40 21 312 45 67
`;

function Verdict({ of }: { of: Tried }): JSX.Element {
	const { person, score } = of;
	const signals = Object.entries(of.signals)
		.filter(([, value]) => value === true)
		.map(([name]) => word('signal', name));
	return (
		<Card title={t('try.verdict')} action={<Badge tone={/^human|^forward/.test(of.kind) ? 'good' : 'plain'}>{word('kind', of.kind)}</Badge>}>
			<Facts
				rows={[
					[t('try.evidence'), of.evidence ? <Foreign>{said(of.evidence)}</Foreign> : null],
					[t('direction'), word('direction', of.direction)],
					[t('lead.person'), person?.name ? <Foreign>{person.name}</Foreign> : null],
					[t('person.address'), person?.address ? <Foreign>{person.address}</Foreign> : null],
					[t('person.title'), person?.title ? <Foreign>{person.title}</Foreign> : null],
					[t('person.rank'), person?.role ? word('rank', person.role) : null],
					[t('person.company'), person?.company ? <Foreign>{person.company}</Foreign> : null],
					[t('person.phone'), person && person.phones.length > 0 ? <Foreign>{person.phones.map((phone) => phone.e164 ?? phone.raw).join(', ')}</Foreign> : null],
					[t('person.country'), person?.country ? country(person.country) : null],
					[t('try.signals'), signals.length > 0 ? signals.join(', ') : null],
					[
						t('lead.score'),
						score ? (
							<span class="row">
								<strong class="number">{number(score.total, 1)}</strong>
								<Temperature of={score.temperature} />
								<Grade of={score.grade} />
								<Badge tone={score.qualified ? 'good' : 'plain'}>{t(score.qualified ? 'score.qualified' : 'score.unqualified')}</Badge>
							</span>
						) : (
							t('try.noscore')
						),
					],
					[t('score.completeness'), score ? percent(score.completeness / 100) : null],
				]}
			/>
		</Card>
	);
}

function Reasons({ of }: { of: TriedScore }): JSX.Element {
	return (
		<Card flush title={t('scorecard.of', { name: of.scorecard ?? '' })} action={<strong class="number">{number(of.total, 1)}</strong>}>
			{of.contributions.length === 0 ? (
				<Empty level={3} title={t('score.none')} />
			) : (
				<table class="table">
					<caption class="hidden-text">{t('score.contributions')}</caption>
					<thead>
						<tr>
							<th scope="col">{t('score.reason')}</th>
							<th scope="col" class="right">
								{t('score.points')}
							</th>
						</tr>
					</thead>
					<tbody>
						{of.contributions.map((one, index) => (
							<tr key={index}>
								<th scope="row">
									<Foreign>{one.reason ?? one.rule}</Foreign>
									{one.evidence ? (
										<div class="evidence small">
											<q>
												<Foreign>{one.evidence}</Foreign>
											</q>
										</div>
									) : null}
								</th>
								<td class="right">
									<Points of={one.points} />
								</td>
							</tr>
						))}
					</tbody>
				</table>
			)}
		</Card>
	);
}

function Result({ of }: { of: Tried | Failure | 'busy' | null }): JSX.Element {
	if (of === 'busy') {
		return (
			<div class="card">
				<Loading />
			</div>
		);
	}
	if (of === null || of instanceof Failure) {
		return (
			<div class="card">
				{of ? (
					<Failed failure={of} />
				) : (
					<Empty icon={FlaskConical} title={t('try.empty')}>
						{t('try.empty.why')}
					</Empty>
				)}
			</div>
		);
	}
	const scores = of.scores.length > 0 ? of.scores : of.score ? [of.score] : [];
	return (
		<div class="stack">
			<Verdict of={of} />
			{scores.map((score) => (
				<Reasons key={score.scorecard ?? ''} of={score} />
			))}
		</div>
	);
}

export function Try(): JSX.Element {
	const known = useChoices();
	const [card, setCard] = useState(query.peek().get('card') ?? '');
	const [result, setResult] = useState<Tried | Failure | 'busy' | null>(null);
	const message = useRef<HTMLTextAreaElement>(null);
	const rcpt = useRef<HTMLInputElement>(null);
	const run = async (): Promise<void> => {
		setResult('busy');
		const to = rcpt.current?.value.trim();
		try {
			const got = await post<Tried>('/v1/try', {
				message: message.current?.value ?? '',
				...(card ? { scorecard: card } : {}),
				...(to ? { rcpt: [to] } : {}),
			});
			setResult(got);
			announcement.value = `${word('kind', got.kind)}. ${got.score ? t('try.said', { points: number(got.score.total, 1) }) : t('try.noscore')}`;
		} catch (error) {
			setResult(error instanceof Failure ? error : new Failure('server', 0, String(error)));
		}
	};
	return (
		<>
			<Head title={t('nav.try')} lead={t('try.lead')} />
			<div class="try">
				<form
					class="card"
					onSubmit={(event) => {
						event.preventDefault();
						void run();
					}}
				>
					<div class="body stack">
						<Field label={t('try.message')} hint={t('try.hint')}>
							{(id, described) => (
								<textarea ref={message} id={id} required rows={16} spellcheck={false} {...(described ? { 'aria-describedby': described } : {})} />
							)}
						</Field>
						<div class="filters">
							<Field label={t('try.rcpt')}>{(id) => <input ref={rcpt} id={id} type="email" list="mailboxes" autocomplete="off" />}</Field>
							<datalist id="mailboxes">
								{known.mailboxes.map((mailbox) => (
									<option key={mailbox} value={mailbox} />
								))}
							</datalist>
							<Select label={t('filter.scorecard')} value={card} any={t('try.allcards')} options={known.scorecards.map((name) => ({ value: name, label: name }))} onChange={setCard} />
						</div>
						<div class="actions">
							<button type="submit" class="button primary" disabled={result === 'busy'}>
								{result === 'busy' ? t('working') : t('try.run')}
							</button>
							<button
								type="button"
								class="button quiet"
								onClick={() => {
									if (message.current) {
										message.current.value = example;
										message.current.focus();
									}
								}}
							>
								{t('try.example')}
							</button>
						</div>
					</div>
				</form>
				<Result of={result} />
			</div>
		</>
	);
}
