// Leads as rows: in the list, in the pool, at an account.

import type { ComponentChildren, JSX } from 'preact';
import { Ban, MailX, ShieldQuestion } from 'lucide-preact';

import type { Schemas } from '../api.ts';
import { nameOf } from '../choices.ts';
import { t } from '../i18n.ts';
import { part } from '../router.ts';
import { Avatar, Badge, Foreign, Grade, Score, Stage, Temperature, When } from './basic.tsx';
import { openRow } from './list.tsx';

export type Snapshot = Schemas['Snapshot'];

export function personName(of: { person: Schemas['Person'] }): string {
	return of.person.name ?? of.person.address ?? of.person.phone ?? t('lead.nameless');
}

export const leadAddress = (id: string): string => `/app/leads/${part(id)}`;

export function Flags({ of: lead }: { of: Schemas['LeadCard'] }): JSX.Element | null {
	if (!lead.unverified && !lead.unreachable && !lead.opted_out) {
		return null;
	}
	return (
		<>
			{lead.unverified ? (
				<Badge tone="warn" icon={ShieldQuestion}>
					{t('flag.unverified')}
				</Badge>
			) : null}
			{lead.unreachable ? (
				<Badge tone="bad" icon={MailX}>
					{t('flag.unreachable')}
				</Badge>
			) : null}
			{lead.opted_out ? (
				<Badge tone="bad" icon={Ban}>
					{t('flag.opted_out')}
				</Badge>
			) : null}
		</>
	);
}

function Person({ of }: { of: Snapshot }): JSX.Element {
	const { person, account, lead } = of;
	// The domain says nothing new beside an address of it.
	const domain = account && !person.address?.endsWith(`@${account.domain}`) ? account.domain : '';
	const company = person.company ?? domain;
	return (
		<div class="person">
			<Avatar name={person.name} address={person.address} />
			<div>
				<a href={leadAddress(lead.id)} data-row>
					<Foreign>{personName(of)}</Foreign>
				</a>
				<small>
					{person.name && person.address ? <Foreign>{person.address}</Foreign> : null}
					{person.name && person.address && company ? ' · ' : null}
					{company ? <Foreign>{company}</Foreign> : null}
				</small>
				<Flags of={lead} />
			</div>
		</div>
	);
}

export function LeadTable({ leads, caption, actions, noOwner }: { leads: Snapshot[]; caption: string; actions?: (lead: Snapshot) => ComponentChildren; noOwner?: boolean }): JSX.Element {
	return (
		// The keyboard has the link in each row.
		// eslint-disable-next-line jsx-a11y/click-events-have-key-events, jsx-a11y/no-noninteractive-element-interactions
		<table class="table cards links leads" onClick={openRow}>
			<caption class="hidden-text">{caption}</caption>
			<thead>
				<tr>
					<th scope="col">{t('lead.person')}</th>
					<th scope="col">{t('lead.score')}</th>
					<th scope="col">{t('lead.temperature')}</th>
					<th scope="col">{t('lead.grade')}</th>
					<th scope="col">{t('lead.stage')}</th>
					{noOwner ? null : <th scope="col">{t('lead.owner')}</th>}
					<th scope="col" class="source">{t('lead.source')}</th>
					<th scope="col">{t('lead.updated')}</th>
					{actions ? <th scope="col">{t('actions')}</th> : null}
				</tr>
			</thead>
			<tbody>
				{leads.map((one) => (
					<tr key={one.lead.id}>
						<th scope="row">
							<Person of={one} />
						</th>
						<td data-label={t('lead.score')}>
							<Score of={one.score.total} />
						</td>
						<td data-label={t('lead.temperature')}>
							<Temperature of={one.score.temperature} />
						</td>
						<td data-label={t('lead.grade')} class={one.score.grade ? '' : 'none'}>
							<Grade of={one.score.grade} />
						</td>
						<td data-label={t('lead.stage')}>
							<Stage of={one.lead.stage} />
						</td>
						{noOwner ? null : (
							<td class="narrow" data-label={t('lead.owner')}>{one.owner ? <Foreign>{nameOf(one.owner.address)}</Foreign> : <span class="muted">{t('owner.none')}</span>}</td>
						)}
						<td data-label={t('lead.source')} class={one.source.name ?? one.source.mailbox ? 'narrow source' : 'none source'}>
							<Foreign>{one.source.name ?? one.source.mailbox}</Foreign>
						</td>
						<td class="when" data-label={t('lead.updated')}>
							<When at={one.lead.updated} />
						</td>
						{actions ? <td class="whole">{actions(one)}</td> : null}
					</tr>
				))}
			</tbody>
		</table>
	);
}
