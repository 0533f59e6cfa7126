// Leads that may be one person, side by side.

import type { ComponentChildren, JSX } from 'preact';
import { useRef, useState } from 'preact/hooks';
import { Merge, UserSearch, UsersRound } from 'lucide-preact';

import { address, useResource, type Schemas } from '../api.ts';
import { nameOf } from '../choices.ts';
import { country, number } from '../format.ts';
import { t, word, type Key } from '../i18n.ts';
import { useLive } from '../live.ts';
import { query } from '../router.ts';
import { said } from '../said.ts';
import { mayAct } from '../session.ts';
import { ActButton } from '../ui/act.tsx';
import { keepApart, MergeDialog } from '../ui/actions.tsx';
import { Empty, Foreign, Head, Icon, Moment, Score, Shown, Temperature, When } from '../ui/basic.tsx';
import { Changed, useCalm, useFocusKept } from '../ui/calm.tsx';
import { leadAddress, personName, type Snapshot } from '../ui/leadtable.tsx';
import { Paging } from '../ui/list.tsx';

type Pair = Schemas['Pair'];

interface Row {
	label: Key;
	/** What is compared; equal and not empty on both sides is marked. */
	key: (lead: Snapshot) => string | null;
	show?: (lead: Snapshot) => ComponentChildren;
	/** Of several values, each that the other side has too is marked. */
	all?: (lead: Snapshot) => string[];
}

const phones = (lead: Snapshot): string[] => [...new Set([lead.person.phone, ...lead.person.phones])].filter((phone) => phone !== null);

const rows: Row[] = [
	{ label: 'person.address', key: (lead) => lead.person.address },
	{ label: 'person.addresses', key: (lead) => lead.person.addresses.join(', ') },
	{ label: 'person.phone', key: (lead) => phones(lead).join(', '), all: phones },
	{ label: 'person.company', key: (lead) => lead.person.company },
	{ label: 'person.title', key: (lead) => lead.person.title },
	{ label: 'person.country', key: (lead) => lead.person.country, show: (lead) => (lead.person.country ? country(lead.person.country) : null) },
	{ label: 'lead.account', key: (lead) => lead.account?.domain ?? null },
	{ label: 'lead.stage', key: (lead) => lead.lead.stage, show: (lead) => word('stage', lead.lead.stage) },
	{ label: 'lead.owner', key: (lead) => lead.owner?.address ?? null, show: (lead) => (lead.owner ? nameOf(lead.owner.address) : null) },
];

function Several({ of, other }: { of: string[]; other: string[] }): JSX.Element {
	return (
		<td>
			{of.length === 0 ? <span class="muted">—</span> : null}
			{of.map((value) => (
				<div key={value} class={other.includes(value) ? 'same' : ''}>
					<Foreign>{value}</Foreign>
					{other.includes(value) ? <span class="hidden-text"> ({t('duplicates.same')})</span> : null}
				</div>
			))}
		</td>
	);
}

function Cell({ row, lead, other }: { row: Row; lead: Snapshot; other: Snapshot }): JSX.Element {
	if (row.all) {
		return <Several of={row.all(lead)} other={row.all(other)} />;
	}
	const same = Boolean(row.key(lead)) && row.key(lead) === row.key(other);
	const shown = row.show ? row.show(lead) : row.key(lead);
	return (
		<td class={same ? 'same' : ''}>
			{shown ? <Foreign>{shown}</Foreign> : <span class="muted">—</span>}
			{same ? <span class="hidden-text"> ({t('duplicates.same')})</span> : null}
		</td>
	);
}

function PairCard({ pair, onDone }: { pair: Pair; onDone: () => void }): JSX.Element {
	// The older card stays unless the user turns them round.
	const [turned, setTurned] = useState(false);
	const [asking, setAsking] = useState(false);
	const sides: [Snapshot, Snapshot] = [pair.lead, pair.other];
	const [kept, gone] = turned ? [pair.other, pair.lead] : sides;
	const label = t('duplicates.pair', { name: personName(pair.lead), other: personName(pair.other) });
	return (
		<section class="card pair" aria-label={label}>
			<div class="scroll">
				<table class="table">
					<caption class="hidden-text">{label}</caption>
					<thead>
						<tr>
							<td />
							{sides.map((lead) => (
								<th key={lead.lead.id} scope="col">
									<a href={leadAddress(lead.lead.id)}>
										<Foreign>{personName(lead)}</Foreign>
									</a>
									<div class="row">
										<Temperature of={lead.score.temperature} />
										<Score of={lead.score.total} />
									</div>
								</th>
							))}
						</tr>
					</thead>
					<tbody>
						{rows
							.filter((row) => sides.some((lead) => row.key(lead)))
							.map((row) => (
								<tr key={row.label}>
									<th scope="row">{t(row.label)}</th>
									<Cell row={row} lead={pair.lead} other={pair.other} />
									<Cell row={row} lead={pair.other} other={pair.lead} />
								</tr>
							))}
						<tr>
							<th scope="row">{t('lead.created')}</th>
							{sides.map((lead) => (
								<td key={lead.lead.id}>
									<Moment at={lead.lead.created} />
								</td>
							))}
						</tr>
						<tr>
							<th scope="row">{t('activity.last_inbound')}</th>
							{sides.map((lead) => (
								<td key={lead.lead.id}>{lead.activity.last_inbound ? <When at={lead.activity.last_inbound} /> : <span class="muted">—</span>}</td>
							))}
						</tr>
						<tr>
							<th scope="row">{t('activity.touches')}</th>
							{sides.map((lead) => (
								<td key={lead.lead.id}>{number(lead.activity.touches)}</td>
							))}
						</tr>
					</tbody>
				</table>
			</div>
			<div class="paging">
				<span>
					{t('duplicates.why')}{' '}
					{pair.reasons.map((reason, index) => (
						<span key={index}>
							{index > 0 ? ', ' : ''}
							<Foreign>{said(reason)}</Foreign>
						</span>
					))}
				</span>
				{mayAct.value ? (
					<span class="actions">
						<ActButton look="small" onAct={() => keepApart(pair.lead, pair.other, onDone)}>
							<Icon of={UsersRound} />
							{t('apart')}
						</ActButton>
						<button type="button" class="button small primary" onClick={() => setAsking(true)}>
							<Icon of={Merge} />
							{t('merge')}
						</button>
					</span>
				) : null}
			</div>
			{asking ? (
				<MergeDialog lead={kept} other={gone} onClose={() => setAsking(false)} onDone={onDone}>
					<button type="button" class="button small" onClick={() => setTurned(!turned)}>
						{t('merge.turn')}
					</button>
				</MergeDialog>
			) : null}
		</section>
	);
}

export function Duplicates(): JSX.Element {
	const pairs = useResource<Schemas['Duplicates']>(address('/v1/duplicates', { cursor: query.value.get('cursor'), limit: 20 }));
	const list = useRef<HTMLDivElement>(null);
	useFocusKept(list);
	const calm = useCalm(list, pairs.reload);
	useLive((event) => event.name === 'lead', calm.changed);
	return (
		<>
			<Head title={t('nav.duplicates')} lead={t('duplicates.lead')} />
			<div ref={list}>
			<Changed of={calm} />
			<Shown of={pairs}>
				{(data) => (
					<div class="stack">
						{data.pairs.length === 0 ? (
							<div class="card">
								<Empty icon={UserSearch} title={t('duplicates.none')}>
									{t('duplicates.none.why')}
								</Empty>
							</div>
						) : (
							data.pairs.map((pair) => <PairCard key={`${pair.lead.lead.id} ${pair.other.lead.id}`} pair={pair} onDone={pairs.reload} />)
						)}
						{data.next || query.value.get('cursor') ? (
							<div class="card">
								<Paging count={t('duplicates.shown', { n: data.pairs.length })} next={data.next} />
							</div>
						) : null}
					</div>
				)}
			</Shown>
			</div>
		</>
	);
}
