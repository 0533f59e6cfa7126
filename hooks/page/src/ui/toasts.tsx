// Short messages about what was done, read out by screen readers; some can be undone.

import { signal } from '@preact/signals';
import type { JSX } from 'preact';
import { X } from 'lucide-preact';

import { Failure } from '../api.ts';
import { t } from '../i18n.ts';
import { failureText, Icon } from './basic.tsx';

interface Toast {
	id: number;
	text: string;
	tone: 'good' | 'bad';
	undo: (() => void) | null;
}

const toasts = signal<Toast[]>([]);
let serial = 0;
const STAYS = 8_000;
const STAYS_WITH_UNDO = 15_000;

function take(id: number): void {
	toasts.value = toasts.peek().filter((toast) => toast.id !== id);
}

export function say(text: string, how: { tone?: 'good' | 'bad'; undo?: () => void } = {}): void {
	const id = ++serial;
	toasts.value = [...toasts.peek().slice(-2), { id, text, tone: how.tone ?? 'good', undo: how.undo ?? null }];
	setTimeout(() => take(id), how.undo ? STAYS_WITH_UNDO : STAYS);
}

export function sayFailure(error: unknown): void {
	say(error instanceof Failure ? failureText(error) : String(error), { tone: 'bad' });
}

/** What is read out but not shown. */
export const announcement = signal('');

export function Toasts(): JSX.Element {
	return (
		<>
			<div class="hidden-text" aria-live="polite" id="announcement">
				{announcement.value}
			</div>
			<div class="toasts" role="region" aria-label={t('toasts')}>
				<div aria-live="polite" class="stack tight">
					{toasts.value.map((toast) => (
						<div key={toast.id} class={`toast ${toast.tone}`}>
							<span>{toast.text}</span>
							{toast.undo ? (
								<button
									type="button"
									class="button small"
									onClick={() => {
										take(toast.id);
										toast.undo?.();
									}}
								>
									{t('undo')}
								</button>
							) : null}
							<button type="button" class="button quiet small" aria-label={t('close')} onClick={() => take(toast.id)}>
								<Icon of={X} />
							</button>
						</div>
					))}
				</div>
			</div>
		</>
	);
}
