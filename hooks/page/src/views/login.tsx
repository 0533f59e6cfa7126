import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';

import { Failure } from '../api.ts';
import { language, t } from '../i18n.ts';
import { expired, login } from '../session.ts';
import { failureText, Field, Notice } from '../ui/basic.tsx';
import { LanguageChoice, Logo, ThemeChoice } from '../ui/settings.tsx';

function wrong(error: unknown): string {
	if (!(error instanceof Failure)) {
		return String(error);
	}
	return error.kind === 'login' ? t('login.wrong') : failureText(error);
}

export function Login(): JSX.Element {
	const [error, setError] = useState<string | null>(null);
	const [busy, setBusy] = useState(false);
	const field = useRef<HTMLInputElement>(null);
	useEffect(() => {
		document.title = `${t('login.title')} · leadmilter`;
	}, [language.value]);
	useEffect(() => field.current?.focus(), []);
	const enter = async (): Promise<void> => {
		setBusy(true);
		setError(null);
		try {
			await login(field.current?.value.trim() ?? '');
		} catch (failed) {
			setError(wrong(failed));
			setBusy(false);
			field.current?.focus();
		}
	};
	return (
		<main class="login">
			<div>
				<span class="brand">
					<Logo />
					leadmilter
				</span>
				<div class="card">
					<h1>{t('login.title')}</h1>
					<form
						onSubmit={(event) => {
							event.preventDefault();
							void enter();
						}}
					>
						{expired.value ? <Notice>{t('login.expired')}</Notice> : null}
						<Field label={t('login.token')} hint={t('login.hint')} error={error}>
							{(id, described) => (
								<input
									ref={field}
									id={id}
									type="password"
									name="token"
									autocomplete="current-password"
									required
									aria-invalid={error !== null}
									{...(described ? { 'aria-describedby': described } : {})}
								/>
							)}
						</Field>
						<button type="submit" class="button primary" disabled={busy}>
							{busy ? t('working') : t('login.enter')}
						</button>
					</form>
				</div>
				<div class="foot">
					<LanguageChoice />
					<ThemeChoice />
				</div>
			</div>
		</main>
	);
}
