// Long lists: pages by cursor, rows walked with the keyboard.

import type { JSX, RefObject, TargetedInputEvent, TargetedMouseEvent } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { ChevronLeft, ChevronRight } from 'lucide-preact';

import { t } from '../i18n.ts';
import { navigate, query, withQuery } from '../router.ts';
import { Icon } from './basic.tsx';

const SEPARATOR = '~';

/** The cursors of the pages between the first and this one, as the address bar keeps them. */
export function trail(kept: string | null): string[] {
	return kept ? kept.split(SEPARATOR) : [];
}

/** Where the next page is; of a long way only the last steps back are kept. */
export function onward(cursor: string | null, kept: string | null, next: string): Record<string, string | null> {
	const steps = [...trail(kept), ...(cursor ? [cursor] : [])].slice(-20);
	return { cursor: next, before: steps.length > 0 ? steps.join(SEPARATOR) : null };
}

export function backward(kept: string | null): Record<string, string | null> {
	const steps = trail(kept);
	// The first page has no cursor.
	return { cursor: steps.pop() ?? null, before: steps.length > 0 ? steps.join(SEPARATOR) : null };
}

export const noPage = { cursor: null, before: null };

export function Paging({ count, next }: { count: string; next: string | null }): JSX.Element {
	const cursor = query.value.get('cursor');
	const before = query.value.get('before');
	return (
		<nav class="paging" aria-label={t('paging')}>
			<span>{count}</span>
			<span class="row">
				{cursor ? (
					<a class="button small" href={withQuery(backward(before))}>
						<Icon of={ChevronLeft} />
						{t('paging.previous')}
					</a>
				) : null}
				{next ? (
					<a class="button small" href={withQuery(onward(cursor, before, next))} rel="next">
						{t('paging.next')}
						<Icon of={ChevronRight} />
					</a>
				) : null}
			</span>
		</nav>
	);
}

function typing(target: EventTarget | null): boolean {
	return target instanceof HTMLElement && (target.isContentEditable || /^(input|select|textarea)$/i.test(target.tagName));
}

/** j and k or the arrows walk the rows' links, Home and End jump; "/" goes to the search. */
export function useRowKeys(rows: RefObject<HTMLElement>, search?: RefObject<HTMLInputElement>): void {
	useEffect(() => {
		const onKey = (event: KeyboardEvent): void => {
			if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target) || document.querySelector('dialog[open]')) {
				return;
			}
			if (event.key === '/' && search?.current) {
				event.preventDefault();
				search.current.focus();
				return;
			}
			const links = [...(rows.current?.querySelectorAll<HTMLElement>('[data-row]') ?? [])];
			const at = links.indexOf(document.activeElement as HTMLElement);
			const arrows = at >= 0;
			const to =
				event.key === 'j' || (arrows && event.key === 'ArrowDown')
					? Math.min(at + 1, links.length - 1)
					: event.key === 'k' || (arrows && event.key === 'ArrowUp')
						? Math.max(at - 1, 0)
						: arrows && event.key === 'Home'
							? 0
							: arrows && event.key === 'End'
								? links.length - 1
								: -1;
			if (to >= 0 && links[to]) {
				event.preventDefault();
				links[to].focus();
			}
		};
		document.addEventListener('keydown', onKey);
		return () => document.removeEventListener('keydown', onKey);
	}, [rows, search]);
}

/** A click anywhere in a row is one on its link, unless it chose text or hit a control. */
export function openRow(event: TargetedMouseEvent<HTMLElement>): void {
	const target = event.target as Element;
	if (target.closest('a, button, select, input') || getSelection()?.toString()) {
		return;
	}
	const link = target.closest('tr')?.querySelector<HTMLAnchorElement>('a[data-row]');
	if (link) {
		const url = new URL(link.href);
		navigate(url.pathname + url.search);
	}
}

/** A search field that asks when the typing pauses. */
export function useSearch(name: string): { ref: RefObject<HTMLInputElement>; onInput: (event: TargetedInputEvent<HTMLInputElement>) => void } {
	const ref = useRef<HTMLInputElement>(null);
	const timer = useRef<ReturnType<typeof setTimeout>>();
	const value = query.value.get(name) ?? '';
	useEffect(() => {
		// Back and forward change it; typing must not be overwritten by its own echo.
		if (ref.current && document.activeElement !== ref.current) {
			ref.current.value = value;
		}
	}, [value]);
	useEffect(() => () => clearTimeout(timer.current), []);
	return {
		ref,
		onInput: (event) => {
			const text = event.currentTarget.value;
			clearTimeout(timer.current);
			timer.current = setTimeout(() => navigate(withQuery({ [name]: text.trim(), ...noPage }), { replace: true }), 250);
		},
	};
}
