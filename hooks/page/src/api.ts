// The program's interface (conf/api/openapi.json) as the page asks it.

import { signal } from '@preact/signals';
import { useCallback, useLayoutEffect, useRef, useState } from 'preact/hooks';

import type { components } from './schema.d.ts';

export type Schemas = components['schemas'];

/** What went wrong, told apart by what the user can do about it. */
export type FailureKind = 'offline' | 'login' | 'forbidden' | 'missing' | 'conflict' | 'invalid' | 'limited' | 'busy' | 'server';

export class Failure extends Error {
	constructor(
		readonly kind: FailureKind,
		readonly status: number,
		message: string,
		readonly details: { pointer: string; message: string }[] = [],
	) {
		super(message);
	}
}

const kinds: Record<number, FailureKind> = {
	401: 'login',
	403: 'forbidden',
	404: 'missing',
	409: 'conflict',
	400: 'invalid',
	413: 'invalid',
	415: 'invalid',
	422: 'invalid',
	429: 'limited',
	502: 'busy',
	503: 'busy',
	504: 'busy',
};

export type Parameters = Record<string, string | number | boolean | null | undefined>;

/** A path with a query; what is empty is left out. */
export function address(path: string, parameters: Parameters = {}): string {
	const query = new URLSearchParams();
	for (const [name, value] of Object.entries(parameters)) {
		if (value !== null && value !== undefined && value !== '' && value !== false) {
			query.set(name, String(value));
		}
	}
	const text = query.toString();
	return text ? `${path}?${text}` : path;
}

/** The session's token against forged requests; '' before the login. */
export const csrf = signal('');
/** Counts answers of 401: session.ts shows the login. */
export const refusals = signal(0);
/** The last request reached the program. */
export const online = signal(true);

async function failure(response: Response): Promise<Failure> {
	let error: Partial<Schemas['Error']['error']> = {};
	try {
		error = ((await response.json()) as Schemas['Error']).error;
	} catch {
		// A proxy's page, or nothing: the status says enough.
	}
	return new Failure(kinds[response.status] ?? 'server', response.status, error.message ?? '', error.details);
}

async function ask<T>(method: string, path: string, how: { body?: unknown; signal?: AbortSignal }): Promise<T> {
	const headers: Record<string, string> = { Accept: 'application/json' };
	if (method !== 'GET') {
		headers['X-CSRF-Token'] = csrf.peek();
		headers['Content-Type'] = 'application/json';
	}
	let response: Response;
	try {
		response = await fetch(path, {
			method,
			headers,
			credentials: 'same-origin',
			redirect: 'error',
			...(how.body === undefined ? {} : { body: JSON.stringify(how.body) }),
			...(how.signal ? { signal: how.signal } : {}),
		});
	} catch (error) {
		if (!how.signal?.aborted) {
			online.value = false;
		}
		throw new Failure('offline', 0, error instanceof Error ? error.message : '');
	}
	online.value = true;
	if (!response.ok) {
		const failed = await failure(response);
		if (failed.kind === 'login' && path !== '/v1/session') {
			refusals.value++;
		}
		throw failed;
	}
	return (await response.json()) as T;
}

export function get<T>(path: string, parameters?: Parameters, abort?: AbortSignal): Promise<T> {
	return ask<T>('GET', address(path, parameters), abort ? { signal: abort } : {});
}

export function post<T>(path: string, body: unknown = {}): Promise<T> {
	return ask<T>('POST', path, { body });
}

export function remove<T>(path: string): Promise<T> {
	return ask<T>('DELETE', path, {});
}

interface Page {
	more: boolean;
	next: string | null;
}

/** A search that found nothing in what one request looks at goes on until it has something to show. */
async function first<T>(where: string, abort: AbortSignal): Promise<T> {
	for (let at = where; ; ) {
		const got = await get<T & Partial<Page>>(at, {}, abort);
		const items = Object.values(got as Record<string, unknown>).find(Array.isArray);
		if (!got.more || !got.next || items?.length !== 0) {
			return got;
		}
		const [path = '', query = ''] = where.split('?');
		at = address(path, { ...Object.fromEntries(new URLSearchParams(query)), cursor: got.next });
	}
}

export interface Resource<T> {
	/** What was got last; stays while more is fetched and when that fails. */
	data: T | null;
	failure: Failure | null;
	loading: boolean;
	reload: () => void;
}

const passing = new Set<FailureKind>(['offline', 'busy', 'limited']);
const AGAIN_LEAST = 2_000;
const AGAIN_MOST = 30_000;

/** What a GET answers, asked for again when the address changes or reload() is called. */
export function useResource<T>(where: string | null): Resource<T> {
	const [state, setState] = useState<{ where: string | null; data: T | null; failure: Failure | null; loading: boolean }>({
		where,
		data: null,
		failure: null,
		loading: where !== null,
	});
	const [turn, setTurn] = useState(0);
	const path = useRef('');
	// What fails because the program or its store is away is asked for again, ever more rarely.
	const again = useRef({ quietly: false, times: 0 });
	const reload = useCallback(() => {
		again.current.quietly = false;
		setTurn((n) => n + 1);
	}, []);
	// Before the first paint: what is asked for early is there early.
	useLayoutEffect(() => {
		if (where === null) {
			return undefined;
		}
		const abort = new AbortController();
		const base = where.split('?')[0] ?? '';
		// Another page of the same list keeps what is shown until the new one is there.
		const keep = path.current === base;
		path.current = base;
		const { quietly } = again.current;
		again.current = { quietly: false, times: quietly ? again.current.times : 0 };
		let timer: ReturnType<typeof setTimeout> | undefined;
		if (!quietly) {
			setState((old) => ({ where, data: keep ? old.data : null, failure: null, loading: true }));
		}
		first<T>(where, abort.signal).then(
			(data) => {
				again.current.times = 0;
				setState({ where, data, failure: null, loading: false });
			},
			(error: unknown) => {
				if (!abort.signal.aborted) {
					const failed = error instanceof Failure ? error : new Failure('server', 0, String(error));
					setState((old) => ({ ...old, failure: failed, loading: false }));
					if (passing.has(failed.kind)) {
						timer = setTimeout(() => {
							again.current.quietly = true;
							setTurn((n) => n + 1);
						}, Math.min(AGAIN_LEAST * 2 ** again.current.times++, AGAIN_MOST));
					}
				}
			},
		);
		return () => {
			clearTimeout(timer);
			abort.abort();
		};
	}, [where, turn]);
	return { data: state.data, failure: state.failure, loading: state.loading || state.where !== where, reload };
}
