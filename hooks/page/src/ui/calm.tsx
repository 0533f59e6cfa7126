// Lists hold still: what changes meanwhile moves no row away from under the pointer, and takes
// the focus from nobody.

import type { JSX, RefObject } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';

import { t } from '../i18n.ts';

const ROW = 'tbody > tr, .pair';

export interface Calm {
	/** The list has changed; it is not shown yet. */
	pending: boolean;
	/** Told that the list has changed. */
	changed: () => void;
	show: () => void;
}

/** While the pointer is over the rows a change waits, until it has left or is asked for. */
export function useCalm(rows: RefObject<HTMLElement>, reload: () => void): Calm {
	const [pending, setPending] = useState(false);
	const show = (): void => {
		setPending(false);
		reload();
	};
	const latest = useRef(show);
	latest.current = show;
	useEffect(() => {
		const box = rows.current;
		if (!pending || !box) {
			return undefined;
		}
		const leave = (): void => latest.current();
		box.addEventListener('pointerleave', leave);
		return () => box.removeEventListener('pointerleave', leave);
	}, [pending]);
	const changed = (): void => {
		const box = rows.current;
		// A finger leaves nothing behind that hovers.
		if (box?.matches(':hover') && box.querySelector(ROW) && matchMedia('(hover: hover)').matches) {
			setPending(true);
		} else {
			reload();
		}
	};
	return { pending, changed, show };
}

export function Changed({ of }: { of: Calm }): JSX.Element {
	return (
		<div class="changed" role="status">
			{of.pending ? (
				<button type="button" class="button small" onClick={of.show}>
					{t('list.changed')} <strong>{t('list.show')}</strong>
				</button>
			) : null}
		</div>
	);
}

/** When the row that has the focus goes (its lead was claimed), the one in its place gets it. */
export function useFocusKept(rows: RefObject<HTMLElement>): void {
	const last = useRef<{ row: Element; place: number } | null>(null);
	useEffect(() => {
		const onFocus = (event: FocusEvent): void => {
			const row = event.target instanceof Element && rows.current?.contains(event.target) ? event.target.closest(ROW) : null;
			last.current = row ? { row, place: [...(rows.current?.querySelectorAll(ROW) ?? [])].indexOf(row) } : null;
		};
		document.addEventListener('focusin', onFocus);
		return () => document.removeEventListener('focusin', onFocus);
	}, []);
	useLayoutEffect(() => {
		const was = last.current;
		if (!was || was.row.isConnected || (document.activeElement && document.activeElement !== document.body)) {
			return;
		}
		last.current = null;
		const there = [...(rows.current?.querySelectorAll(ROW) ?? [])];
		const row = there[Math.min(was.place, there.length - 1)];
		(row?.querySelector<HTMLElement>('[data-row], a') ?? document.querySelector<HTMLElement>('main h1'))?.focus({ preventScroll: true });
	});
}
