// Buttons that act at once.

import type { ComponentChildren, JSX } from 'preact';
import { useRef, useState } from 'preact/hooks';

import { sayFailure } from './toasts.tsx';

/** Acts once at a time: clicks while the answer is on its way do nothing, and the focus stays. */
export function ActButton({ look = '', onAct, children }: { look?: string; onAct: () => Promise<void>; children: ComponentChildren }): JSX.Element {
	const [busy, setBusy] = useState(false);
	const under = useRef(false);
	const act = async (): Promise<void> => {
		if (under.current) {
			return;
		}
		under.current = true;
		setBusy(true);
		await onAct().catch(sayFailure);
		under.current = false;
		setBusy(false);
	};
	return (
		<button type="button" class={`button ${look}`} aria-disabled={busy} onClick={() => void act()}>
			{children}
		</button>
	);
}
