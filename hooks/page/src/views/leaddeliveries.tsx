import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { Send } from 'lucide-preact';

import { useResource, type Schemas } from '../api.ts';
import { t } from '../i18n.ts';
import { part } from '../router.ts';
import { Card, Empty, Shown } from '../ui/basic.tsx';
import { DeliveryTable } from '../ui/deliverytable.tsx';

export function LeadDeliveries({ lead, turn }: { lead: string; turn: number }): JSX.Element {
	const deliveries = useResource<Schemas['Deliveries']>(`/v1/leads/${part(lead)}/deliveries`);
	useEffect(() => {
		if (turn > 0) {
			deliveries.reload();
		}
	}, [turn]);
	return (
		<Card flush title={t('lead.deliveries')} action={<a href={`/app/deliveries?lead=${part(lead)}`}>{t('deliveries.all')}</a>}>
			<Shown of={deliveries}>
				{(data) =>
					data.deliveries.length === 0 ? (
						<Empty icon={Send} level={3} title={t('deliveries.none')} />
					) : (
						<DeliveryTable deliveries={data.deliveries} onDone={deliveries.reload} ofLead />
					)
				}
			</Shown>
		</Card>
	);
}
