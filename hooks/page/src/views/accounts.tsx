// Organisations, the busiest first.

import type { JSX } from 'preact';
import { useRef } from 'preact/hooks';
import { Building2, Search } from 'lucide-preact';

import { address, useResource, type Schemas } from '../api.ts';
import { nameOf, useChoices } from '../choices.ts';
import { number } from '../format.ts';
import { t } from '../i18n.ts';
import { useLive } from '../live.ts';
import { navigate, part, query, withQuery } from '../router.ts';
import { Badge, Empty, Foreign, Head, Icon, Select, Shown, When } from '../ui/basic.tsx';
import { Changed, useCalm } from '../ui/calm.tsx';
import { noPage, openRow, Paging, useRowKeys, useSearch } from '../ui/list.tsx';

type Row = Schemas['AccountRow'];

const HEAT = 5;

/** How many people of an account wrote of late: a number, and marks. */
export function Heat({ of }: { of: number }): JSX.Element {
	return (
		<span class="row nowrap">
			<span class="heat" aria-hidden="true">
				{Array.from({ length: HEAT }, (_, index) => (
					<i key={index} class={index < of ? 'on' : ''} />
				))}
			</span>
			<span class="number">{t('account.heat', { n: of })}</span>
		</span>
	);
}

export function AccountFlags({ of }: { of: Row }): JSX.Element | null {
	return of.target || of.customer ? (
		<span class="row">
			{of.target ? <Badge tone="info">{t('account.target')}</Badge> : null}
			{of.customer ? <Badge tone="good">{t('account.customer')}</Badge> : null}
		</span>
	) : null;
}

function Table({ accounts }: { accounts: Row[] }): JSX.Element {
	return (
		// The keyboard has the link in each row.
		// eslint-disable-next-line jsx-a11y/click-events-have-key-events, jsx-a11y/no-noninteractive-element-interactions
		<table class="table cards links" onClick={openRow}>
			<caption class="hidden-text">{t('nav.accounts')}</caption>
			<thead>
				<tr>
					<th scope="col">{t('lead.account')}</th>
					<th scope="col">{t('account.heat.title')}</th>
					<th scope="col" class="right">
						{t('account.people')}
					</th>
					<th scope="col">{t('account.industry')}</th>
					<th scope="col">{t('lead.owner')}</th>
					<th scope="col">{t('account.last')}</th>
				</tr>
			</thead>
			<tbody>
				{accounts.map((account) => (
					<tr key={account.domain}>
						<th scope="row">
							<div class="person">
								<div>
									<a href={`/app/accounts/${part(account.domain)}`} data-row>
										<Foreign>{account.company ?? account.domain}</Foreign>
									</a>
									{account.company ? (
										<small>
											<Foreign>{account.domain}</Foreign>
										</small>
									) : null}
									<AccountFlags of={account} />
								</div>
							</div>
						</th>
						<td data-label={t('account.heat.title')}>
							<Heat of={account.active_people} />
						</td>
						<td class="right" data-label={t('account.people')}>
							{number(account.people)}
						</td>
						<td data-label={t('account.industry')} class={account.industry ? '' : 'none'}>
							<Foreign>{account.industry}</Foreign>
						</td>
						<td data-label={t('lead.owner')} class={account.owner ? '' : 'none'}>
							{account.owner ? <Foreign>{nameOf(account.owner)}</Foreign> : null}
						</td>
						<td data-label={t('account.last')}>
							<When at={account.last_activity} />
						</td>
					</tr>
				))}
			</tbody>
		</table>
	);
}

export function Accounts(): JSX.Element {
	useChoices();
	const asked = query.value;
	const accounts = useResource<Schemas['Accounts']>(address('/v1/accounts', { q: asked.get('q'), sort: asked.get('sort'), cursor: asked.get('cursor') }));
	const search = useSearch('q');
	const rows = useRef<HTMLDivElement>(null);
	useRowKeys(rows, search.ref);
	const calm = useCalm(rows, accounts.reload);
	useLive((event) => event.name === 'lead', calm.changed);
	return (
		<>
			<Head title={t('nav.accounts')} lead={t('accounts.lead')} />
			<div class="toolbar" role="search" aria-label={t('accounts.search')}>
				<div class="filters">
					<div class="field">
						<label for="q">{t('accounts.search')}</label>
						<div class="search">
							<Icon of={Search} />
							<input ref={search.ref} id="q" type="search" defaultValue={asked.get('q') ?? ''} autocomplete="off" spellcheck={false} onInput={search.onInput} />
						</div>
					</div>
					<Select
						label={t('sort')}
						value={asked.get('sort') ?? 'active'}
						options={[
							{ value: 'active', label: t('sort.active') },
							{ value: 'domain', label: t('sort.domain') },
						]}
						onChange={(value) => navigate(withQuery({ sort: value === 'active' ? null : value, ...noPage }), { replace: true })}
					/>
				</div>
			</div>
			<div class="card" ref={rows} aria-busy={accounts.loading}>
				<Changed of={calm} />
				<Shown of={accounts} rows={10}>
					{(data) =>
						data.accounts.length === 0 ? (
							<Empty icon={Building2} title={t('accounts.none')}>
								{t('accounts.none.why')}
							</Empty>
						) : (
							<div class={accounts.loading ? 'busy' : ''}>
								<Table accounts={data.accounts} />
								<Paging count={t('accounts.shown', { n: data.accounts.length })} next={data.next} />
							</div>
						)
					}
				</Shown>
			</div>
		</>
	);
}
