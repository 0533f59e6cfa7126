// Light, dark, or as the system says.

import { signal } from '@preact/signals';

export const themes = ['system', 'light', 'dark'] as const;
export type Theme = (typeof themes)[number];
const KEPT = 'leadmilter.theme';

function kept(): Theme {
	const set = document.documentElement.dataset.theme;
	return set === 'light' || set === 'dark' ? set : 'system';
}

export const theme = signal<Theme>(kept());

export function setTheme(wanted: Theme): void {
	theme.value = wanted;
	if (wanted === 'system') {
		delete document.documentElement.dataset.theme;
	} else {
		document.documentElement.dataset.theme = wanted;
	}
	try {
		if (wanted === 'system') {
			localStorage.removeItem(KEPT);
		} else {
			localStorage.setItem(KEPT, wanted);
		}
	} catch {
		// Then for this visit only.
	}
}
