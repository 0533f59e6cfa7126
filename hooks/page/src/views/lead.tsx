// One lead: who it is, what was said in both directions, why it has its score, what was told of it.

import type { ComponentChildren, JSX } from 'preact';
import { useState } from 'preact/hooks';
import { ArrowLeft, Clock, Hand, Merge, Split, UserPen, Workflow } from 'lucide-preact';

import { useResource, type Schemas } from '../api.ts';
import { nameOf } from '../choices.ts';
import { country, languageName, number, percent } from '../format.ts';
import { t, word } from '../i18n.ts';
import { useLive } from '../live.ts';
import { backTo, part, query, useHeading, useSubject } from '../router.ts';
import { said } from '../said.ts';
import { mayAct, session } from '../session.ts';
import { ActButton } from '../ui/act.tsx';
import { AssignDialog, claim, MergeDialog, SplitDialog, StageDialog } from '../ui/actions.tsx';
import { Avatar, Badge, Card, Facts, Foreign, Grade, Icon, Moment, Notice, Shown, Tabs, Temperature, When } from '../ui/basic.tsx';
import { Flags, leadAddress, personName } from '../ui/leadtable.tsx';
import { LeadDeliveries } from './leaddeliveries.tsx';
import { LeadScore } from './leadscore.tsx';
import { LeadStages } from './leadstages.tsx';
import { LeadTimeline } from './leadtimeline.tsx';

type Detail = Schemas['LeadDetail'];
type Dialog = 'assign' | 'stage' | 'merge' | 'split';

function Actions({ lead, reload }: { lead: Detail; reload: () => void }): JSX.Element | null {
	const [open, setOpen] = useState<Dialog | null>(null);
	if (!mayAct.value || lead.lead.merged_into) {
		return null;
	}
	const props = { lead, onClose: () => setOpen(null), onDone: reload };
	const canSplit = lead.merged.length > 0 || lead.person.addresses.length > 0;
	return (
		<div class="actions" role="group" aria-label={t('actions')}>
			{lead.owner || !session.value?.owner ? null : (
				<ActButton look="primary" onAct={() => claim(lead, reload)}>
					<Icon of={Hand} />
					{t('claim')}
				</ActButton>
			)}
			<button type="button" class="button" onClick={() => setOpen('assign')}>
				<Icon of={UserPen} />
				{t('assign')}
			</button>
			<button type="button" class="button" onClick={() => setOpen('stage')}>
				<Icon of={Workflow} />
				{t('stage.move')}
			</button>
			<button type="button" class="button" onClick={() => setOpen('merge')}>
				<Icon of={Merge} />
				{t('merge')}
			</button>
			{canSplit ? (
				<button type="button" class="button" onClick={() => setOpen('split')}>
					<Icon of={Split} />
					{t('split')}
				</button>
			) : null}
			{open === 'assign' ? <AssignDialog {...props} /> : null}
			{open === 'stage' ? <StageDialog {...props} /> : null}
			{open === 'merge' ? <MergeDialog {...props} /> : null}
			{open === 'split' ? <SplitDialog {...props} /> : null}
		</div>
	);
}

function list(values: string[], link?: (value: string) => string | null): ComponentChildren {
	if (values.length === 0) {
		return null;
	}
	return (
		<ul>
			{values.map((value) => {
				const to = link?.(value);
				return <li key={value}>{to ? <a href={to}>{<Foreign>{value}</Foreign>}</a> : <Foreign>{value}</Foreign>}</li>;
			})}
		</ul>
	);
}

/** Only what a browser may open safely. */
export function webAddress(text: string): string | null {
	try {
		const url = new URL(/^[a-z][a-z0-9+.-]*:/i.test(text) ? text : `https://${text}`);
		return url.protocol === 'https:' || url.protocol === 'http:' ? url.href : null;
	} catch {
		return null;
	}
}

function Links({ of }: { of: string[] }): JSX.Element | null {
	if (of.length === 0) {
		return null;
	}
	return (
		<ul>
			{of.map((text) => {
				const to = webAddress(text);
				return (
					<li key={text}>
						{to ? (
							<a href={to} target="_blank" rel="noopener noreferrer nofollow">
								<Foreign>{text}</Foreign>
								<span class="hidden-text"> {t('link.new')}</span>
							</a>
						) : (
							<Foreign>{text}</Foreign>
						)}
					</li>
				);
			})}
		</ul>
	);
}

function Contact({ lead }: { lead: Detail }): JSX.Element {
	const { person } = lead;
	const phones = person.phones.length > 0 ? person.phones : person.phone ? [person.phone] : [];
	return (
		<Card title={t('lead.contact')}>
			<Facts
				rows={[
					[t('person.address'), person.address ? <a href={`mailto:${part(person.address)}`}>{<Foreign>{person.address}</Foreign>}</a> : null],
					[t('person.addresses'), list(person.addresses)],
					[t('person.phone'), list(phones, (phone) => (/^\+[0-9]+$/.test(phone) ? `tel:${phone}` : null))],
					[t('person.title'), person.title ? <Foreign>{person.title}</Foreign> : null],
					[t('person.rank'), person.rank ? word('rank', person.rank) : null],
					[t('person.company'), person.company ? <Foreign>{person.company}</Foreign> : null],
					[t('person.country'), person.country ? country(person.country) : null],
					[t('person.language'), person.language ? languageName(person.language) : null],
					[t('person.urls'), person.urls.length > 0 ? <Links of={person.urls} /> : null],
				]}
			/>
		</Card>
	);
}

function AccountCard({ lead }: { lead: Detail }): JSX.Element | null {
	const { account } = lead;
	if (!account) {
		return null;
	}
	return (
		<Card title={t('lead.account')}>
			<Facts
				rows={[
					[
						t('account.domain'),
						<a key="domain" href={`/app/accounts/${part(account.domain)}`}>
							<Foreign>{account.domain}</Foreign>
						</a>,
					],
					[t('person.company'), account.company ? <Foreign>{account.company}</Foreign> : null],
					[t('account.industry'), account.industry ? <Foreign>{account.industry}</Foreign> : null],
					[t('account.people'), account.people === undefined ? null : number(account.people)],
					[t('account.active'), account.active_people === undefined ? null : number(account.active_people)],
					[t('account.target'), account.target ? <Badge tone="info">{t('yes')}</Badge> : null],
					[t('account.customer'), account.customer ? <Badge tone="good">{t('yes')}</Badge> : null],
				]}
			/>
		</Card>
	);
}

function Work({ lead }: { lead: Detail }): JSX.Element {
	const { owner, task, source, activity } = lead;
	return (
		<Card title={t('lead.work')}>
			<Facts
				rows={[
					[t('lead.owner'), owner ? <Foreign>{nameOf(owner.address)}</Foreign> : <span class="muted">{t('owner.none')}</span>],
					[t('owner.reason'), owner?.reason ? <Foreign>{said(owner.reason)}</Foreign> : null],
					[
						t('task'),
						task ? (
							<>
								{word('task', task.kind)}{' '}
								{task.breached_at ? (
									<Badge tone="bad" icon={Clock}>
										{t('task.missed')}
									</Badge>
								) : null}
							</>
						) : null,
					],
					[t('task.due'), task?.due ? <When at={task.due} /> : null],
					[t('lead.source'), source.name ? <Foreign>{source.name}</Foreign> : null],
					[t('source.mailbox'), source.mailbox ? <Foreign>{source.mailbox}</Foreign> : null],
					[t('source.tag'), source.tag ? <Foreign>{source.tag}</Foreign> : null],
					[t('source.form'), source.form ? <Foreign>{source.form}</Foreign> : null],
					[t('source.campaign'), source.campaign ? <Foreign>{source.campaign}</Foreign> : null],
					[t('source.forwarder'), source.forwarder ? <Foreign>{source.forwarder}</Foreign> : null],
					[t('source.referrer'), source.referrer ? <Foreign>{source.referrer}</Foreign> : null],
					[t('lead.created'), <Moment key="created" at={lead.lead.created} />],
					[t('activity.last_inbound'), activity.last_inbound ? <When at={activity.last_inbound} /> : null],
					[t('activity.last_outbound'), activity.last_outbound ? <When at={activity.last_outbound} /> : null],
					[t('lead.crm'), lead.lead.customer ? <Foreign>{lead.lead.customer}</Foreign> : null],
				]}
			/>
		</Card>
	);
}

/** A lead that may be the same person, by its name as soon as that is known. */
function Other({ id }: { id: string }): JSX.Element {
	const other = useResource<Detail>(`/v1/leads/${part(id)}`);
	const { data } = other;
	return (
		<>
			<a class={data ? '' : 'mono'} href={leadAddress(id)}>
				<Foreign>{data ? personName(data) : id}</Foreign>
			</a>
			{data?.person.name && data.person.address ? (
				<div class="muted small">
					<Foreign>{data.person.address}</Foreign>
				</div>
			) : null}
		</>
	);
}

function DuplicatesCard({ lead }: { lead: Detail }): JSX.Element | null {
	const { possible_duplicates: ids, duplicate_reasons: reasons } = lead.lead;
	if (ids.length === 0) {
		return null;
	}
	return (
		<Card title={t('lead.duplicates')} action={<a href="/app/duplicates">{t('duplicates.compare')}</a>}>
			<ul class="stack tight">
				{ids.map((id, index) => (
					<li key={id}>
						<Other id={id} />
						{reasons[index] ? (
							<div class="muted small">
								{t('duplicates.why')} <Foreign>{said(reasons[index])}</Foreign>
							</div>
						) : null}
					</li>
				))}
			</ul>
		</Card>
	);
}

const tabs = ['timeline', 'score', 'stages', 'deliveries'] as const;
type Tab = (typeof tabs)[number];

function currentTab(): Tab {
	const asked = query.value.get('tab');
	return tabs.find((tab) => tab === asked) ?? 'timeline';
}

function Title({ lead, reload }: { lead: Detail; reload: () => void }): JSX.Element {
	const { person, score } = lead;
	const about = [person.title, person.company ?? lead.account?.domain].filter((text): text is string => Boolean(text));
	return (
		<div class="head">
			<div class="lead-head">
				<Avatar name={person.name} address={person.address} large />
				<div>
					<h1 tabIndex={-1}>
						<Foreign>{personName(lead)}</Foreign>
					</h1>
					{about.length > 0 ? (
						<p>
							<Foreign>{about.join(' · ')}</Foreign>
						</p>
					) : null}
					<div class="row">
						<Temperature of={score.temperature} />
						<Grade of={score.grade} />
						<Badge tone={lead.lead.stage === 'customer' ? 'good' : 'plain'}>{word('stage', lead.lead.stage)}</Badge>
						<Flags of={lead.lead} />
					</div>
				</div>
			</div>
			<Actions lead={lead} reload={reload} />
		</div>
	);
}

function Figures({ lead }: { lead: Detail }): JSX.Element {
	const { score } = lead;
	return (
		<dl class="figures">
			<div>
				<dt>{t('lead.score')}</dt>
				<dd>
					{number(score.total, 1)}
					<small>{score.scorecard ? <Foreign>{score.scorecard}</Foreign> : null}</small>
				</dd>
			</div>
			<div>
				<dt>{t('score.fit')}</dt>
				<dd>{number(score.fit, 1)}</dd>
			</div>
			<div>
				<dt>{t('score.engagement')}</dt>
				<dd>{number(score.engagement, 1)}</dd>
			</div>
			<div>
				<dt>{t('score.quality')}</dt>
				<dd>{number(score.quality, 1)}</dd>
			</div>
			<div>
				<dt>{t('score.completeness')}</dt>
				<dd>{percent(score.completeness / 100)}</dd>
			</div>
		</dl>
	);
}

function Part({ tab, lead, turn }: { tab: Tab; lead: Detail; turn: number }): JSX.Element {
	const id = lead.lead.id;
	switch (tab) {
		case 'score':
			return <LeadScore lead={id} turn={turn} />;
		case 'stages':
			return <LeadStages stages={lead.stages} />;
		case 'deliveries':
			return <LeadDeliveries lead={id} turn={turn} />;
		default:
			return <LeadTimeline lead={id} turn={turn} />;
	}
}

export function Lead({ lead: id }: { lead: string }): JSX.Element {
	const lead = useResource<Detail>(`/v1/leads/${part(id)}`);
	const [turn, setTurn] = useState(0);
	const reload = (): void => {
		lead.reload();
		setTurn((n) => n + 1);
	};
	useLive((event) => (event.name === 'lead' && event.data.id === (lead.data?.lead.id ?? id)) || (event.name === 'delivery' && event.data.lead === lead.data?.lead.id), reload);
	useHeading(lead.data !== null);
	useSubject(lead.data ? personName(lead.data) : null);
	const tab = currentTab();
	return (
		<>
			<p class="crumbs">
				<a href={backTo('/app/leads')}>
					<Icon of={ArrowLeft} />
					{t('nav.leads')}
				</a>
			</p>
			{lead.data ? null : (
				<h1 class="hidden-text" tabIndex={-1}>
					{t('nav.lead')}
				</h1>
			)}
			<Shown of={lead} rows={14}>
				{(data) => (
					<div class="stack">
						<Title lead={data} reload={reload} />
						{data.lead.merged_into ? (
							<Notice action={<a href={leadAddress(data.lead.merged_into)}>{t('lead.merged.open')}</a>}>{t('lead.merged')}</Notice>
						) : null}
						{data.lead.linked ? (
							<Notice tone="warn">
								{t('lead.linked')}{' '}
								{data.lead.linked.startsWith('ld_') ? <a href={leadAddress(data.lead.linked)}>{t('lead.linked.open')}</a> : <Foreign>{data.lead.linked}</Foreign>}
							</Notice>
						) : null}
						<Figures lead={data} />
						<div class="columns">
							<div>
								<Tabs
									label={t('lead.parts')}
									tabs={tabs.map((name) => ({ name: t(`lead.${name}`), to: `${leadAddress(id)}${name === 'timeline' ? '' : `?tab=${name}`}`, current: name === tab }))}
								/>
								<Part tab={tab} lead={data} turn={turn} />
							</div>
							<aside class="stack" aria-label={t('lead.about')}>
								<Work lead={data} />
								<Contact lead={data} />
								<AccountCard lead={data} />
								<DuplicatesCard lead={data} />
							</aside>
						</div>
					</div>
				)}
			</Shown>
		</>
	);
}
