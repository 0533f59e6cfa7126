// What changes while the page is open, from GET /v1/stream.
//
// The browser's EventSource reconnects by itself and names the last event it saw; only when it
// gives up (an answer that is no stream) we try again, later each time.

import { effect, signal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';

import { checkSession, endSession, session } from './session.ts';

export interface LiveEvents {
	lead: { id: string; change: 'created' | 'changed' | 'merged' | 'forgotten' };
	delivery: { id: number; lead: string | null; endpoint: string; state: string };
	endpoint: { name: string; parked: boolean };
	reset: Record<string, never>;
}
export type LiveEvent = { [Name in keyof LiveEvents]: { name: Name; data: LiveEvents[Name] } }[keyof LiveEvents];

export const liveState = signal<'off' | 'connecting' | 'on'>('off');

const listeners = new Set<(event: LiveEvent) => void>();
const names: (keyof LiveEvents)[] = ['lead', 'delivery', 'endpoint', 'reset'];
const RETRY_LEAST = 2_000;
const RETRY_MOST = 60_000;

function told(event: LiveEvent): void {
	for (const listener of listeners) {
		listener(event);
	}
}

function open(after: string, retry: (after: string) => void): EventSource {
	const source = new EventSource(after ? `/v1/stream?after=${encodeURIComponent(after)}` : '/v1/stream');
	let last = after;
	source.addEventListener('open', () => {
		// Who was away may have missed something before the first event id was known.
		if (liveState.peek() === 'connecting' && last === '') {
			told({ name: 'reset', data: {} });
		}
		liveState.value = 'on';
	});
	source.addEventListener('error', () => {
		liveState.value = 'connecting';
		if (source.readyState === EventSource.CLOSED) {
			// Refused: perhaps because there is no session any more.
			void checkSession();
			retry(last);
		}
	});
	for (const name of names) {
		source.addEventListener(name, (event: MessageEvent<string>) => {
			last = event.lastEventId || last;
			told({ name, data: JSON.parse(event.data) as unknown } as LiveEvent);
		});
	}
	source.addEventListener('end', () => {
		source.close();
		endSession();
	});
	return source;
}

export function startLive(): void {
	effect(() => {
		if (!session.value) {
			liveState.value = 'off';
			return undefined;
		}
		let timer: ReturnType<typeof setTimeout> | undefined;
		let wait = RETRY_LEAST;
		let source: EventSource;
		const connect = (after: string): void => {
			source = open(after, (last) => {
				timer = setTimeout(() => connect(last), wait);
				wait = Math.min(wait * 2, RETRY_MOST);
			});
			source.addEventListener('open', () => {
				wait = RETRY_LEAST;
			});
		};
		connect('');
		return () => {
			clearTimeout(timer);
			source.close();
		};
	});
}

const SETTLE = 400;

/** Call `act` soon after an event that `concerns` us; many at once are one call. */
export function useLive(concerns: (event: LiveEvent) => boolean, act: () => void): void {
	const latest = useRef({ concerns, act });
	latest.current = { concerns, act };
	useEffect(() => {
		let timer: ReturnType<typeof setTimeout> | undefined;
		const listener = (event: LiveEvent): void => {
			if (event.name === 'reset' || latest.current.concerns(event)) {
				timer ??= setTimeout(() => {
					timer = undefined;
					latest.current.act();
				}, SETTLE);
			}
		};
		listeners.add(listener);
		return () => {
			clearTimeout(timer);
			listeners.delete(listener);
		};
	}, []);
}
