// Where the user is: the address bar holds the whole state of a view, so that every view can be
// linked to, reloaded and gone back to.

import { computed, signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';

interface Place {
	path: string;
	search: string;
}

function current(): Place {
	return { path: location.pathname, search: location.search };
}

export const place = signal<Place>(current());
export const path = computed(() => place.value.path);
export const query = computed(() => new URLSearchParams(place.value.search));

/** Counts moves to another view (not changes of filters): where the focus goes. */
export const arrivals = signal(0);

/** A view whose heading comes later than itself hands it the focus then, unless the user has moved it. */
export function useHeading(ready: boolean): void {
	useEffect(() => {
		if (ready && arrivals.peek() > 0 && document.activeElement === document.body) {
			document.querySelector<HTMLElement>('main h1')?.focus({ preventScroll: true });
		}
	}, [ready]);
}

/** What the view is about, for the window's title. */
export const subject = signal('');

export function useSubject(name: string | null | undefined): void {
	useEffect(() => {
		subject.value = name ?? '';
		return () => {
			subject.value = '';
		};
	}, [name]);
}

/** How each view was left: with which filters, on which page. */
const left = new Map<string, string>();

/** The way back to a list as it was. */
export function backTo(list: string): string {
	return list + (left.get(list) ?? '');
}

// --- where the page was scrolled to ---

interface Kept {
	scroll?: number;
}

const PATIENCE = 3_000;
let restoring = 0;

function keepScroll(): void {
	history.replaceState({ ...(history.state as Kept | null), scroll: scrollY }, '');
}

/** Scroll there once what was there is there again, unless the user does something first. */
function restore(to: number): void {
	const mine = ++restoring;
	const until = performance.now() + PATIENCE;
	let frames = 0;
	const step = (now: number): void => {
		if (mine !== restoring) {
			return;
		}
		const ready = ++frames > 2 && !document.querySelector('main .skeleton') && document.documentElement.scrollHeight - innerHeight >= to;
		if (ready || now > until) {
			scrollTo(0, to);
		} else {
			requestAnimationFrame(step);
		}
	};
	requestAnimationFrame(step);
}

function moved(): void {
	const before = place.peek().path;
	left.set(before, place.peek().search);
	place.value = current();
	if (place.peek().path !== before) {
		arrivals.value++;
	}
}

export function navigate(to: string, how: { replace?: boolean } = {}): void {
	if (how.replace) {
		history.replaceState(history.state, '', to);
	} else {
		keepScroll();
		history.pushState(null, '', to);
	}
	restoring++;
	const before = place.peek().path;
	moved();
	if (place.peek().path !== before) {
		scrollTo(0, 0);
	}
}

/** The same view with parameters changed: null and '' take one away. */
export function withQuery(changes: Record<string, string | null>): string {
	const next = new URLSearchParams(query.value);
	for (const [name, value] of Object.entries(changes)) {
		if (value === null || value === '') {
			next.delete(name);
		} else {
			next.set(name, value);
		}
	}
	const text = next.toString();
	return place.value.path + (text ? `?${text}` : '');
}

/** Text in a path, safe whatever it holds. */
export const part = encodeURIComponent;

/** The arguments of `pattern` ("/leads/:lead") in a path, or null. */
export function match(pattern: string, where: string): Record<string, string> | null {
	const wanted = pattern.split('/');
	const given = where.split('/');
	if (wanted.length !== given.length) {
		return null;
	}
	const found: Record<string, string> = {};
	for (const [index, piece] of wanted.entries()) {
		const text = given[index] ?? '';
		if (piece.startsWith(':')) {
			try {
				found[piece.slice(1)] = decodeURIComponent(text);
			} catch {
				return null;
			}
		} else if (piece !== text) {
			return null;
		}
	}
	return found;
}

function ours(event: MouseEvent): HTMLAnchorElement | null {
	if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) {
		return null;
	}
	const target = event.target instanceof Element ? event.target.closest('a') : null;
	if (!(target instanceof HTMLAnchorElement) || target.target || target.hasAttribute('download')) {
		return null;
	}
	const url = new URL(target.href);
	const elsewhere = url.origin !== location.origin || url.pathname.startsWith('/v1/') || url.pathname.includes('.');
	const inPage = url.hash !== '' && url.pathname === location.pathname;
	return elsewhere || inPage ? null : target;
}

export function startRouter(): void {
	history.scrollRestoration = 'manual';
	restore((history.state as Kept | null)?.scroll ?? 0);
	addEventListener('pagehide', keepScroll);
	addEventListener('popstate', (event) => {
		moved();
		restore((event.state as Kept | null)?.scroll ?? 0);
	});
	for (const act of ['wheel', 'touchstart', 'pointerdown', 'keydown']) {
		addEventListener(act, () => restoring++, { passive: true, capture: true });
	}
	document.addEventListener('click', (event) => {
		const link = ours(event);
		if (link) {
			event.preventDefault();
			const url = new URL(link.href);
			navigate(url.pathname + url.search);
		}
	});
}
