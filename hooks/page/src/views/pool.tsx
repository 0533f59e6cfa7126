// The unowned pool: whoever is first takes a lead.

import type { JSX } from 'preact';
import { useRef } from 'preact/hooks';
import { Hand, Inbox } from 'lucide-preact';

import { address, useResource, type Schemas } from '../api.ts';
import { useChoices } from '../choices.ts';
import { t } from '../i18n.ts';
import { useLive } from '../live.ts';
import { navigate, query, withQuery } from '../router.ts';
import { mayAct, session } from '../session.ts';
import { ActButton } from '../ui/act.tsx';
import { claim } from '../ui/actions.tsx';
import { choices, Empty, Head, Icon, Notice, Select, Shown } from '../ui/basic.tsx';
import { Changed, useCalm, useFocusKept } from '../ui/calm.tsx';
import { LeadTable, personName, type Snapshot } from '../ui/leadtable.tsx';
import { noPage, Paging, useRowKeys } from '../ui/list.tsx';

export function Pool(): JSX.Element {
	const known = useChoices();
	const asked = query.value;
	const leads = useResource<Schemas['Leads']>(
		address('/v1/leads', {
			unowned: true,
			temperature: asked.get('temperature'),
			stage: asked.get('stage'),
			sort: asked.get('sort') ?? 'score',
			cursor: asked.get('cursor'),
		}),
	);
	const rows = useRef<HTMLDivElement>(null);
	useRowKeys(rows);
	useFocusKept(rows);
	const calm = useCalm(rows, leads.reload);
	useLive((event) => event.name === 'lead', calm.changed);
	const set = (changes: Record<string, string | null>): void => navigate(withQuery({ ...changes, ...noPage }), { replace: true });
	// Who owns no leads of their own has nobody to claim for.
	const canClaim = mayAct.value && session.value?.owner;
	return (
		<>
			<Head title={t('nav.pool')} lead={t('pool.lead')} />
			<div class="toolbar">
				{mayAct.value && !session.value?.owner ? <Notice>{t('pool.noowner')}</Notice> : null}
				<div class="filters">
					<Select
						label={t('filter.temperature')}
						value={asked.get('temperature') ?? ''}
						any={t('filter.any')}
						options={choices('temperature', known.temperatures)}
						onChange={(value) => set({ temperature: value })}
					/>
					<Select label={t('filter.stage')} value={asked.get('stage') ?? ''} any={t('filter.any')} options={choices('stage', known.stages)} onChange={(value) => set({ stage: value })} />
					<Select
						label={t('sort')}
						value={asked.get('sort') ?? 'score'}
						options={(['score', 'created', 'updated', 'name'] as const).map((name) => ({ value: name, label: t(`sort.${name}`) }))}
						onChange={(value) => set({ sort: value === 'score' ? null : value })}
					/>
				</div>
			</div>
			<div class="card" ref={rows} aria-busy={leads.loading}>
				<Changed of={calm} />
				<Shown of={leads} rows={10}>
					{(data) =>
						data.leads.length === 0 ? (
							<>
								<Empty icon={Inbox} title={t('pool.none')}>
									{t('pool.none.why')}
								</Empty>
								{data.next ? <Paging count="" next={data.next} /> : null}
							</>
						) : (
							<div class={leads.loading ? 'busy' : ''}>
								<LeadTable
									leads={data.leads}
									caption={t('nav.pool')}
									noOwner
									{...(canClaim
										? {
												actions: (lead: Snapshot) => (
													<ActButton look="small primary" onAct={() => claim(lead, leads.reload)}>
														<Icon of={Hand} />
														{t('claim')}
														<span class="hidden-text"> {personName(lead)}</span>
													</ActButton>
												),
											}
										: {})}
								/>
								<Paging count={t('leads.shown', { n: data.leads.length })} next={data.next} />
							</div>
						)
					}
				</Shown>
			</div>
		</>
	);
}
