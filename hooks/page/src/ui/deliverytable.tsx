// Deliveries as rows, with what an operator can do about them.

import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { Check, CircleSlash, Clock, OctagonX, type LucideIcon } from 'lucide-preact';

import { post, useResource, type Schemas } from '../api.ts';
import { number } from '../format.ts';
import { t, word } from '../i18n.ts';
import { part } from '../router.ts';
import { mayAct } from '../session.ts';
import { ActButton } from './act.tsx';
import { Badge, Facts, Foreign, Moment, Shown, When, type Tone } from './basic.tsx';
import { Ask, Dialog } from './dialog.tsx';
import { leadAddress } from './leadtable.tsx';
import { say } from './toasts.tsx';

type Delivery = Schemas['Delivery'];

const looks: Record<Delivery['state'], [Tone, LucideIcon]> = {
	waiting: ['info', Clock],
	delivered: ['good', Check],
	dead: ['bad', OctagonX],
	dropped: ['plain', CircleSlash],
};

export function DeliveryState({ of }: { of: Delivery['state'] }): JSX.Element {
	const [tone, icon] = looks[of];
	return (
		<Badge tone={tone} icon={icon}>
			{word('delivery', of)}
		</Badge>
	);
}

function Posted({ delivery, onClose }: { delivery: Delivery; onClose: () => void }): JSX.Element {
	const detail = useResource<Schemas['DeliveryDetail']>(`/v1/outbox/${delivery.id}`);
	return (
		<Dialog wide title={t('delivery.title', { id: String(delivery.id) })} onClose={onClose}>
			<Shown of={detail}>
				{(data) => (
					<>
						<Facts
							wide
							rows={[
								[t('delivery.endpoint'), <Foreign key="e">{data.endpoint}</Foreign>],
								[t('delivery.event'), data.event ? <code>{data.event}</code> : null],
								[t('delivery.state'), <DeliveryState key="s" of={data.state} />],
								[t('delivery.attempts'), number(data.attempts)],
								[t('delivery.next'), data.next ? <Moment at={data.next} /> : null],
								[t('delivery.status'), data.status === null ? null : String(data.status)],
								[t('delivery.error'), data.error ? <Foreign>{data.error}</Foreign> : null],
								[t('delivery.response'), data.response ? <pre class="json">{data.response}</pre> : null],
							]}
						/>
						{data.body ? (
							<div>
								<h3>{t('delivery.body')}</h3>
								<pre class="json" tabIndex={0}>
									{JSON.stringify(data.body, null, 2)}
								</pre>
							</div>
						) : null}
					</>
				)}
			</Shown>
			<div class="actions">
				<button type="button" class="button primary" onClick={onClose}>
					{t('close')}
				</button>
			</div>
		</Dialog>
	);
}

function Row({ delivery, ofLead, onDone }: { delivery: Delivery; ofLead: boolean; onDone: () => void }): JSX.Element {
	const [open, setOpen] = useState<'shown' | 'drop' | null>(null);
	const open_ = delivery.state === 'waiting' || delivery.state === 'dead';
	// What waits for an endpoint that is parked has an attempt behind it, not before it.
	const next = open_ && delivery.next && Date.parse(delivery.next) > Date.now() ? delivery.next : null;
	const retry = async (): Promise<void> => {
		await post<Schemas['Count']>(`/v1/outbox/${delivery.id}/retry`);
		say(t('done.retried', { n: 1 }));
		onDone();
	};
	return (
		<tr>
			<th scope="row">
				<div>
					<button type="button" class="link" data-row onClick={() => setOpen('shown')}>
						{delivery.type ?? t('delivery.untyped')}
					</button>
					<div class="muted small">
						<Foreign>{delivery.endpoint}</Foreign>
					</div>
					{open === 'shown' ? <Posted delivery={delivery} onClose={() => setOpen(null)} /> : null}
				</div>
			</th>
			<td data-label={t('delivery.state')}>
				<DeliveryState of={delivery.state} />
			</td>
			{ofLead ? null : (
				<td data-label={t('nav.lead')} class={delivery.lead ? '' : 'none'}>
					{delivery.lead ? (
						<a class="mono nowrap" href={leadAddress(delivery.lead)}>
							…{delivery.lead.slice(-8)}
						</a>
					) : null}
				</td>
			)}
			<td class="right" data-label={t('delivery.attempts')}>
				{number(delivery.attempts)}
			</td>
			<td data-label={t('delivery.answer')} class={delivery.error || delivery.status ? '' : 'none'}>
				<span>
					{delivery.status ? <span class="number">{delivery.status} </span> : null}
					{delivery.error ? (
						<span class="muted">
							<Foreign>{delivery.error}</Foreign>
						</span>
					) : null}
				</span>
			</td>
			<td data-label={next ? t('delivery.next') : t('time')}>
				<When at={next ?? delivery.time} />
			</td>
			{mayAct.value ? (
				<td class={open_ ? 'whole' : 'none'}>
					{open_ ? (
						<span class="actions">
							<ActButton look="small" onAct={retry}>
								{t('retry')}
								<span class="hidden-text"> {delivery.type}</span>
							</ActButton>
							<button type="button" class="button small danger" onClick={() => setOpen('drop')}>
								{t('drop')}
								<span class="hidden-text"> {delivery.type}</span>
							</button>
						</span>
					) : null}
					{open === 'drop' ? (
						<Ask
							title={t('drop.title')}
							action={t('drop')}
							danger
							onClose={() => setOpen(null)}
							onAct={async () => {
								await post<Schemas['Count']>(`/v1/outbox/${part(String(delivery.id))}/drop`);
								say(t('done.dropped'));
								onDone();
							}}
						>
							<p>{t('drop.what', { type: delivery.type ?? '', endpoint: delivery.endpoint })}</p>
						</Ask>
					) : null}
				</td>
			) : null}
		</tr>
	);
}

export function DeliveryTable({ deliveries, onDone, ofLead = false }: { deliveries: Delivery[]; onDone: () => void; ofLead?: boolean }): JSX.Element {
	return (
		<table class="table cards tight">
			<caption class="hidden-text">{t('nav.deliveries')}</caption>
			<thead>
				<tr>
					<th scope="col">{t('delivery.event')}</th>
					<th scope="col">{t('delivery.state')}</th>
					{ofLead ? null : <th scope="col">{t('nav.lead')}</th>}
					<th scope="col" class="right">
						{t('delivery.attempts')}
					</th>
					<th scope="col">{t('delivery.answer')}</th>
					<th scope="col">{t('time')}</th>
					{mayAct.value ? <th scope="col">{t('actions')}</th> : null}
				</tr>
			</thead>
			<tbody>
				{deliveries.map((delivery) => (
					<Row key={delivery.id} delivery={delivery} ofLead={ofLead} onDone={onDone} />
				))}
			</tbody>
		</table>
	);
}
