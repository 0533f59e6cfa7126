// What the program says in words of its own (why a stage, an owner, a doubt), in the page's
// language.  What people, scorecards and configurations say stays as they wrote it, and so does a
// phrase this page does not know.

import { date, number } from './format.ts';
import { t, word, type Key } from './i18n.ts';

/** Phrases of nothing but words. */
const phrases: Record<string, Key> = {
	'not qualified': 'said.unqualified',
	'target account': 'said.target',
	'no reachable person': 'said.unreachable',
	'budget, authority, need and timeline known': 'said.bant',
	'score below zero': 'said.negative',
	'wrote': 'said.wrote',
	'responded': 'said.responded',
	'opt-out': 'said.optout',
	'hard bounce': 'said.bounced',
	'answered': 'said.answered',
	'known customer': 'said.customer',
	'divided': 'said.divided',
	'imported': 'said.imported',
	'first to answer': 'said.first',
	'fallback owner': 'said.fallback',
	'was theirs': 'said.theirs',
	'owner of the card it claims': 'said.claimed',
	'owner of the account': 'said.account',
	'owner of the conversation': 'said.conversation',
	'answers this person': 'said.answers',
	'owner of the mailbox': 'said.mailbox',
	'the same phone': 'said.phone',
	'the same name in one conversation': 'said.name.conversation',
	'the same name at one organisation': 'said.name.account',
	'the same name': 'said.name',
	'our mail was not answered': 'said.ours',
	'nothing says otherwise': 'said.otherwise',
};

/** Those that name a rule; what follows (loads, weights) is the rule's working. */
const rules: Record<string, Key> = {
	'by hand: rule': 'said.byhand',
	'pool of rule': 'said.pool',
	'fixed by rule': 'said.fixed',
	'least loaded of rule': 'said.least',
	'round robin of rule': 'said.round',
};

const outcomes = ['won', 'lost', 'rejected', 'accepted', 'qualified', 'recycled', 'unreachable', 'opted_out', 'stage', 'owner'];

/** "stage sql: they signed (olga)", "rejected (crm)": who did it ends it. */
function outcome(text: string): string | null {
	const [, name = '', value = '', reason = '', who = ''] = /^([a-z_]+)(?: ([^:\s]+))?(?:: (.*))? \(([^()]*)\)$/su.exec(text) ?? [];
	if (!outcomes.includes(name)) {
		return null;
	}
	const to = name === 'stage' ? word('stage', value) : value === 'nobody' ? t('said.nobody') : value;
	const what = to ? `${word('touch', name)} → ${to}` : word('touch', name);
	return reason ? t('said.note', { what, reason, who }) : t('said.plain', { what, who });
}

/** "(vera@kunde.example absent until 2026-12-01; sam@kunde.example stands in)" */
function absence(text: string): string {
	const [whole, who = '', day = ''] = /^ \((\S+) (?:has left|absent until (\d{4}-\d\d-\d\d))[^()]*\)$/.exec(text) ?? [];
	if (!whole) {
		return text;
	}
	return ` (${day ? t('said.absent', { who, day: date(`${day}T12:00:00`) }) : t('said.left', { who })})`;
}

function figures(text: string): string | null {
	const [reached, score, threshold] = /^score (-?[\d.e+]+) reaches (-?[\d.e+]+)$/.exec(text) ?? [];
	if (reached) {
		return t('said.reached', { score: number(Number(score), 1), threshold: number(Number(threshold), 1) });
	}
	const [silent, days] = /^no touch for (\d+) days$/.exec(text) ?? [];
	return silent ? t('said.silent', { n: Number(days) }) : null;
}

export function said(text: string | null | undefined): string {
	if (!text) {
		return '';
	}
	const [, head = '', rest = ''] = /^(.*?)( \(\S+ (?:has left|absent until )[^()]*\)|: .*)?$/su.exec(text) ?? [];
	const phrase = Object.hasOwn(phrases, head) ? phrases[head] : undefined;
	if (phrase && (rest === '' || rest.startsWith(' (') || head === 'fallback owner')) {
		return t(phrase) + absence(rest);
	}
	const [, start = '', rule = '', working = ''] = /^([a-z: ]+ rule|by hand: rule) '([^']*)'(.*)$/su.exec(text) ?? [];
	const found = Object.hasOwn(rules, start) ? rules[start] : undefined;
	if (found) {
		return t(found, { rule }) + (found === 'said.pool' ? '' : working);
	}
	return figures(text) ?? outcome(text) ?? text;
}
