// Where events are posted to, and how each receiver fares.

import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { CirclePause, CirclePlay, Plug, Stethoscope } from 'lucide-preact';

import { post, useResource, type Schemas } from '../api.ts';
import { number } from '../format.ts';
import { t, word } from '../i18n.ts';
import { useLive } from '../live.ts';
import { part } from '../router.ts';
import { mayAct } from '../session.ts';
import { Badge, Card, Empty, Facts, Foreign, Head, Icon, Notice, Shown, When } from '../ui/basic.tsx';
import { say, sayFailure } from '../ui/toasts.tsx';

type Row = Schemas['EndpointRow'];

function Result({ of }: { of: Schemas['TestResult'] }): JSX.Element {
	return (
		<Notice tone={of.delivered ? 'good' : 'bad'}>
			{of.delivered ? t('test.good', { seconds: number(of.seconds, 2) }) : t('test.bad')}
			{of.status ? ` HTTP ${of.status}.` : ''} {of.error ? <Foreign>{of.error}</Foreign> : null}
			{of.response ? <pre class="json">{of.response}</pre> : null}
		</Notice>
	);
}

function Endpoint({ of, onDone }: { of: Row; onDone: () => void }): JSX.Element {
	const [result, setResult] = useState<Schemas['TestResult'] | null>(null);
	const [busy, setBusy] = useState(false);
	const act = async (what: () => Promise<void>): Promise<void> => {
		setBusy(true);
		await what().catch(sayFailure);
		setBusy(false);
	};
	const resume = async (): Promise<void> => {
		await post<Schemas['Done']>(`/v1/endpoints/${part(of.name)}/resume`);
		say(t('done.resumed', { name: of.name }));
		onDone();
	};
	const test = async (): Promise<void> => {
		setResult(null);
		setResult(await post<Schemas['TestResult']>(`/v1/endpoints/${part(of.name)}/test`));
	};
	return (
		<Card
			title={<Foreign>{of.name}</Foreign>}
			note={[of.kind ? word('endpoint', of.kind) : '', of.adapter ?? ''].filter(Boolean).join(' · ')}
			action={
				of.parked ? (
					<Badge tone="bad" icon={CirclePause}>
						{t('endpoint.parked')}
					</Badge>
				) : (
					<Badge tone={of.configured ? 'good' : 'warn'} icon={of.configured ? CirclePlay : CirclePause}>
						{t(of.configured ? 'endpoint.open' : 'endpoint.unconfigured')}
					</Badge>
				)
			}
		>
			<div class="stack">
				{of.parked ? (
					<Notice tone="warn">
						<Foreign>{of.reason ?? t('endpoint.parked')}</Foreign> · <When at={of.parked_since} />
					</Notice>
				) : null}
				<Facts
					rows={[
						[t('delivery.waiting'), <a key="w" href={`/app/deliveries?state=waiting&endpoint=${part(of.name)}`}>{number(of.waiting)}</a>],
						[t('endpoint.oldest'), of.oldest_waiting ? <When at={of.oldest_waiting} /> : null],
						[t('delivery.delivered'), number(of.delivered)],
						[t('delivery.dead'), <a key="d" href={`/app/deliveries?state=dead&endpoint=${part(of.name)}`}>{number(of.dead)}</a>],
					]}
				/>
				{mayAct.value ? (
					<div class="actions">
						{of.parked ? (
							<button type="button" class="button primary" disabled={busy} onClick={() => void act(resume)}>
								<Icon of={CirclePlay} />
								{t('resume')}
								<span class="hidden-text"> {of.name}</span>
							</button>
						) : null}
						<button type="button" class="button" disabled={busy || !of.configured} onClick={() => void act(test)}>
							<Icon of={Stethoscope} />
							{t('test')}
							<span class="hidden-text"> {of.name}</span>
						</button>
					</div>
				) : null}
				{result ? <Result of={result} /> : null}
			</div>
		</Card>
	);
}

export function Endpoints(): JSX.Element {
	const endpoints = useResource<Schemas['Endpoints']>('/v1/endpoints');
	useLive((event) => event.name !== 'lead', endpoints.reload);
	return (
		<>
			<Head title={t('nav.endpoints')} lead={t('endpoints.lead')} />
			<Shown of={endpoints}>
				{(data) =>
					data.endpoints.length === 0 ? (
						<div class="card">
							<Empty icon={Plug} title={t('endpoints.none')}>
								{t('endpoints.none.why')}
							</Empty>
						</div>
					) : (
						<div class="tiles">
							{data.endpoints.map((endpoint) => (
								<Endpoint key={endpoint.name} of={endpoint} onDone={endpoints.reload} />
							))}
						</div>
					)
				}
			</Shown>
		</>
	);
}
