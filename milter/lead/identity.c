/*
 * identity.c - see identity.h.
 *
 * An address that matches decides before the conversation does: the conversation tells whom we
 * talked with, the address who writes now.  A candidate made by unproven mail for an existing
 * card has DECIDE_UNVERIFIED before its normalised address, so that no search by address takes it
 * for the person, and is written by unproven mail only.
 */
#include "lead/identity.h"

#include <string.h>

#include "base/limits.h"

/* --- names --- */

/* A name's words without case, accents and punctuation. */
static char **
name_words(const char *name)
{
	g_autofree char *plain = g_utf8_normalize(name, -1, G_NORMALIZE_ALL);
	g_autofree char *folded = g_utf8_casefold(plain != NULL ? plain : "", -1);
	GString *words = g_string_sized_new(strlen(folded));
	g_auto(GStrv) parts = NULL;
	g_autoptr(GStrvBuilder) kept = g_strv_builder_new();

	for (const char *p = folded; *p != '\0'; p = g_utf8_next_char(p)) {
		gunichar c = g_utf8_get_char(p);

		if (g_unichar_isalnum(c))
			g_string_append_unichar(words, c);
		else if (!g_unichar_ismark(c) && c != '\'' && c != 0x2019)
			g_string_append_c(words, ' ');
	}
	parts = g_strsplit(words->str, " ", -1);
	g_string_free(words, TRUE);
	for (char **part = parts; *part != NULL; part++) {
		if (**part != '\0')
			g_strv_builder_add(kept, *part);
	}
	return g_strv_builder_end(kept);
}

static gboolean
is_initial_of(const char *initial, const char *word)
{
	return g_utf8_strlen(initial, -1) == 1 && g_str_has_prefix(word, initial);
}

/* Take from `others` the word equal to `word`, or one that either abbreviates. */
static gboolean
take_word(char **others, gboolean *taken, const char *word, gboolean exact)
{
	for (guint i = 0; others[i] != NULL; i++) {
		if (taken[i])
			continue;
		if (exact ? strcmp(others[i], word) == 0
			  : is_initial_of(others[i], word) || is_initial_of(word, others[i])) {
			taken[i] = TRUE;
			return TRUE;
		}
	}
	return FALSE;
}

static enum name_relation
compare_words(char **one, char **other, guint count)
{
	g_autofree gboolean *taken = g_new0(gboolean, count);
	g_autofree gboolean *matched = g_new0(gboolean, count);
	guint exact = 0, left = 0;

	for (guint i = 0; i < count; i++) {
		matched[i] = take_word(other, taken, one[i], TRUE);
		exact += matched[i];
	}
	for (guint i = 0; i < count; i++)
		left += !matched[i] && !take_word(other, taken, one[i], FALSE);
	if (exact == count)
		return NAMES_SAME;
	return left == 0 && exact > 0 ? NAMES_COMPATIBLE : NAMES_DIFFERENT;
}

/* A given and a family name; scripts that put no space between them need two characters. */
static gboolean
is_whole(char **words, guint count)
{
	if (count != 1)
		return count > 1;
	switch (g_unichar_get_script(g_utf8_get_char(words[0]))) {
	case G_UNICODE_SCRIPT_HAN:
	case G_UNICODE_SCRIPT_HANGUL:
	case G_UNICODE_SCRIPT_HIRAGANA:
	case G_UNICODE_SCRIPT_KATAKANA:
		return g_utf8_strlen(words[0], -1) > 1;
	default:
		return FALSE;
	}
}

/* g_utf8_normalize() reads and writes past the end of what is not valid. */
static gboolean
is_readable(const char *name)
{
	return name != NULL && strlen(name) <= LIMIT_NAME && g_utf8_validate(name, -1, NULL);
}

enum name_relation
identity_compare_names(const char *one, const char *other)
{
	g_auto(GStrv) words = NULL, others = NULL;
	guint count;

	if (!is_readable(one) || !is_readable(other))
		return NAMES_UNKNOWN;
	words = name_words(one);
	others = name_words(other);
	count = g_strv_length(words);
	if (!is_whole(words, count) || !is_whole(others, g_strv_length(others)))
		return NAMES_UNKNOWN;
	return count == g_strv_length(others) ? compare_words(words, others, count)
					      : NAMES_DIFFERENT;
}

/* --- proof --- */

/* Without any authentication results there is nothing that could tell ours from forged. */
static gboolean
is_vouched(const struct facts *facts)
{
	const struct sender *sender = &facts->sender;

	if (facts->form != NULL && facts->form->trusted)
		return TRUE;
	if (facts->auth_login != NULL)
		return TRUE;
	return !sender->spoofed && (sender->own || sender->partner) &&
	       (sender->verified || !sender->auth.seen);
}

enum proof
identity_proof(const struct facts *facts)
{
	const struct person *person = facts->person;

	if (is_vouched(facts))
		return PROOF_VOUCHED;
	if (facts->sender.spoofed)
		return PROOF_REFUTED;
	if ((facts->form != NULL || facts->forward != NULL) &&
	    g_strcmp0(person->normalised, facts->sender.normalised) != 0)
		return PROOF_CLAIMED;
	return PROOF_ACCEPTED;
}

const char *
identity_account(const struct sender *sender)
{
	if (sender->freemail || sender->disposable || sender->relay || sender->isp)
		return NULL;
	return sender->org_domain;
}

const char *
identity_account_of(const struct facts *facts, const struct known *known)
{
	const char *domain = identity_account(&facts->person_sender);

	return domain != NULL && known->account != NULL ? known->account->domain : domain;
}

/* --- choice --- */

struct choice {
	const struct facts *facts;
	const struct known *known;
};

gboolean
identity_is_shadow(const struct lead *lead)
{
	return lead->normalised != NULL && g_str_has_prefix(lead->normalised, DECIDE_UNVERIFIED);
}

/* A card that was made before two domains were one organisation's still has its own. */
static gboolean
is_of_account(const struct account *account, const char *domain)
{
	for (guint i = 0; account != NULL && i < account->domains->len; i++) {
		if (strcmp(account->domains->pdata[i], domain) == 0)
			return TRUE;
	}
	return FALSE;
}

static gboolean
is_same_account(const struct choice *choice, const struct lead *lead)
{
	const char *account = identity_account_of(choice->facts, choice->known);

	if (account == NULL || lead->account == NULL)
		return FALSE;
	return strcmp(account, lead->account) == 0 ||
	       is_of_account(choice->known->account, lead->account);
}

gboolean
identity_has_address(const struct lead *lead, const char *normalised)
{
	if (normalised == NULL)
		return FALSE;
	return g_strcmp0(normalised, lead->normalised) == 0 ||
	       g_ptr_array_find_with_equal_func(lead->addresses, normalised, g_str_equal, NULL);
}

static gboolean
is_same_address(const struct choice *choice, const struct lead *lead)
{
	return identity_has_address(lead, choice->facts->person->normalised);
}

static enum name_relation
compare_with(const struct choice *choice, const struct lead *lead)
{
	return identity_compare_names(choice->facts->person->name, lead->name);
}

/* A thread with an office (info@…) that somebody named now answers in: their name was found. */
static gboolean
is_interest_resolved(const struct choice *choice, const struct lead *lead)
{
	return lead->stage == STAGE_INTEREST && lead->name == NULL &&
	       choice->facts->person->name != NULL && is_same_account(choice, lead);
}

static gboolean
is_same_by_conversation(const struct choice *choice, const struct lead *lead)
{
	enum name_relation names = compare_with(choice, lead);

	if (lead->normalised == NULL || choice->facts->person->normalised == NULL)
		return names != NAMES_DIFFERENT;
	return names == NAMES_SAME || is_interest_resolved(choice, lead);
}

/* A phone may be a switchboard that colleagues share, and anybody may write a customer's into a
 * mail. */
static gboolean
is_same_by_phone(const struct choice *choice, const struct lead *lead)
{
	if (lead->stage == STAGE_CUSTOMER && !is_same_account(choice, lead))
		return FALSE;
	switch (compare_with(choice, lead)) {
	case NAMES_SAME:
	case NAMES_COMPATIBLE:
		return TRUE;
	case NAMES_UNKNOWN:
		return lead->normalised == NULL || choice->facts->person->normalised == NULL ||
		       is_same_account(choice, lead);
	default:
		return FALSE;
	}
}

static gboolean
is_same_by_name(const struct choice *choice, const struct lead *lead)
{
	return is_same_account(choice, lead) && compare_with(choice, lead) == NAMES_SAME;
}

static gboolean
is_same_person(const struct choice *choice, const struct candidate *candidate)
{
	const struct lead *lead = candidate->lead;

	if (is_same_address(choice, lead))
		return TRUE;
	switch (candidate->match) {
	case MATCHED_TOKEN:
	case MATCHED_REFERENCES:
	case MATCHED_THREAD_INDEX:
		return is_same_by_conversation(choice, lead);
	case MATCHED_PHONE:
		return is_same_by_phone(choice, lead);
	case MATCHED_NAME:
		return is_same_by_name(choice, lead);
	default: /* subject and correspondent: the address would be the same */
		return FALSE;
	}
}

static struct candidate *
find_person(const struct choice *choice)
{
	struct candidate *best = NULL;

	for (guint i = 0; i < choice->known->candidates->len; i++) {
		struct candidate *candidate = choice->known->candidates->pdata[i];

		if (identity_is_shadow(candidate->lead))
			continue;
		if (is_same_address(choice, candidate->lead))
			return candidate;
		/* What unproven mail wrote into a card must not draw other people's mail to it. */
		if (candidate->lead->unverified)
			continue;
		if ((best == NULL || candidate->match > best->match) &&
		    is_same_person(choice, candidate))
			best = candidate;
	}
	return best;
}

/* The unverified candidate made before for the address this mail claims. */
static struct candidate *
find_shadow(const struct facts *facts, const struct known *known)
{
	const char *address = facts->person->normalised;

	for (guint i = 0; address != NULL && i < known->candidates->len; i++) {
		struct candidate *candidate = known->candidates->pdata[i];

		if (identity_is_shadow(candidate->lead) &&
		    strcmp(candidate->lead->normalised + strlen(DECIDE_UNVERIFIED), address) == 0)
			return candidate;
	}
	return NULL;
}

static const struct lead *
find_conversation(const struct known *known, const struct lead *person)
{
	for (guint i = 0; i < known->candidates->len; i++) {
		const struct candidate *candidate = known->candidates->pdata[i];

		if (candidate->match >= MATCHED_THREAD_INDEX && candidate->lead != person &&
		    !identity_is_shadow(candidate->lead))
			return candidate->lead;
	}
	return NULL;
}

/* Could be the same person, but nothing shows it. @return why, or NULL */
static const char *
find_doubt(const struct choice *choice, const struct candidate *candidate)
{
	enum name_relation names = compare_with(choice, candidate->lead);

	if (candidate->match == MATCHED_PHONE)
		return names != NAMES_DIFFERENT ? "the same phone" : NULL;
	if (names != NAMES_SAME)
		return NULL;
	if (candidate->match >= MATCHED_THREAD_INDEX)
		return "the same name in one conversation";
	return candidate->match == MATCHED_NAME ? "the same name at one organisation"
						: "the same name";
}

static gboolean
is_apart(const struct identity *identity, const struct lead *other)
{
	return identity->candidate != NULL &&
	       g_ptr_array_find_with_equal_func(identity->candidate->lead->apart, other->id,
						g_str_equal, NULL);
}

static void
note_duplicates(const struct choice *choice, struct identity *identity)
{
	const GPtrArray *candidates = choice->known->candidates;

	for (guint i = 0; i < candidates->len; i++) {
		const struct candidate *candidate = candidates->pdata[i];
		const char *doubt;

		if (candidate == identity->candidate || candidate->lead == identity->claimed ||
		    identity_is_shadow(candidate->lead) || is_apart(identity, candidate->lead))
			continue;
		doubt = find_doubt(choice, candidate);
		if (doubt == NULL || identity->possible_duplicates->len >= LIMIT_DUPLICATES)
			continue;
		g_ptr_array_add(identity->possible_duplicates, candidate->lead->id);
		g_ptr_array_add(identity->duplicate_reasons, (char *)doubt);
	}
}

/* Mail from it will be the person's from now on, so more is asked than for one mail: whoever may
 * write under any address could else take a card over by the name on it. */
static gboolean
is_second_address(const struct facts *facts, const struct identity *identity)
{
	const struct sender *sender = &facts->sender;

	return !identity->is_same_address && !identity->resolves_interest &&
	       facts->person->normalised != NULL && identity->candidate->lead->normalised != NULL &&
	       (identity->proof == PROOF_VOUCHED ||
		(identity->proof == PROOF_ACCEPTED && (sender->verified || !sender->auth.seen)));
}

void
identity_choose(const struct facts *facts, const struct known *known, struct identity *ret)
{
	const struct choice choice = { facts, known };
	struct candidate *person = find_person(&choice);

	*ret = (struct identity){ .proof = identity_proof(facts) };
	ret->possible_duplicates = g_ptr_array_new();
	ret->duplicate_reasons = g_ptr_array_new();
	if (person != NULL && ret->proof < PROOF_ACCEPTED && !person->lead->unverified) {
		ret->claimed = person->lead;
		ret->candidate = find_shadow(facts, known);
	} else {
		ret->candidate = person;
	}
	if (ret->candidate != NULL && ret->candidate == person) {
		ret->is_same_address = is_same_address(&choice, person->lead);
		ret->resolves_interest =
			!ret->is_same_address && is_interest_resolved(&choice, person->lead);
		ret->adds_address = is_second_address(facts, ret);
	}
	ret->conversation = find_conversation(known, person != NULL ? person->lead : NULL);
	if (known->candidates->len > 0)
		note_duplicates(&choice, ret);
}

void
identity_clear(struct identity *identity)
{
	g_clear_pointer(&identity->possible_duplicates, g_ptr_array_unref);
	g_clear_pointer(&identity->duplicate_reasons, g_ptr_array_unref);
}
