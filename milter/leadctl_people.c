/*
 * leadctl_people.c - commands that change leads by hand, and those that show accounts, customers
 * and owners.
 *
 * Who is changed is named by id or address; a name is only good for looking (leadctl_lead()).
 */
#include "leadctl.h"
#include "base/clock.h"
#include "base/error.h"
#include "lead/owner.h"
#include "lead/show.h"
#include "store/store_import.h"

#include <stdio.h>
#include <string.h>

/* --- asking --- */

/* A request about one lead, which must be there. @return NULL after an error was printed */
static cJSON *
request_for(struct leadctl *leadctl, const char *command, const char *key)
{
	g_autoptr(lead_owned) lead = leadctl_lead(leadctl, key, FALSE);
	if (!lead)
		return NULL;
	cJSON *request = cJSON_CreateObject();
	cJSON_AddStringToObject(request, "command", command);
	cJSON_AddStringToObject(request, "lead", lead->id);
	cJSON_AddNumberToObject(request, "now", (double)leadctl->now);
	return request;
}

/* Ask and say what came of it: the answer's reason, after `what`. */
static int
ask_and_print(struct leadctl *leadctl, cJSON *request)
{
	cJSON *reply = leadctl_ask(leadctl, request);
	cJSON_Delete(request);
	if (!reply)
		return leadctl->failure;
	const char *action =
		cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(reply, "action"));
	gboolean refused = action && !strcmp(action, action_name(ACTION_NONE));
	if (leadctl->json) {
		cJSON_DeleteItemFromObject(reply, "ok");
		cJSON_DeleteItemFromObject(reply, "kind");
		leadctl_print_json(reply);
		return refused ? LEADCTL_NEGATIVE : LEADCTL_OK;
	}
	const char *lead = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(reply, "lead"));
	const char *why = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(reply, "reason"));
	const char *stage = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(reply, "stage"));
	if (lead)
		printf("%s (%s): %s\n", lead, stage ? stage : "-", why && *why ? why : "done");
	else
		printf("%s\n", why && *why ? why : "done");
	cJSON_Delete(reply);
	return refused ? LEADCTL_NEGATIVE : LEADCTL_OK;
}

/* --- two cards, one person --- */

/* The command that makes two of them again. */
static void
print_undo(const struct leadctl *leadctl, const char *lead, const char *other)
{
	if (!leadctl->json)
		printf("to undo: leadctl split %s --origin %s\n", lead, other);
}

static int
ask_about_two(struct leadctl *leadctl, const char *name, gboolean can_undo, int argc, char **argv)
{
	if (argc != 3)
		return leadctl_usage(leadctl_find(leadctl_people_commands, name));
	cJSON *request = request_for(leadctl, name, argv[1]);
	if (!request)
		return leadctl->failure;
	g_autoptr(lead_owned) other = leadctl_lead(leadctl, argv[2], FALSE);
	if (!other) {
		cJSON_Delete(request);
		return leadctl->failure;
	}
	cJSON_AddStringToObject(request, "other", other->id);
	g_autofree char *lead =
		g_strdup(cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(request, "lead")));
	int code = ask_and_print(leadctl, request);
	if (can_undo && code == LEADCTL_OK)
		print_undo(leadctl, lead, other->id);
	return code;
}

static int
run_merge(struct leadctl *leadctl, int argc, char **argv)
{
	return ask_about_two(leadctl, "merge", TRUE, argc, argv);
}

static int
run_keep_apart(struct leadctl *leadctl, int argc, char **argv)
{
	return ask_about_two(leadctl, "keep-apart", FALSE, argc, argv);
}

static int
run_split(struct leadctl *leadctl, int argc, char **argv)
{
	char *origin = NULL, *address = NULL;
	const struct leadctl_command *command = leadctl_find(leadctl_people_commands, "split");
	const GOptionEntry entries[] = {
		{ "origin", 0, 0, G_OPTION_ARG_STRING, &origin, NULL, NULL },
		{ "address", 0, 0, G_OPTION_ARG_STRING, &address, NULL, NULL },
		{ NULL, 0, 0, G_OPTION_ARG_NONE, NULL, NULL, NULL },
	};
	int code = LEADCTL_USAGE;
	if (!leadctl_options(command, entries, &argc, &argv))
		;
	else if (argc != 2 || !origin == !address)
		leadctl_usage(command);
	else {
		cJSON *request = request_for(leadctl, "split", argv[1]);
		code = leadctl->failure;
		if (request) {
			cJSON_AddStringToObject(request, "what", origin ? origin : address);
			code = ask_and_print(leadctl, request);
		}
	}
	g_free(origin);
	g_free(address);
	return code;
}

/* --- what sales say --- */

static int
ask_outcome(struct leadctl *leadctl, const char *key, const char *what, const char *value,
	    const char *reason)
{
	cJSON *request = request_for(leadctl, "outcome", key);
	if (!request)
		return leadctl->failure;
	cJSON_AddStringToObject(request, "outcome", what);
	cJSON_AddStringToObject(request, "value", value);
	if (reason)
		cJSON_AddStringToObject(request, "reason", reason);
	return ask_and_print(leadctl, request);
}

static int
run_with_reason(struct leadctl *leadctl, const char *name, const char *what, int argc, char **argv)
{
	char *reason = NULL;
	const struct leadctl_command *command = leadctl_find(leadctl_people_commands, name);
	const GOptionEntry entries[] = {
		{ "reason", 0, 0, G_OPTION_ARG_STRING, &reason, NULL, NULL },
		{ NULL, 0, 0, G_OPTION_ARG_NONE, NULL, NULL, NULL },
	};
	int code = LEADCTL_USAGE;
	if (leadctl_options(command, entries, &argc, &argv))
		code = argc == 3 ? ask_outcome(leadctl, argv[1], what, argv[2], reason)
				 : leadctl_usage(command);
	g_free(reason);
	return code;
}

static int
run_claim(struct leadctl *leadctl, int argc, char **argv)
{
	return run_with_reason(leadctl, "claim", "owner", argc, argv);
}

static int
run_stage(struct leadctl *leadctl, int argc, char **argv)
{
	return run_with_reason(leadctl, "stage", "stage", argc, argv);
}

/* --- time --- */

/* @param words of the number that comes back */
static int
run_by_time(struct leadctl *leadctl, const char *command, const char *words)
{
	cJSON *request = cJSON_CreateObject();
	cJSON_AddStringToObject(request, "command", command);
	cJSON_AddNumberToObject(request, "now", (double)leadctl->now);
	cJSON *reply = leadctl_ask(leadctl, request);
	cJSON_Delete(request);
	if (!reply)
		return leadctl->failure;
	if (leadctl->json) {
		cJSON_DeleteItemFromObject(reply, "ok");
		leadctl_print_json(reply);
		return LEADCTL_OK;
	}
	printf("%.0f %s\n", cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(reply, "count")),
	       words);
	cJSON_Delete(reply);
	return LEADCTL_OK;
}

static int
run_sweep(struct leadctl *leadctl, int argc, char **argv)
{
	(void)argc;
	(void)argv;
	return run_by_time(leadctl, "sweep", "leads were due");
}

static int
run_expire(struct leadctl *leadctl, int argc, char **argv)
{
	(void)argc;
	(void)argv;
	return run_by_time(leadctl, "expire", "rows were past their retention");
}

/* --- owners --- */

static cJSON *
texts_to_json(const GPtrArray *texts)
{
	cJSON *array = cJSON_CreateArray();
	for (guint i = 0; texts && i < texts->len; i++)
		cJSON_AddItemToArray(array, cJSON_CreateString(g_ptr_array_index(texts, i)));
	return array;
}

/* "en, de"; "-" for none.  Caller frees. */
static char *
join_texts(const GPtrArray *texts)
{
	GString *all = g_string_new(NULL);
	for (guint i = 0; texts && i < texts->len; i++)
		g_string_append_printf(all, "%s%s", i ? ", " : "",
				       (char *)g_ptr_array_index(texts, i));
	return g_string_free(all, FALSE);
}

static cJSON *
owner_to_json(const struct owner *owner, gboolean configured, enum presence presence)
{
	static const char *const words[] = { "present", "absent", "left" };
	cJSON *object = cJSON_CreateObject();
	show_add_text(object, "address", owner->address);
	show_add_text(object, "name", owner->name);
	show_add_text(object, "team", owner->team);
	cJSON_AddNumberToObject(object, "load", owner->load);
	cJSON_AddNumberToObject(object, "capacity", owner->capacity);
	cJSON_AddNumberToObject(object, "weight", owner->weight);
	cJSON_AddItemToObject(object, "languages", texts_to_json(owner->languages));
	cJSON_AddItemToObject(object, "countries", texts_to_json(owner->countries));
	cJSON_AddItemToObject(object, "products", texts_to_json(owner->products));
	show_add_text(object, "presence", words[presence]);
	show_add_time(object, "absent_from", owner->absent_from);
	show_add_time(object, "absent_until", owner->absent_until);
	show_add_text(object, "substitute", owner->substitute);
	cJSON_AddBoolToObject(object, "known", configured);
	return object;
}

static void
print_owner(const struct owner *owner, gboolean known, enum presence presence)
{
	g_autofree char *until = leadctl_time(owner->absent_until);
	g_autofree char *capacity =
		owner->capacity ? g_strdup_printf("of %u", owner->capacity) : g_strdup("open");
	g_autofree char *address = leadctl_column(owner->address, 32);
	g_autofree char *team = leadctl_column(owner->team ? owner->team : "-", 12);
	printf("%s %s %5u %-8s", address, team, owner->load, capacity);
	if (!known)
		printf(" neither configured nor imported");
	else if (presence == LEFT)
		printf(" has left");
	else if (presence == ABSENT)
		printf(" absent until %s", until);
	printf("\n");
}

static void
show_owner(struct leadctl *leadctl, const struct owner *owner, gboolean known)
{
	enum presence presence = known ? owner_presence(owner, leadctl->now) : PRESENT;
	if (leadctl->json)
		leadctl_print_json(owner_to_json(owner, known, presence));
	else
		print_owner(owner, known, presence);
}

/* However the address was written. */
static gboolean
is_known(GHashTable *known, const struct owners *owners, const struct owner *owner)
{
	const struct owner *same = owners_find(owners, owner->address);
	return same && g_hash_table_contains(known, same->address);
}

/* Those who may get leads, then those who only own some. */
static int
run_owners(struct leadctl *leadctl, int argc, char **argv)
{
	(void)argc;
	(void)argv;
	g_autoptr(GError) error = NULL;
	if (!leadctl_generation(leadctl) || !leadctl_store(leadctl))
		return LEADCTL_FAILURE;
	g_autoptr(GPtrArray) stored = store_owners(leadctl->store, &error);
	if (!stored)
		return leadctl_fail(error);
	g_autoptr(owners_owned) owners = owners_new(leadctl->generation->config, stored);
	g_autoptr(GHashTable) known = g_hash_table_new(g_str_hash, g_str_equal);
	const struct owner *owner;
	guint count = 0;
	for (; (owner = owners_nth(owners, count)); count++) {
		g_hash_table_add(known, owner->address);
		show_owner(leadctl, owner, TRUE);
	}
	for (guint i = 0; i < stored->len; i++) {
		owner = g_ptr_array_index(stored, i);
		if (!owner->load || is_known(known, owners, owner))
			continue;
		show_owner(leadctl, owner, FALSE);
		count++;
	}
	return count ? LEADCTL_OK : LEADCTL_NEGATIVE;
}

/* --- accounts --- */

static cJSON *
account_to_json(const struct account *account)
{
	cJSON *object = cJSON_CreateObject();
	show_add_text(object, "domain", account->domain);
	cJSON_AddItemToObject(object, "domains", texts_to_json(account->domains));
	show_add_text(object, "company", account->company);
	show_add_text(object, "industry", account->industry);
	if (account->employees)
		cJSON_AddNumberToObject(object, "employees", (double)account->employees);
	else
		cJSON_AddNullToObject(object, "employees");
	if (account->revenue != 0)
		cJSON_AddNumberToObject(object, "revenue", account->revenue);
	else
		cJSON_AddNullToObject(object, "revenue");
	show_add_text(object, "country", account->country);
	show_add_text(object, "owner", account->owner);
	cJSON_AddBoolToObject(object, "target", account->target);
	cJSON_AddBoolToObject(object, "customer", account->customer);
	show_add_time(object, "created", account->created);
	return object;
}

static void
print_account_line(const struct account *account)
{
	g_autofree char *domain = leadctl_column(account->domain, 26);
	g_autofree char *company = leadctl_column(account->company ? account->company : "-", 24);
	printf("%s %s %-8s %-8s %s\n", domain, company, account->target ? "target" : "-",
	       account->customer ? "customer" : "-", account->owner ? account->owner : "-");
}

static void
print_account(const struct account *account)
{
	g_autofree char *domains = join_texts(account->domains);
	printf("%s  %s\n", account->domain, account->company ? account->company : "");
	leadctl_row("domains", domains);
	leadctl_row("industry", account->industry);
	if (account->employees) {
		g_autofree char *text = g_strdup_printf("%" G_GINT64_FORMAT, account->employees);
		leadctl_row("employees", text);
	}
	if (account->revenue != 0) {
		g_autofree char *text = g_strdup_printf("%.0f", account->revenue);
		leadctl_row("revenue", text);
	}
	leadctl_row("country", account->country);
	leadctl_row("owner", account->owner);
	leadctl_row("target", account->target ? "yes" : NULL);
	leadctl_row("customer", account->customer ? "yes" : NULL);
}

static gint64
heat_window(const struct leadctl *leadctl)
{
	const struct config *config =
		leadctl->generation ? leadctl->generation->config : leadctl->config;
	return config ? config->account_heat : ACCOUNT_HEAT_WINDOW;
}

/* The people of an account; those who wrote within the heat window are counted. */
static int
print_people(struct leadctl *leadctl, const struct account *account, const GPtrArray *people,
	     const GPtrArray *contacts)
{
	gint64 window = heat_window(leadctl);
	guint active = 0;
	for (guint i = 0; i < people->len; i++) {
		const struct lead *lead = g_ptr_array_index(people, i);
		active += lead->last_inbound && lead->last_inbound <= leadctl->now &&
			  leadctl->now - lead->last_inbound <= window;
	}
	if (leadctl->json) {
		cJSON *object = account_to_json(account);
		cJSON_AddNumberToObject(object, "people", people->len);
		cJSON_AddNumberToObject(object, "active_people", active);
		cJSON *list = cJSON_AddArrayToObject(object, "leads");
		for (guint i = 0; i < people->len; i++)
			cJSON_AddItemToArray(
				list, leadctl_lead_to_json(g_ptr_array_index(people, i), NULL));
		leadctl_print_json(object);
		return LEADCTL_OK;
	}
	print_account(account);
	g_autofree char *heat =
		g_strdup_printf("%u people known, %u of them wrote in the last %d days",
				people->len, active, (int)(window / CLOCK_DAY));
	leadctl_row("heat", heat);
	for (guint i = 0; i < people->len; i++)
		leadctl_print_lead(g_ptr_array_index(people, i));
	leadctl_print_contacts(contacts);
	return LEADCTL_OK;
}

/* An account nobody imported exists as soon as somebody wrote from it. */
static int
show_account(struct leadctl *leadctl, const char *domain)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *lower = g_ascii_strdown(domain, -1);
	g_autoptr(account_owned) account = store_account(leadctl->store, lower, &error);
	if (!account && !g_error_matches(error, LEADMILTER_ERROR, ERROR_NOT_FOUND))
		return leadctl_fail(error);
	const char *name = account ? account->domain : lower;
	const struct lead_filter filter = { .account = name, .stage = -1 };
	g_autoptr(GError) failure = NULL;
	g_autoptr(GPtrArray) people = store_leads(leadctl->store, &filter, &failure);
	if (!people)
		return leadctl_fail(failure);
	g_autoptr(GPtrArray) contacts = store_contacts(leadctl->store, name, &failure);
	if (!contacts)
		return leadctl_fail(failure);
	if (!account && !people->len)
		return leadctl_fail(error);
	if (!account) {
		account = account_new();
		account->domain = g_strdup(lower);
	}
	return print_people(leadctl, account, people, contacts);
}

static int
run_accounts(struct leadctl *leadctl, int argc, char **argv)
{
	int most = 50, skip = 0;
	const struct leadctl_command *command = leadctl_find(leadctl_people_commands, "accounts");
	const GOptionEntry entries[] = {
		{ "most", 0, 0, G_OPTION_ARG_INT, &most, NULL, NULL },
		{ "skip", 0, 0, G_OPTION_ARG_INT, &skip, NULL, NULL },
		{ NULL, 0, 0, G_OPTION_ARG_NONE, NULL, NULL, NULL },
	};
	if (!leadctl_options(command, entries, &argc, &argv))
		return LEADCTL_USAGE;
	if (argc > 2)
		return leadctl_usage(command);
	if (!leadctl_store(leadctl))
		return LEADCTL_FAILURE;
	if (argc == 2)
		return show_account(leadctl, argv[1]);
	g_autoptr(GError) error = NULL;
	g_autoptr(GPtrArray) accounts =
		store_accounts(leadctl->store, (guint)MAX(most, 0), (guint)MAX(skip, 0), &error);
	if (!accounts)
		return leadctl_fail(error);
	for (guint i = 0; i < accounts->len; i++)
		if (leadctl->json)
			leadctl_print_json(account_to_json(g_ptr_array_index(accounts, i)));
		else
			print_account_line(g_ptr_array_index(accounts, i));
	return accounts->len ? LEADCTL_OK : LEADCTL_NEGATIVE;
}

/* --- customers: leads who bought --- */

static void
print_customer(const struct lead *lead)
{
	g_autofree char *name = leadctl_column(lead->name ? lead->name : lead->address, 24);
	g_autofree char *company = leadctl_column(lead->company ? lead->company : "-", 22);
	printf("%-29s %s %s %s\n", lead->id, name, company, lead->customer ? lead->customer : "-");
}

static int
run_customers(struct leadctl *leadctl, int argc, char **argv)
{
	int most = 50, skip = 0;
	char *text = NULL;
	const struct leadctl_command *command = leadctl_find(leadctl_people_commands, "customers");
	const GOptionEntry entries[] = {
		{ "text", 0, 0, G_OPTION_ARG_STRING, &text, NULL, NULL },
		{ "most", 0, 0, G_OPTION_ARG_INT, &most, NULL, NULL },
		{ "skip", 0, 0, G_OPTION_ARG_INT, &skip, NULL, NULL },
		{ NULL, 0, 0, G_OPTION_ARG_NONE, NULL, NULL, NULL },
	};
	g_autofree char *given = NULL;
	if (!leadctl_options(command, entries, &argc, &argv))
		return LEADCTL_USAGE;
	given = text;
	if (argc > 1)
		return leadctl_usage(command);
	if (!leadctl_store(leadctl))
		return LEADCTL_FAILURE;
	const struct lead_filter filter = { .text = given,
					    .stage = STAGE_CUSTOMER,
					    .most = (guint)MAX(most, 0),
					    .skip = (guint)MAX(skip, 0) };
	g_autoptr(GError) error = NULL;
	g_autoptr(GPtrArray) leads = store_leads(leadctl->store, &filter, &error);
	if (!leads)
		return leadctl_fail(error);
	for (guint i = 0; i < leads->len; i++)
		if (leadctl->json)
			leadctl_print_json(leadctl_lead_to_json(g_ptr_array_index(leads, i), NULL));
		else
			print_customer(g_ptr_array_index(leads, i));
	return leads->len ? LEADCTL_OK : LEADCTL_NEGATIVE;
}

const struct leadctl_command leadctl_people_commands[] = {
	{ "claim", "LEAD OWNER [--reason TEXT]", "give a lead to an owner", run_claim },
	{ "stage", "LEAD STAGE [--reason TEXT]", "move a lead", run_stage },
	{ "merge", "LEAD OTHER", "two cards are one person", run_merge },
	{ "split", "LEAD --origin ID|--address A", "one card is two people", run_split },
	{ "keep-apart", "LEAD OTHER", "they are not one person", run_keep_apart },
	{ "sweep", "", "what time alone changes, now", run_sweep },
	{ "expire", "", "delete what is past its retention, now", run_expire },
	{ "accounts", "[DOMAIN] [--most N] [--skip N]", "organisations, or one with its people",
	  run_accounts },
	{ "customers", "[--text T] [--most N] [--skip N]", "who bought", run_customers },
	{ "owners", "", "who sells, with open leads", run_owners },
	{ NULL, NULL, NULL, NULL },
};
