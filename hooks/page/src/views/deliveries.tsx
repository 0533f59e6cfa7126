// The outbox: what was posted, what waits, what was given up.

import type { JSX } from 'preact';
import { useRef, useState } from 'preact/hooks';
import { RotateCw, Send } from 'lucide-preact';

import { address, post, useResource, type Schemas } from '../api.ts';
import { useChoices } from '../choices.ts';
import { t } from '../i18n.ts';
import { useLive } from '../live.ts';
import { navigate, query, withQuery } from '../router.ts';
import { mayAct } from '../session.ts';
import { Empty, Head, Icon, Select, Shown } from '../ui/basic.tsx';
import { Changed, useCalm, useFocusKept } from '../ui/calm.tsx';
import { DeliveryTable } from '../ui/deliverytable.tsx';
import { Ask } from '../ui/dialog.tsx';
import { noPage, Paging, useRowKeys } from '../ui/list.tsx';
import { say } from '../ui/toasts.tsx';

const states = ['waiting', 'delivered', 'dead', 'dropped'] as const;

export function Deliveries(): JSX.Element {
	const known = useChoices();
	const asked = query.value;
	const deliveries = useResource<Schemas['Deliveries']>(
		address('/v1/outbox', { state: asked.get('state'), endpoint: asked.get('endpoint'), lead: asked.get('lead'), cursor: asked.get('cursor') }),
	);
	const [asking, setAsking] = useState(false);
	const rows = useRef<HTMLDivElement>(null);
	useRowKeys(rows);
	useFocusKept(rows);
	const calm = useCalm(rows, deliveries.reload);
	useLive((event) => event.name === 'delivery', calm.changed);
	const set = (changes: Record<string, string | null>): void => navigate(withQuery({ ...changes, ...noPage }), { replace: true });
	return (
		<>
			<Head title={t('nav.deliveries')} lead={t('deliveries.lead')}>
				{mayAct.value ? (
					<button type="button" class="button" onClick={() => setAsking(true)}>
						<Icon of={RotateCw} />
						{t('retry.all')}
					</button>
				) : null}
			</Head>
			<div class="toolbar">
				<div class="filters">
					<Select
						label={t('delivery.state')}
						value={asked.get('state') ?? ''}
						any={t('filter.any')}
						options={states.map((state) => ({ value: state, label: t(`delivery.${state}`) }))}
						onChange={(value) => set({ state: value })}
					/>
					<Select
						label={t('delivery.endpoint')}
						value={asked.get('endpoint') ?? ''}
						any={t('filter.any')}
						options={known.endpoints.map((name) => ({ value: name, label: name }))}
						onChange={(value) => set({ endpoint: value })}
					/>
				</div>
				{asked.get('lead') ? (
					<div class="chips">
						<button type="button" class="chip" onClick={() => set({ lead: null })}>
							{t('nav.lead')}: <bdi>{asked.get('lead')}</bdi> ×<span class="hidden-text">{t('filter.remove')}</span>
						</button>
					</div>
				) : null}
			</div>
			<div class="card" ref={rows} aria-busy={deliveries.loading}>
				<Changed of={calm} />
				<Shown of={deliveries} rows={10}>
					{(data) =>
						data.deliveries.length === 0 ? (
							<Empty icon={Send} title={t('deliveries.none')}>
								{t('deliveries.none.why')}
							</Empty>
						) : (
							<div class={deliveries.loading ? 'busy' : ''}>
								<DeliveryTable deliveries={data.deliveries} onDone={deliveries.reload} />
								<Paging count={t('deliveries.shown', { n: data.deliveries.length })} next={data.next} />
							</div>
						)
					}
				</Shown>
			</div>
			{asking ? (
				<Ask
					title={t('retry.all')}
					action={t('retry')}
					onClose={() => setAsking(false)}
					onAct={async () => {
						const { count } = await post<Schemas['Count']>('/v1/outbox/dead/retry');
						say(t('done.retried', { n: count }));
						deliveries.reload();
					}}
				>
					<p>{t('retry.all.what')}</p>
				</Ask>
			) : null}
		</>
	);
}
