// Leads: searched, filtered, sorted, page by page.  The address bar holds all of it.

import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { ArrowDown, ListFilter, Search, Users, X } from 'lucide-preact';

import { address, useResource, type Schemas } from '../api.ts';
import { nameOf, ownerOptions, useChoices } from '../choices.ts';
import { t, word, type Key } from '../i18n.ts';
import { useLive } from '../live.ts';
import { navigate, query, withQuery } from '../router.ts';
import { choices, Empty, Head, Icon, Select, Shown, type Option } from '../ui/basic.tsx';
import { Changed, useCalm } from '../ui/calm.tsx';
import { LeadTable } from '../ui/leadtable.tsx';
import { noPage, Paging, useRowKeys, useSearch } from '../ui/list.tsx';
import { announcement } from '../ui/toasts.tsx';

const LIMIT = 50;
const filters = ['stage', 'temperature', 'grade', 'owner', 'source', 'scorecard', 'account', 'since', 'until'] as const;
type Filter = (typeof filters)[number];
const more: Filter[] = ['source', 'scorecard', 'account', 'since', 'until'];

/** Days of the user's calendar as the interface's times: `until` is the day after. */
export function dayStart(day: string, plus = 0): string {
	const [year, month, date] = day.split('-').map(Number);
	if (!year || !month || !date) {
		return '';
	}
	return new Date(year, month - 1, date + plus).toISOString();
}

function set(changes: Record<string, string | null>): void {
	navigate(withQuery({ ...changes, ...noPage }), { replace: true });
}

function ask(): string {
	const asked = query.value;
	const unowned = asked.get('owner') === '-';
	return address('/v1/leads', {
		q: asked.get('q'),
		stage: asked.get('stage'),
		temperature: asked.get('temperature'),
		grade: asked.get('grade'),
		owner: unowned ? '' : asked.get('owner'),
		unowned,
		source: asked.get('source'),
		scorecard: asked.get('scorecard'),
		account: asked.get('account'),
		since: dayStart(asked.get('since') ?? ''),
		until: dayStart(asked.get('until') ?? '', 1),
		sort: asked.get('sort'),
		cursor: asked.get('cursor'),
		limit: LIMIT,
	});
}

function shownValue(name: Filter, value: string): string {
	if (name === 'owner') {
		return value === '-' ? t('owner.none') : nameOf(value);
	}
	return name === 'stage' || name === 'temperature' ? word(name, value) : value;
}

function Chips(): JSX.Element | null {
	const set_ = filters.filter((name) => query.value.get(name));
	if (set_.length === 0) {
		return null;
	}
	return (
		<div class="chips">
			{set_.map((name) => (
				<button key={name} type="button" class="chip" onClick={() => set({ [name]: null })}>
					{t(`filter.${name}`)}: <bdi>{shownValue(name, query.value.get(name) ?? '')}</bdi>
					<Icon of={X} />
					<span class="hidden-text">{t('filter.remove')}</span>
				</button>
			))}
			<button type="button" class="button quiet small" onClick={() => set(Object.fromEntries(filters.map((name) => [name, null])))}>
				{t('filter.clear')}
			</button>
		</div>
	);
}

function Day({ name }: { name: 'since' | 'until' }): JSX.Element {
	const id = `filter-${name}`;
	return (
		<div class="field">
			<label for={id}>{t(`filter.${name}`)}</label>
			<input id={id} type="date" value={query.value.get(name) ?? ''} onChange={(event) => set({ [name]: event.currentTarget.value })} />
		</div>
	);
}

function AccountField(): JSX.Element {
	return (
		<div class="field">
			<label for="filter-account">{t('filter.account')}</label>
			<input
				id="filter-account"
				type="text"
				placeholder="example.com"
				value={query.value.get('account') ?? ''}
				onChange={(event) => set({ account: event.currentTarget.value.trim() })}
			/>
		</div>
	);
}

const plain = (values: readonly string[]): Option[] => values.map((value) => ({ value, label: value }));

function Filters({ all }: { all: boolean }): JSX.Element {
	const known = useChoices();
	const one = (name: Filter, options: Option[]): JSX.Element => (
		<Select
			label={t(`filter.${name}`)}
			value={query.value.get(name) ?? ''}
			any={t('filter.any')}
			options={options}
			onChange={(value) => set({ [name]: value })}
		/>
	);
	return (
		<div class="filters" id="filters">
			{one('stage', choices('stage', known.stages))}
			{one('temperature', choices('temperature', known.temperatures))}
			{one('grade', plain(known.grades))}
			{one('owner', [{ value: '-', label: t('owner.none') }, ...ownerOptions(known)])}
			{all ? (
				<>
					{one('source', plain(known.sources))}
					{one('scorecard', plain(known.scorecards))}
					<AccountField />
					<Day name="since" />
					<Day name="until" />
				</>
			) : null}
		</div>
	);
}

const sorts = ['updated', 'created', 'score', 'name'] as const;

export function Leads(): JSX.Element {
	const leads = useResource<Schemas['Leads']>(ask());
	const search = useSearch('q');
	const rows = useRef<HTMLDivElement>(null);
	const [all, setAll] = useState(more.some((name) => query.peek().get(name)));
	useRowKeys(rows, search.ref);
	const calm = useCalm(rows, leads.reload);
	useLive((event) => event.name === 'lead', calm.changed);
	const found = leads.data?.leads.length;
	useEffect(() => {
		if (!leads.loading && found !== undefined) {
			announcement.value = t('leads.shown', { n: found });
		}
	}, [leads.loading, found]);
	const sort = query.value.get('sort') ?? 'updated';
	return (
		<>
			<Head title={t('nav.leads')} lead={t('leads.lead')} />
			<div class="toolbar" role="search" aria-label={t('leads.search')}>
				<div class="row">
					<div class="search">
						<Icon of={Search} />
						<label class="hidden-text" for="q">
							{t('leads.search')}
						</label>
						<input
							ref={search.ref}
							id="q"
							type="search"
							defaultValue={query.peek().get('q') ?? ''}
							placeholder={t('leads.placeholder')}
							autocomplete="off"
							spellcheck={false}
							onInput={search.onInput}
						/>
						<kbd aria-hidden="true">/</kbd>
					</div>
					<label class="hidden-text" for="sort">
						{t('sort')}
					</label>
					<div class="sort">
						<select id="sort" value={sort} onChange={(event) => set({ sort: event.currentTarget.value === 'updated' ? null : event.currentTarget.value })}>
							{sorts.map((name) => (
								<option key={name} value={name}>
									{t(`sort.${name}` as Key)}
								</option>
							))}
						</select>
					</div>
					<button type="button" class="button" aria-expanded={all} aria-controls="filters" onClick={() => setAll(!all)}>
						<Icon of={all ? ArrowDown : ListFilter} />
						{t(all ? 'filter.fewer' : 'filter.more')}
					</button>
				</div>
				<Filters all={all} />
				<Chips />
			</div>
			<div class="card" ref={rows} aria-busy={leads.loading}>
				<Changed of={calm} />
				<Shown of={leads} rows={12}>
					{(data) =>
						data.leads.length === 0 ? (
							<>
								<Empty icon={Users} title={t('leads.none')}>
									{t('leads.none.why')}
								</Empty>
								{data.next || query.value.get('cursor') ? <Paging count="" next={data.next} /> : null}
							</>
						) : (
							<div class={leads.loading ? 'busy' : ''}>
								<LeadTable leads={data.leads} caption={t('leads.caption')} />
								<Paging count={t('leads.shown', { n: data.leads.length })} next={data.next} />
							</div>
						)
					}
				</Shown>
			</div>
		</>
	);
}
