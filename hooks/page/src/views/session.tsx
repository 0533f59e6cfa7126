import type { JSX } from 'preact';
import { LogOut } from 'lucide-preact';

import { span } from '../format.ts';
import { t } from '../i18n.ts';
import { logout, session } from '../session.ts';
import { Card, Facts, Foreign, Head, Icon, Moment } from '../ui/basic.tsx';
import { sayFailure } from '../ui/toasts.tsx';

const keys: [string, 'keys.walk' | 'keys.open' | 'keys.search' | 'keys.close'][] = [
	['j k', 'keys.walk'],
	['Enter', 'keys.open'],
	['/', 'keys.search'],
	['Esc', 'keys.close'],
];

export function SessionView(): JSX.Element | null {
	const who = session.value;
	if (!who) {
		return null;
	}
	return (
		<>
			<Head title={t('nav.session')}>
				<button type="button" class="button" onClick={() => void logout().catch(sayFailure)}>
					<Icon of={LogOut} />
					{t('logout')}
				</button>
			</Head>
			<div class="tiles">
				<Card title={t('session.who')}>
					<Facts
						rows={[
							[t('session.user'), <Foreign key="u">{who.user}</Foreign>],
							[t('session.role'), `${t(`role.${who.role}`)} — ${t(`role.${who.role}.may`)}`],
							[t('session.owner'), who.owner ? <Foreign>{who.owner}</Foreign> : t('session.noowner')],
							[t('session.expires'), <Moment key="e" at={who.expires} />],
							[t('session.idle'), span(who.idle_seconds)],
							[t('session.version'), who.version],
						]}
					/>
				</Card>
				<Card title={t('session.keys')}>
					<dl class="facts">
						{keys.map(([key, text]) => [
							<dt key={`k${key}`}>
								{key.split(' ').map((one) => (
									<kbd key={one}>{one}</kbd>
								))}
							</dt>,
							<dd key={`d${key}`}>{t(text)}</dd>,
						])}
					</dl>
				</Card>
				<Card title={t('session.licences')}>
					<p>
						<a href="/licences.txt" target="_blank" rel="noopener">
							{t('session.licences.read')}
						</a>
					</p>
				</Card>
			</div>
		</>
	);
}
