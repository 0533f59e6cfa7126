import { render } from 'preact';

import { App } from './app.tsx';
import { startClock } from './format.ts';
import { startLanguage } from './i18n.ts';
import { startLive } from './live.ts';
import { startRouter } from './router.ts';
import { loadSession, startTabs } from './session.ts';
import { ShownErrors } from './ui/errors.tsx';

// Texts and session are asked for together; what is shown needs both.
await Promise.all([startLanguage(), loadSession()]);
startRouter();
startLive();
startTabs();
startClock();
const root = document.getElementById('root');
if (root) {
	root.replaceChildren();
	render(
		<ShownErrors>
			<App />
		</ShownErrors>,
		root,
	);
}
