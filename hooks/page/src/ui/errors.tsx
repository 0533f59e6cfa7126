// The last resort: what went wrong while something was drawn, instead of an empty page.

import { Component, type ComponentChildren } from 'preact';

import { t } from '../i18n.ts';

export class ShownErrors extends Component<{ children: ComponentChildren }, { failed: Error | null }> {
	override state: { failed: Error | null } = { failed: null };

	static override getDerivedStateFromError(failed: Error): { failed: Error } {
		return { failed };
	}

	override render(): ComponentChildren {
		if (!this.state.failed) {
			return this.props.children;
		}
		return (
			<main role="alert">
				<h1>{t('error.broken')}</h1>
				<p>{this.state.failed.message}</p>
				<p>
					<a href="/app/leads" target="_self">
						{t('error.again')}
					</a>
				</p>
			</main>
		);
	}
}
