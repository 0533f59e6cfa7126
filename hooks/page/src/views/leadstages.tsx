import type { JSX } from 'preact';
import { Workflow } from 'lucide-preact';

import type { Schemas } from '../api.ts';
import { t, word } from '../i18n.ts';
import { said } from '../said.ts';
import { Badge, Card, Empty, Foreign, Moment } from '../ui/basic.tsx';

export function LeadStages({ stages }: { stages: Schemas['StageChange'][] }): JSX.Element {
	return (
		<Card title={t('lead.stages')}>
			{stages.length === 0 ? (
				<Empty icon={Workflow} level={3} title={t('stages.none')} />
			) : (
				<ol class="history">
					{[...stages].reverse().map((change, index) => (
						<li key={index}>
							<Moment at={change.time} />
							<div>
								<div class="row">
									{change.from ? (
										<>
											<Badge>{word('stage', change.from)}</Badge>
											<span aria-hidden="true">→</span>
											<span class="hidden-text">{t('stages.to')}</span>
										</>
									) : null}
									<Badge tone={change.to === 'customer' ? 'good' : change.to === 'disqualified' ? 'bad' : 'info'}>{word('stage', change.to)}</Badge>
								</div>
								{change.cause ? (
									<p class="muted">
										<Foreign>{said(change.cause)}</Foreign>
									</p>
								) : null}
							</div>
						</li>
					))}
				</ol>
			)}
		</Card>
	);
}
