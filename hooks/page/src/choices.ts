// What filters can be set to: asked for once a session, and again when a view wants it fresh.

import { signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';

import { get, type Schemas } from './api.ts';

const none: Schemas['Choices'] = {
	stages: [],
	grades: [],
	temperatures: [],
	scorecards: [],
	sources: [],
	mailboxes: [],
	owners: [],
	endpoints: [],
	kinds: [],
};
const choices = signal<Schemas['Choices']>(none);
let asked = 0;
const FRESH = 60_000;

export function useChoices(): Schemas['Choices'] {
	useEffect(() => {
		if (Date.now() - asked < FRESH) {
			return;
		}
		asked = Date.now();
		get<Schemas['Choices']>('/v1/choices').then(
			(got) => {
				choices.value = got;
			},
			() => {
				// Filters then offer what the address bar says; the view itself tells of the failure.
				asked = 0;
			},
		);
	}, []);
	return choices.value;
}

export function ownerOptions(from: Schemas['Choices']): { value: string; label: string }[] {
	return from.owners.map(({ address, name }) => ({ value: address, label: name ? `${name} (${address})` : address }));
}

export function nameOf(address: string | null | undefined): string {
	return choices.value.owners.find((owner) => owner.address === address)?.name ?? address ?? '';
}
