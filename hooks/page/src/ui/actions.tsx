// What an operator can do to a lead, each as a dialog that says what will happen.

import type { ComponentChildren, JSX } from 'preact';
import { useState } from 'preact/hooks';

import { Failure, get, post, useResource, type Schemas } from '../api.ts';
import { nameOf, ownerOptions, useChoices } from '../choices.ts';
import { t, word } from '../i18n.ts';
import { part } from '../router.ts';
import { session } from '../session.ts';
import { choices, Field, Select } from './basic.tsx';
import { Ask } from './dialog.tsx';
import { personName } from './leadtable.tsx';
import { say, sayFailure } from './toasts.tsx';

export type Lead = Schemas['Snapshot'] | Schemas['LeadDetail'];
type Changed = Schemas['Changed'];

const at = (id: string, what: string): string => `/v1/leads/${part(id)}/${what}`;

function undoing(act: () => Promise<unknown>, done: () => void): () => void {
	return () => {
		act().then(() => {
			say(t('undone'));
			done();
		}, sayFailure);
	};
}

/** Take a lead nobody owns; somebody else may have been faster. */
export async function claim(lead: Lead, done: () => void): Promise<void> {
	try {
		await post<Changed>(at(lead.lead.id, 'claim'), {});
	} catch (error) {
		if (!(error instanceof Failure) || error.kind !== 'conflict') {
			throw error;
		}
		say(t('claim.late', { name: personName(lead) }), { tone: 'bad' });
		done();
		return;
	}
	say(t('done.claimed', { name: personName(lead) }), {
		undo: undoing(() => post(at(lead.lead.id, 'assign'), { owner: null }), done),
	});
	done();
}

export async function keepApart(lead: Lead, other: Lead, done: () => void): Promise<void> {
	await post<Changed>(at(lead.lead.id, 'apart'), { other: other.lead.id });
	say(t('done.apart', { name: personName(lead), other: personName(other) }));
	done();
}

interface Props {
	lead: Lead;
	onClose: () => void;
	onDone: () => void;
}

export function AssignDialog({ lead, onClose, onDone }: Props): JSX.Element {
	const known = useChoices();
	const before = lead.owner?.address ?? null;
	const [owner, setOwner] = useState(before ?? session.value?.owner ?? '');
	const [reason, setReason] = useState('');
	return (
		<Ask
			title={t('assign.title', { name: personName(lead) })}
			action={t('assign')}
			ready={owner !== (before ?? '')}
			onClose={onClose}
			onAct={async () => {
				await post<Changed>(at(lead.lead.id, 'assign'), { owner: owner || null, ...(reason ? { reason } : {}) });
				say(owner ? t('done.assigned', { name: personName(lead), owner: nameOf(owner) }) : t('done.pooled', { name: personName(lead) }), {
					undo: undoing(() => post(at(lead.lead.id, 'assign'), { owner: before }), onDone),
				});
				onDone();
			}}
		>
			<Select label={t('lead.owner')} value={owner} any={t('assign.pool')} options={ownerOptions(known)} onChange={setOwner} />
			<Field label={t('reason.optional')}>
				{(id) => <input id={id} type="text" maxLength={200} value={reason} onInput={(event) => setReason(event.currentTarget.value)} />}
			</Field>
		</Ask>
	);
}

const stages = ['interest', 'nql', 'eql', 'mql', 'sal', 'sql', 'customer', 'disqualified', 'recycled'] as const;

export function StageDialog({ lead, onClose, onDone }: Props): JSX.Element {
	const before = lead.lead.stage;
	const [stage, setStage] = useState<string>(before);
	const [reason, setReason] = useState('');
	return (
		<Ask
			title={t('stage.title', { name: personName(lead) })}
			action={t('stage.move')}
			ready={stage !== before}
			onClose={onClose}
			onAct={async () => {
				await post<Changed>(at(lead.lead.id, 'stage'), { stage, ...(reason ? { reason } : {}) });
				say(t('done.moved', { name: personName(lead), stage: word('stage', stage) }), {
					undo: undoing(() => post(at(lead.lead.id, 'stage'), { stage: before }), onDone),
				});
				onDone();
			}}
		>
			<Select label={t('lead.stage')} value={stage} options={choices('stage', stages)} onChange={setStage} />
			<p class="muted small">{word('stage.means', stage)}</p>
			<Field label={t('reason.optional')}>
				{(id) => <input id={id} type="text" maxLength={200} value={reason} onInput={(event) => setReason(event.currentTarget.value)} />}
			</Field>
		</Ask>
	);
}

/** Make `other` part of `lead`: what was merged can be split off again. */
export async function merge(lead: Lead, other: { id: string; name: string }, done: () => void): Promise<void> {
	await post<Changed>(at(lead.lead.id, 'merge'), { other: other.id });
	say(t('done.merged', { name: personName(lead), other: other.name }), {
		undo: undoing(() => post(at(lead.lead.id, 'split'), { what: other.id }), done),
	});
	done();
}

export function MergeDialog({ lead, other, onClose, onDone, children }: Props & { other?: Lead; children?: ComponentChildren }): JSX.Element {
	const likely = other ? undefined : lead.lead.possible_duplicates[0];
	const [wanted, setWanted] = useState(other?.lead.id ?? likely ?? '');
	// Who that is, for nobody knows people by their ids.
	const guessed = useResource<Schemas['LeadDetail']>(likely ? `/v1/leads/${part(likely)}` : null);
	const gone = other ?? (wanted === likely ? guessed.data : null);
	return (
		<Ask
			title={t('merge.title')}
			action={t('merge')}
			danger
			ready={wanted.trim() !== ''}
			onClose={onClose}
			onAct={async () => {
				// An address will do too: the interface wants the id.
				const found = other ?? (await get<Schemas['LeadDetail']>(`/v1/leads/${part(wanted.trim())}`));
				await merge(lead, { id: found.lead.id, name: personName(found) }, onDone);
			}}
		>
			<p>
				{gone
					? t('merge.what', { name: personName(lead), other: personName(gone) })
					: t('merge.into', { name: personName(lead) })}
			</p>
			{children}
			{other ? null : (
				<Field label={t('merge.other')} hint={t('merge.other.hint')}>
					{(id, described) => (
						<input
							id={id}
							type="text"
							required
							value={wanted}
							onInput={(event) => setWanted(event.currentTarget.value)}
							{...(described ? { 'aria-describedby': described } : {})}
						/>
					)}
				</Field>
			)}
		</Ask>
	);
}

export function SplitDialog({ lead, onClose, onDone }: Props & { lead: Schemas['LeadDetail'] }): JSX.Element {
	const options = [
		...lead.merged.map((id) => ({ value: id, label: t('split.merged', { lead: id }) })),
		...lead.person.addresses.map((one) => ({ value: one, label: t('split.address', { address: one }) })),
	];
	const [what, setWhat] = useState(options[0]?.value ?? '');
	return (
		<Ask
			title={t('split.title', { name: personName(lead) })}
			action={t('split')}
			danger
			ready={what !== ''}
			onClose={onClose}
			onAct={async () => {
				await post<Changed>(at(lead.lead.id, 'split'), { what });
				say(t('done.split', { name: personName(lead) }));
				onDone();
			}}
		>
			<p>{t('split.what')}</p>
			<Select label={t('split.which')} value={what} options={options} onChange={setWhat} />
		</Ask>
	);
}
