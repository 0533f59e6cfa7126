/* api_lists.c - what there is besides leads: duplicates, accounts, owners, deliveries, scorecards.
 */
#include "hooks/in/api_call.h"

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "lead/owner.h"
#include "lead/scorecard.h"
#include "lead/show.h"
#include "mail/kind.h"
#include "store/browse.h"
#include "store/store_import.h"

#define PEOPLE_SHOWN 200

static void
add_texts(cJSON *object, const char *key, const GPtrArray *texts)
{
	cJSON *list = cJSON_AddArrayToObject(object, key);

	for (guint i = 0; texts && i < texts->len; i++)
		cJSON_AddItemToArray(list, cJSON_CreateString(texts->pdata[i]));
}

static gboolean
read_page(struct api_call *call, const char **ret_cursor, guint *ret_most)
{
	*ret_most = API_PAGE;
	return api_read_text(call, "cursor", ret_cursor) &&
	       api_read_count(call, "limit", 1, API_PAGE_MOST, ret_most);
}

/* --- possible duplicates --- */

static cJSON *
show_pair(const struct browse_pair *pair, gint64 now)
{
	cJSON *one = cJSON_CreateObject();

	cJSON_AddItemToObject(one, "lead", api_show_listed(pair->lead, now));
	cJSON_AddItemToObject(one, "other", api_show_listed(pair->other, now));
	add_texts(one, "reasons", pair->reasons);
	return one;
}

void
api_list_duplicates(struct api_call *call)
{
	g_auto(browse_page_owned) page = { 0 };
	g_autoptr(GError) error = NULL;
	const char *cursor;
	guint most;
	cJSON *value, *list;

	if (!read_page(call, &cursor, &most))
		return;
	if (!browse_pairs(call->host->store, cursor, most, &page, &error)) {
		api_answer_failure(call, error);
		return;
	}
	value = cJSON_CreateObject();
	list = api_show_page(value, "pairs", page.more, page.next);
	for (guint i = 0; i < page.items->len; i++)
		cJSON_AddItemToArray(list, show_pair(page.items->pdata[i], call->now));
	api_answer_json(call, 200, value);
}

/* --- accounts --- */

static void
add_positive(cJSON *object, const char *key, double value)
{
	if (value > 0)
		cJSON_AddNumberToObject(object, key, value);
	else
		cJSON_AddNullToObject(object, key);
}

static cJSON *
show_account(const struct account *account, gint64 last)
{
	cJSON *one = cJSON_CreateObject();

	show_add_text(one, "domain", account->domain);
	show_add_text(one, "company", account->company);
	show_add_text(one, "industry", account->industry);
	show_add_text(one, "country", account->country);
	add_positive(one, "employees", (double)account->employees);
	add_positive(one, "revenue", account->revenue);
	show_add_text(one, "owner", account->owner);
	cJSON_AddBoolToObject(one, "target", account->target > 0);
	cJSON_AddBoolToObject(one, "customer", account->customer > 0);
	cJSON_AddNumberToObject(one, "people", account->people);
	cJSON_AddNumberToObject(one, "active_people", account->active_people);
	show_add_time(one, "last_activity", last);
	return one;
}

void
api_list_accounts(struct api_call *call)
{
	static const char *const sorts[] = { "active", "domain", NULL };
	g_auto(browse_page_owned) page = { 0 };
	g_autoptr(GError) error = NULL;
	const char *cursor, *text;
	guint most, sort = 0;
	cJSON *value, *list;

	if (!read_page(call, &cursor, &most) || !api_read_text(call, "q", &text) ||
	    !api_read_choice(call, "sort", sorts, &sort))
		return;
	if (!browse_accounts(call->host->store, text, sort == 1, call->view.scorecards, call->now,
			     cursor, most, &page, &error)) {
		api_answer_failure(call, error);
		return;
	}
	value = cJSON_CreateObject();
	list = api_show_page(value, "accounts", page.more, page.next);
	for (guint i = 0; i < page.items->len; i++) {
		const struct browse_account *account = page.items->pdata[i];

		cJSON_AddItemToArray(list, show_account(account->account, account->last));
	}
	api_answer_json(call, 200, value);
}

static cJSON *
show_contact(const struct contact *contact)
{
	cJSON *one = cJSON_CreateObject();

	show_add_text(one, "address", contact->address);
	show_add_text(one, "name", contact->name);
	show_add_text(one, "lead", contact->lead);
	show_add_time(one, "first_seen", contact->first_seen);
	show_add_time(one, "last_seen", contact->last_seen);
	cJSON_AddNumberToObject(one, "mails", contact->mails);
	return one;
}

static void
answer_account(struct api_call *call, const struct account *account, gint64 last,
	       const GPtrArray *people, const GPtrArray *contacts)
{
	cJSON *value = cJSON_CreateObject(), *list;

	cJSON_AddItemToObject(value, "account", show_account(account, last));
	add_texts(value, "domains", account->domains);
	list = cJSON_AddArrayToObject(value, "people");
	for (guint i = 0; i < people->len; i++)
		cJSON_AddItemToArray(list, api_show_listed(people->pdata[i], call->now));
	list = cJSON_AddArrayToObject(value, "contacts");
	for (guint i = 0; i < contacts->len; i++)
		cJSON_AddItemToArray(list, show_contact(contacts->pdata[i]));
	api_answer_json(call, 200, value);
}

/* One that was imported, or that somebody wrote from. */
static gboolean
is_known(struct api_call *call, const char *domain, gint64 last, GError **error)
{
	g_autoptr(account_owned) imported = NULL;

	if (last != 0)
		return last > 0;
	imported = store_account(call->host->store, domain, error);
	return imported != NULL;
}

void
api_get_account(struct api_call *call)
{
	struct store *store = call->host->store;
	g_autofree char *domain = g_ascii_strdown(call->parameter, -1);
	const struct browse_filter filter = { .account = domain, .most = PEOPLE_SHOWN };
	g_auto(browse_page_owned) page = { 0 };
	g_autoptr(account_owned) account = NULL;
	g_autoptr(GPtrArray) contacts = NULL;
	g_autoptr(GError) error = NULL;
	gint64 last = browse_account_last(store, domain, &error);

	if (is_known(call, domain, last, &error) &&
	    (account =
		     store_account_heat(store, domain, call->view.scorecards, call->now, &error)) &&
	    browse_leads(store, &filter, &page, &error))
		contacts = store_contacts(store, domain, &error);
	if (!contacts) {
		api_answer_failure(call, error);
		return;
	}
	if (!account->domain)
		account->domain = g_strdup(domain);
	answer_account(call, account, last, page.items, contacts);
}

/* --- owners --- */

static cJSON *
show_owner(const struct owner *owner, gboolean known, gint64 now)
{
	static const char *const words[] = { "present", "absent", "left" };
	cJSON *one = cJSON_CreateObject();

	show_add_text(one, "address", owner->address);
	show_add_text(one, "name", owner->name);
	show_add_text(one, "team", owner->team);
	cJSON_AddNumberToObject(one, "load", owner->load);
	cJSON_AddNumberToObject(one, "capacity", owner->capacity);
	cJSON_AddNumberToObject(one, "weight", owner->weight);
	add_texts(one, "languages", owner->languages);
	add_texts(one, "countries", owner->countries);
	add_texts(one, "products", owner->products);
	show_add_text(one, "presence", words[known ? owner_presence(owner, now) : PRESENT]);
	show_add_time(one, "absent_from", owner->absent_from);
	show_add_time(one, "absent_until", owner->absent_until);
	show_add_text(one, "substitute", owner->substitute);
	cJSON_AddBoolToObject(one, "known", known);
	return one;
}

/* Those who may get leads, then those who only own some. */
static void
add_owners(cJSON *list, struct api_call *call, const GPtrArray *stored,
	   cJSON *(*show)(const struct owner *owner, gboolean known, gint64 now))
{
	g_autoptr(owners_owned) owners = owners_new(call->view.config, stored);
	const struct owner *owner;

	for (guint i = 0; (owner = owners_nth(owners, i)); i++)
		cJSON_AddItemToArray(list, show(owner, TRUE, call->now));
	for (guint i = 0; i < stored->len; i++) {
		owner = stored->pdata[i];
		if (owner->load && !owners_find(owners, owner->address))
			cJSON_AddItemToArray(list, show(owner, FALSE, call->now));
	}
}

void
api_list_owners(struct api_call *call)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GPtrArray) stored = store_owners(call->host->store, &error);
	cJSON *value;

	if (!stored) {
		api_answer_failure(call, error);
		return;
	}
	value = cJSON_CreateObject();
	add_owners(cJSON_AddArrayToObject(value, "owners"), call, stored, show_owner);
	api_answer_json(call, 200, value);
}

/* --- choices and figures --- */

static cJSON *
name_owner(const struct owner *owner, G_GNUC_UNUSED gboolean known, G_GNUC_UNUSED gint64 now)
{
	cJSON *one = cJSON_CreateObject();

	show_add_text(one, "address", owner->address);
	show_add_text(one, "name", owner->name);
	return one;
}

static void
add_word(cJSON *list, const char *word)
{
	const cJSON *each;

	cJSON_ArrayForEach(each, list)
	{
		if (!g_strcmp0(cJSON_GetStringValue(each), word))
			return;
	}
	cJSON_AddItemToArray(list, cJSON_CreateString(word));
}

static void
add_words(cJSON *value, const char *key, const char *const *words, guint count)
{
	cJSON *list = cJSON_AddArrayToObject(value, key);

	for (guint i = 0; i < count; i++)
		add_word(list, words[i]);
}

static void
add_vocabulary(cJSON *value)
{
	static const char *const grades[] = { "A", "B", "C", "D" };
	static const char *const temperatures[] = { "hot", "warm", "cold" };
	const char *stages[STAGE_COUNT], *kinds[KIND_COUNT];

	for (guint i = 0; i < STAGE_COUNT; i++)
		stages[i] = stage_name((enum stage)i);
	for (guint i = 0; i < KIND_COUNT; i++)
		kinds[i] = kind_name((enum mail_kind)i);
	add_words(value, "stages", stages, STAGE_COUNT);
	add_words(value, "grades", grades, G_N_ELEMENTS(grades));
	add_words(value, "temperatures", temperatures, G_N_ELEMENTS(temperatures));
	add_words(value, "kinds", kinds, KIND_COUNT);
}

static void
add_configured(cJSON *value, const struct config *config)
{
	cJSON *cards = cJSON_AddArrayToObject(value, "scorecards");
	cJSON *sources = cJSON_AddArrayToObject(value, "sources");
	cJSON *mailboxes = cJSON_AddArrayToObject(value, "mailboxes");
	cJSON *endpoints = cJSON_AddArrayToObject(value, "endpoints");

	for (guint i = 0; i < config->scorecards->len; i++)
		add_word(cards, ((struct config_scorecard *)config->scorecards->pdata[i])->name);
	for (guint i = 0; i < config->mailboxes->len; i++) {
		const struct config_mailbox *mailbox = config->mailboxes->pdata[i];

		add_word(mailboxes, mailbox->name);
		add_word(sources, mailbox->source ? mailbox->source : mailbox->address);
	}
	for (guint i = 0; i < config->forms->len; i++) {
		const struct config_form *form = config->forms->pdata[i];
		g_autofree char *name = g_strconcat("form:", form->name, NULL);

		add_word(sources, form->source ? form->source : name);
	}
	for (guint i = 0; i < config->endpoints->len; i++)
		add_word(endpoints, ((struct config_endpoint *)config->endpoints->pdata[i])->name);
}

void
api_list_choices(struct api_call *call)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GPtrArray) stored = store_owners(call->host->store, &error);
	cJSON *value;

	if (!stored) {
		api_answer_failure(call, error);
		return;
	}
	value = cJSON_CreateObject();
	add_vocabulary(value);
	add_configured(value, call->view.config);
	add_owners(cJSON_AddArrayToObject(value, "owners"), call, stored, name_owner);
	api_answer_json(call, 200, value);
}

static void
answer_overview(struct api_call *call, const struct store_stats *stats, guint parked)
{
	cJSON *value = cJSON_CreateObject(), *stages;

	cJSON_AddNumberToObject(value, "leads", (double)stats->leads);
	stages = cJSON_AddObjectToObject(value, "leads_by_stage");
	for (guint i = 0; i < STAGE_COUNT; i++)
		cJSON_AddNumberToObject(stages, stage_name((enum stage)i),
					(double)stats->leads_by_stage[i]);
	cJSON_AddNumberToObject(value, "messages", (double)stats->messages);
	cJSON_AddNumberToObject(value, "touches", (double)stats->touches);
	cJSON_AddNumberToObject(value, "waiting", (double)stats->waiting);
	cJSON_AddNumberToObject(value, "dead", (double)stats->dead);
	cJSON_AddNumberToObject(value, "delivered", (double)stats->delivered);
	cJSON_AddNumberToObject(value, "parked", parked);
	show_add_time(value, "now", call->now);
	api_answer_json(call, 200, value);
}

void
api_get_overview(struct api_call *call)
{
	g_autoptr(GPtrArray) endpoints = NULL;
	g_autoptr(GError) error = NULL;
	struct store_stats stats;
	guint parked = 0;

	if (store_stats(call->host->store, &stats, &error))
		endpoints = store_endpoint_status(call->host->store, &error);
	if (!endpoints) {
		api_answer_failure(call, error);
		return;
	}
	for (guint i = 0; i < endpoints->len; i++)
		parked += ((struct endpoint_status *)endpoints->pdata[i])->parked;
	answer_overview(call, &stats, parked);
}

/* --- deliveries --- */

static void
answer_deliveries(struct api_call *call, const struct browse_deliveries *filter)
{
	g_auto(browse_page_owned) page = { 0 };
	g_autoptr(GError) error = NULL;
	cJSON *value, *list;

	if (!browse_deliveries(call->host->store, filter, &page, &error)) {
		api_answer_failure(call, error);
		return;
	}
	value = cJSON_CreateObject();
	list = api_show_page(value, "deliveries", page.more, page.next);
	for (guint i = 0; i < page.items->len; i++)
		cJSON_AddItemToArray(list, api_show_delivery(page.items->pdata[i]));
	api_answer_json(call, 200, value);
}

void
api_list_outbox(struct api_call *call)
{
	static const char *const states[] = { "waiting", "delivered", "dead", "dropped", NULL };
	struct browse_deliveries filter = { .state = -1 };
	guint state = G_MAXUINT;

	if (!read_page(call, &filter.cursor, &filter.most) ||
	    !api_read_choice(call, "state", states, &state) ||
	    !api_read_text(call, "endpoint", &filter.endpoint) ||
	    !api_read_text(call, "lead", &filter.lead))
		return;
	if (state != G_MAXUINT)
		filter.state = (int)state;
	answer_deliveries(call, &filter);
}

void
api_get_lead_deliveries(struct api_call *call)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(lead_owned) lead = NULL;
	struct browse_deliveries filter = { .state = -1 };

	if (!read_page(call, &filter.cursor, &filter.most))
		return;
	lead = store_lead(call->host->store, call->parameter, &error);
	filter.lead = lead ? lead->id : NULL;
	if (lead)
		answer_deliveries(call, &filter);
	else
		api_answer_failure(call, error);
}

void
api_get_delivery(struct api_call *call)
{
	g_autoptr(GError) error = NULL;
	struct delivery *delivery = NULL;
	cJSON *value, *body;
	gint64 id;

	if (g_ascii_string_to_signed(call->parameter, 10, 1, G_MAXINT64, &id, NULL))
		delivery = store_outbox_get(call->host->store, id, &error);
	if (!delivery && error) {
		api_answer_failure(call, error);
		return;
	}
	if (!delivery) {
		api_answer_error(call, 404, "not_found", "no such delivery", NULL);
		return;
	}
	value = api_show_delivery(delivery);
	body = delivery->body ? cJSON_Parse(delivery->body) : NULL;
	cJSON_AddItemToObject(value, "body", body ? body : cJSON_CreateNull());
	delivery_free(delivery);
	api_answer_json(call, 200, value);
}

/* --- endpoints --- */

static const struct config_endpoint *
find_endpoint(const struct config *config, const char *name)
{
	for (guint i = 0; i < config->endpoints->len; i++) {
		const struct config_endpoint *endpoint = config->endpoints->pdata[i];

		if (!strcmp(endpoint->name, name))
			return endpoint;
	}
	return NULL;
}

static cJSON *
show_endpoint(const struct endpoint_status *status, const struct config_endpoint *endpoint)
{
	cJSON *one = cJSON_CreateObject();

	show_add_text(one, "name", status->name);
	show_add_text(one, "kind",
		      !endpoint           ? NULL
		      : endpoint->notify  ? "notify"
		      : endpoint->adapter ? "adapter"
					  : "webhook");
	show_add_text(one, "adapter", endpoint ? endpoint->adapter : NULL);
	cJSON_AddBoolToObject(one, "configured", endpoint != NULL);
	cJSON_AddBoolToObject(one, "parked", status->parked);
	show_add_text(one, "reason", status->reason);
	show_add_time(one, "parked_since", status->parked_since);
	cJSON_AddNumberToObject(one, "waiting", (double)status->waiting);
	cJSON_AddNumberToObject(one, "delivered", (double)status->delivered);
	cJSON_AddNumberToObject(one, "dead", (double)status->dead);
	show_add_time(one, "oldest_waiting", status->oldest_waiting);
	return one;
}

/* Configured ones that were told nothing yet, too. */
static void
add_untold(cJSON *list, const struct config *config, const GPtrArray *told)
{
	for (guint i = 0; i < config->endpoints->len; i++) {
		const struct config_endpoint *endpoint = config->endpoints->pdata[i];
		const struct endpoint_status nothing = { .name = endpoint->name };
		gboolean found = FALSE;

		for (guint j = 0; j < told->len && !found; j++)
			found = !strcmp(((struct endpoint_status *)told->pdata[j])->name,
					endpoint->name);
		if (!found)
			cJSON_AddItemToArray(list, show_endpoint(&nothing, endpoint));
	}
}

void
api_list_endpoints(struct api_call *call)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GPtrArray) told = store_endpoint_status(call->host->store, &error);
	const struct config *config = call->view.config;
	cJSON *value, *list;

	if (!told) {
		api_answer_failure(call, error);
		return;
	}
	value = cJSON_CreateObject();
	list = cJSON_AddArrayToObject(value, "endpoints");
	for (guint i = 0; i < told->len; i++) {
		const struct endpoint_status *status = told->pdata[i];

		cJSON_AddItemToArray(list,
				     show_endpoint(status, find_endpoint(config, status->name)));
	}
	add_untold(list, config, told);
	api_answer_json(call, 200, value);
}

/* --- scorecards --- */

static void
add_half_life(cJSON *object, double days)
{
	if (days < 0)
		cJSON_AddNullToObject(object, "half_life_days");
	else
		cJSON_AddNumberToObject(object, "half_life_days", days);
}

static cJSON *
show_rule(const struct config_rule *rule)
{
	cJSON *one = cJSON_CreateObject();

	show_add_text(one, "name", rule->name);
	show_add_text(one, "when", rule->when);
	cJSON_AddNumberToObject(one, "points", rule->points);
	show_add_text(one, "value", rule->value);
	cJSON_AddNumberToObject(one, "importance", rule->importance);
	show_add_text(one, "dimension", rule->dimension);
	show_add_text(one, "kind", rule->kind);
	show_add_text(one, "group", rule->group);
	show_add_text(one, "reason", rule->reason);
	show_add_text(one, "count", rule->count);
	add_half_life(one, rule->half_life_days);
	show_add_time(one, "from", rule->from);
	show_add_time(one, "until", rule->until);
	return one;
}

static void
add_bound(cJSON *object, const char *key, double bound)
{
	if (isnan(bound))
		cJSON_AddNullToObject(object, key);
	else
		cJSON_AddNumberToObject(object, key, bound);
}

static cJSON *
show_group(const struct config_group *group)
{
	cJSON *one = cJSON_CreateObject();

	show_add_text(one, "name", group->name);
	add_bound(one, "cap", group->cap);
	add_bound(one, "floor", group->floor);
	return one;
}

static cJSON *
show_named_touch(const struct config_touch *touch)
{
	cJSON *one = cJSON_CreateObject();

	show_add_text(one, "name", touch->name);
	cJSON_AddNumberToObject(one, "points", touch->points);
	cJSON_AddNumberToObject(one, "importance", touch->importance);
	show_add_text(one, "dimension", touch->dimension);
	show_add_text(one, "reason", touch->reason);
	add_half_life(one, touch->half_life_days);
	return one;
}

static cJSON *
show_scorecard(const struct config_scorecard *card, gboolean is_default)
{
	cJSON *one = cJSON_CreateObject(), *list;

	show_add_text(one, "name", card->name);
	cJSON_AddBoolToObject(one, "is_default", is_default);
	show_add_text(one, "applies", card->applies);
	cJSON_AddNumberToObject(one, "half_life_days", card->half_life_days);
	cJSON_AddItemToObject(one, "thresholds", api_show_thresholds(card));
	list = cJSON_AddArrayToObject(one, "rules");
	for (guint i = 0; i < card->rules->len; i++)
		cJSON_AddItemToArray(list, show_rule(card->rules->pdata[i]));
	list = cJSON_AddArrayToObject(one, "groups");
	for (guint i = 0; i < card->groups->len; i++)
		cJSON_AddItemToArray(list, show_group(card->groups->pdata[i]));
	list = cJSON_AddArrayToObject(one, "touches");
	for (guint i = 0; i < card->touches->len; i++)
		cJSON_AddItemToArray(list, show_named_touch(card->touches->pdata[i]));
	return one;
}

void
api_list_scorecards(struct api_call *call)
{
	const GPtrArray *cards = call->view.config->scorecards;
	cJSON *value = cJSON_CreateObject();
	cJSON *list = cJSON_AddArrayToObject(value, "scorecards");

	for (guint i = 0; i < cards->len; i++)
		cJSON_AddItemToArray(list, show_scorecard(cards->pdata[i], i == 0));
	api_answer_json(call, 200, value);
}
