// What every user may set: language and colours; and the program's sign.

import type { JSX } from 'preact';

import { language, languages, setLanguage, t, type Language } from '../i18n.ts';
import { setTheme, theme, themes, type Theme } from '../theme.ts';

export function Logo(): JSX.Element {
	return (
		<svg viewBox="0 0 32 32" aria-hidden="true" focusable="false">
			<rect width="32" height="32" rx="8" fill="#1b7f94" />
			<path d="M7 9h18l-7 8.5V25l-4-2.5v-5z" fill="#fff" />
			<circle cx="24.5" cy="23.5" r="3.5" fill="#f5b83d" />
		</svg>
	);
}

export function LanguageChoice(): JSX.Element {
	return (
		<div class="choice">
			<label class="hidden-text" for="language">
				{t('language')}
			</label>
			<select id="language" value={language.value} onChange={(event) => void setLanguage(event.currentTarget.value as Language)}>
				{Object.entries(languages).map(([code, name]) => (
					<option key={code} value={code} lang={code}>
						{name}
					</option>
				))}
			</select>
		</div>
	);
}

export function ThemeChoice(): JSX.Element {
	return (
		<div class="choice">
			<label class="hidden-text" for="theme">
				{t('theme')}
			</label>
			<select id="theme" value={theme.value} onChange={(event) => setTheme(event.currentTarget.value as Theme)}>
				{themes.map((name) => (
					<option key={name} value={name}>
						{t(`theme.${name}`)}
					</option>
				))}
			</select>
		</div>
	);
}
