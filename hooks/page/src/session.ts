// Who is logged in, and what they may.

import { computed, effect, signal } from '@preact/signals';

import { csrf, Failure, get, post, refusals, remove, type Schemas } from './api.ts';

export type Session = Schemas['Session'];

export const session = signal<Session | null>(null);
/** The session is gone though the user didn't log out. */
export const expired = signal(false);
/** Why it isn't even known whether there is a session; null when it is. */
export const unknown = signal<Failure | null>(null);
export const mayAct = computed(() => session.value?.role === 'operator');

function begin(next: Session | null): void {
	unknown.value = null;
	// The same session told again changes nothing: no view and no stream begins anew.
	if (next?.csrf !== session.peek()?.csrf) {
		csrf.value = next?.csrf ?? '';
		session.value = next;
	}
}

let tabs: BroadcastChannel | null = null;

/** Other tabs share the cookie: when one logs in or out, this one follows. */
export function startTabs(): void {
	tabs = new BroadcastChannel('leadmilter.session');
	tabs.addEventListener('message', () => void checkSession());
}

export async function loadSession(): Promise<void> {
	try {
		begin(await get<Session>('/v1/session'));
	} catch (error) {
		begin(null);
		if (error instanceof Failure && error.kind !== 'login') {
			unknown.value = error;
		}
	}
}

export async function login(token: string): Promise<void> {
	begin(await post<Session>('/v1/session', { token }));
	expired.value = false;
	tabs?.postMessage('login');
}

export async function logout(): Promise<void> {
	await remove('/v1/session').catch((error: unknown) => {
		// Without a session there is nothing to end.
		if (!(error instanceof Failure) || error.kind !== 'login') {
			throw error;
		}
	});
	begin(null);
	expired.value = false;
	tabs?.postMessage('logout');
}

/** The server no longer knows the session. */
export function endSession(): void {
	if (session.peek()) {
		expired.value = true;
		begin(null);
	}
}

/** Is the session still what this tab thinks it is?  Whoever can't be asked has not said no. */
export async function checkSession(): Promise<void> {
	try {
		begin(await get<Session>('/v1/session'));
		expired.value = false;
	} catch (error) {
		if (error instanceof Failure && error.kind === 'login') {
			endSession();
		}
	}
}

effect(() => {
	if (refusals.value > 0) {
		endSession();
	}
});
