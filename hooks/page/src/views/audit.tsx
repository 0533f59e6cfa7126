// Who did what, and when: every action of the page, of programs and of leadctl.

import type { JSX } from 'preact';
import { ScrollText } from 'lucide-preact';

import { address, useResource, type Schemas } from '../api.ts';
import { t, word } from '../i18n.ts';
import { navigate, query, withQuery } from '../router.ts';
import { Badge, choices, Empty, Field, Foreign, Head, Moment, Select, Shown } from '../ui/basic.tsx';
import { leadAddress } from '../ui/leadtable.tsx';
import { noPage, Paging } from '../ui/list.tsx';

type Entry = Schemas['AuditEntry'];

/** The page's own; what programs and leadctl do is found by naming it in the address. */
const operations = [
	'login',
	'logout',
	'claimLead',
	'assignLead',
	'moveLead',
	'mergeLead',
	'keepApart',
	'splitLead',
	'retryDelivery',
	'dropDelivery',
	'resumeEndpoint',
	'testEndpoint',
	'tryMessage',
];

function Ended({ status }: { status: number }): JSX.Element {
	const good = status >= 200 && status < 300;
	return <Badge tone={good ? 'good' : status === 0 ? 'plain' : 'bad'}>{status === 0 ? t('audit.unknown') : `${good ? t('audit.done') : t('audit.refused')} · ${status}`}</Badge>;
}

function Table({ entries }: { entries: Entry[] }): JSX.Element {
	return (
		<table class="table cards tight">
			<caption class="hidden-text">{t('nav.audit')}</caption>
			<thead>
				<tr>
					<th scope="col">{t('audit.action')}</th>
					<th scope="col">{t('audit.who')}</th>
					<th scope="col">{t('audit.target')}</th>
					<th scope="col">{t('audit.detail')}</th>
					<th scope="col">{t('audit.result')}</th>
					<th scope="col">{t('time')}</th>
				</tr>
			</thead>
			<tbody>
				{entries.map((entry) => (
					<tr key={entry.id}>
						<th scope="row">{word('operation', entry.action)}</th>
						<td data-label={t('audit.who')}>
							<span>
								<Foreign>{entry.who ?? '—'}</Foreign>
								<span class="muted small">
									{' '}
									{word('role', entry.role)} {entry.peer ? <Foreign>{entry.peer}</Foreign> : null}
								</span>
							</span>
						</td>
						<td data-label={t('audit.target')} class={entry.target ? '' : 'none'}>
							{entry.target?.startsWith('ld_') ? (
								<a class="mono nowrap" href={leadAddress(entry.target)}>
									…{entry.target.slice(-8)}
								</a>
							) : (
								<Foreign>{entry.target}</Foreign>
							)}
						</td>
						<td data-label={t('audit.detail')} class={entry.detail ? 'whole' : 'none'}>
							<code>
								<Foreign>{entry.detail}</Foreign>
							</code>
						</td>
						<td data-label={t('audit.result')}>
							<Ended status={entry.status} />
						</td>
						<td data-label={t('time')}>
							<Moment at={entry.time} />
						</td>
					</tr>
				))}
			</tbody>
		</table>
	);
}

export function Audit(): JSX.Element {
	const asked = query.value;
	const audit = useResource<Schemas['Audit']>(address('/v1/audit', { who: asked.get('who'), action: asked.get('action'), cursor: asked.get('cursor') }));
	const set = (name: string, value: string): void => navigate(withQuery({ [name]: value, ...noPage }), { replace: true });
	return (
		<>
			<Head title={t('nav.audit')} lead={t('audit.lead')} />
			<div class="toolbar">
				<div class="filters">
					<Field label={t('audit.who')}>
						{(id) => <input id={id} type="text" value={asked.get('who') ?? ''} onChange={(event) => set('who', event.currentTarget.value.trim())} />}
					</Field>
					<Select label={t('audit.action')} value={asked.get('action') ?? ''} any={t('filter.any')} options={choices('operation', operations)} onChange={(value) => set('action', value)} />
				</div>
			</div>
			<div class="card" aria-busy={audit.loading}>
				<Shown of={audit} rows={10}>
					{(data) =>
						data.entries.length === 0 ? (
							<Empty icon={ScrollText} title={t('audit.none')} />
						) : (
							<div class={audit.loading ? 'busy' : ''}>
								<Table entries={data.entries} />
								<Paging count={t('audit.shown', { n: data.entries.length })} next={data.next} />
							</div>
						)
					}
				</Shown>
			</div>
		</>
	);
}
