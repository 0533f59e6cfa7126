// Dialogs: the browser's own <dialog>, which keeps the focus inside and gives it back.

import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useId, useRef, useState } from 'preact/hooks';

import { Failure } from '../api.ts';
import { t } from '../i18n.ts';
import { failureText, Notice } from './basic.tsx';

export function Dialog({ title, children, onClose, wide }: { title: string; children: ComponentChildren; onClose: () => void; wide?: boolean }): JSX.Element {
	const id = useId();
	const box = useRef<HTMLDialogElement>(null);
	useEffect(() => {
		const dialog = box.current;
		const before = document.activeElement;
		dialog?.showModal();
		return () => {
			dialog?.close();
			if (before instanceof HTMLElement && before.isConnected) {
				before.focus();
			}
		};
	}, []);
	return (
		<dialog
			ref={box}
			class={wide ? 'wide' : ''}
			aria-labelledby={id}
			onCancel={(event) => {
				event.preventDefault();
				onClose();
			}}
		>
			<div class="inside">
				<h2 id={id}>{title}</h2>
				{children}
			</div>
		</dialog>
	);
}

/** Ask, act, and stay open with the reason when it fails. */
export function Ask({
	title,
	children,
	action,
	danger,
	ready = true,
	onAct,
	onClose,
	wide,
}: {
	title: string;
	children?: ComponentChildren;
	action: string;
	danger?: boolean;
	ready?: boolean;
	onAct: () => Promise<void>;
	onClose: () => void;
	wide?: boolean;
}): JSX.Element {
	const [busy, setBusy] = useState(false);
	const [failure, setFailure] = useState<Failure | null>(null);
	const act = async (): Promise<void> => {
		setBusy(true);
		setFailure(null);
		try {
			await onAct();
			onClose();
		} catch (error) {
			setFailure(error instanceof Failure ? error : new Failure('server', 0, String(error)));
			setBusy(false);
		}
	};
	return (
		<Dialog title={title} onClose={onClose} {...(wide ? { wide } : {})}>
			<form
				class="stack"
				onSubmit={(event) => {
					event.preventDefault();
					if (ready && !busy) {
						void act();
					}
				}}
			>
				{children}
				{failure ? <Notice tone="bad">{failureText(failure)}</Notice> : null}
				<div class="actions">
					<button type="button" class="button" onClick={onClose}>
						{t('cancel')}
					</button>
					<button type="submit" class={`button primary ${danger ? 'danger' : ''}`} disabled={!ready || busy}>
						{busy ? t('working') : action}
					</button>
				</div>
			</form>
		</Dialog>
	);
}
