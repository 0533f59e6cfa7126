// One organisation, its people and who else was seen in their mail.

import type { JSX } from 'preact';
import { ArrowLeft, Users } from 'lucide-preact';

import { useResource, type Schemas } from '../api.ts';
import { nameOf, useChoices } from '../choices.ts';
import { country, number } from '../format.ts';
import { t } from '../i18n.ts';
import { useLive } from '../live.ts';
import { backTo, part, useHeading, useSubject } from '../router.ts';
import { Card, Empty, Facts, Foreign, Icon, Shown, When } from '../ui/basic.tsx';
import { leadAddress, LeadTable } from '../ui/leadtable.tsx';
import { AccountFlags, Heat } from './accounts.tsx';

type Detail = Schemas['AccountDetail'];

function Contacts({ of }: { of: Schemas['Contact'][] }): JSX.Element {
	return (
		<table class="table cards">
			<caption class="hidden-text">{t('account.contacts')}</caption>
			<thead>
				<tr>
					<th scope="col">{t('person.address')}</th>
					<th scope="col" class="right">
						{t('account.mails')}
					</th>
					<th scope="col">{t('account.seenwith')}</th>
					<th scope="col">{t('account.lastseen')}</th>
				</tr>
			</thead>
			<tbody>
				{of.map((contact) => (
					<tr key={contact.address}>
						<th scope="row">
							<div>
								<Foreign>{contact.name ?? contact.address}</Foreign>
								{contact.name ? (
									<div class="muted small">
										<Foreign>{contact.address}</Foreign>
									</div>
								) : null}
							</div>
						</th>
						<td class="right" data-label={t('account.mails')}>
							{number(contact.mails)}
						</td>
						<td data-label={t('account.seenwith')} class={contact.lead ? '' : 'none'}>
							{contact.lead ? (
								<a class="mono nowrap" href={leadAddress(contact.lead)}>
									…{contact.lead.slice(-8)}
								</a>
							) : null}
						</td>
						<td data-label={t('account.lastseen')}>
							<When at={contact.last_seen} />
						</td>
					</tr>
				))}
			</tbody>
		</table>
	);
}

function About({ of }: { of: Detail }): JSX.Element {
	const { account } = of;
	const domains = of.domains.filter((domain) => domain !== account.domain);
	return (
		<Card title={t('account.about')}>
			<Facts
				rows={[
					[t('account.domain'), <Foreign key="d">{account.domain}</Foreign>],
					[t('account.domains'), domains.length > 0 ? <Foreign>{domains.join(', ')}</Foreign> : null],
					[t('account.heat.title'), <Heat key="h" of={account.active_people} />],
					[t('account.people'), number(account.people)],
					[t('account.industry'), account.industry ? <Foreign>{account.industry}</Foreign> : null],
					[t('person.country'), account.country ? country(account.country) : null],
					[t('account.employees'), account.employees === null ? null : number(account.employees)],
					[t('account.revenue'), account.revenue === null ? null : number(account.revenue)],
					[t('lead.owner'), account.owner ? <Foreign>{nameOf(account.owner)}</Foreign> : null],
					[t('account.last'), account.last_activity ? <When at={account.last_activity} /> : null],
				]}
			/>
		</Card>
	);
}

export function Account({ domain }: { domain: string }): JSX.Element {
	useChoices();
	const detail = useResource<Detail>(`/v1/accounts/${part(domain)}`);
	useLive((event) => event.name === 'lead', detail.reload);
	useHeading(detail.data !== null);
	useSubject(detail.data ? (detail.data.account.company ?? detail.data.account.domain) : null);
	return (
		<>
			<p class="crumbs">
				<a href={backTo('/app/accounts')}>
					<Icon of={ArrowLeft} />
					{t('nav.accounts')}
				</a>
			</p>
			{detail.data ? null : (
				<h1 class="hidden-text" tabIndex={-1}>
					{t('nav.account')}
				</h1>
			)}
			<Shown of={detail}>
				{(data) => (
					<>
						<div class="head">
							<div>
								<h1 tabIndex={-1}>
									<Foreign>{data.account.company ?? data.account.domain}</Foreign>
								</h1>
								<AccountFlags of={data.account} />
							</div>
						</div>
						<div class="stack">
							<About of={data} />
							<Card flush title={t('account.people')}>
								{data.people.length === 0 ? <Empty icon={Users} level={3} title={t('leads.none')} /> : <LeadTable leads={data.people} caption={t('account.people')} />}
							</Card>
							{data.contacts.length > 0 ? (
								<Card flush title={t('account.contacts')} note={t('account.contacts.note')}>
									<Contacts of={data.contacts} />
								</Card>
							) : null}
						</div>
					</>
				)}
			</Shown>
		</>
	);
}
