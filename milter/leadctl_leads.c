/*
 * leadctl_leads.c - finding leads: the list, the one that is meant, and a lead as JSON.
 */
#include "leadctl.h"
#include "base/clock.h"
#include "base/error.h"
#include "lead/score.h"
#include "lead/show.h"
#include "mail/address.h"

#include <stdio.h>
#include <string.h>

#define NEAR_MOST 5 /* shown when nobody, or several, fit */

/* --- as JSON --- */

static void
add_texts(cJSON *object, const char *key, const GPtrArray *texts)
{
	cJSON *array = cJSON_AddArrayToObject(object, key);
	for (guint i = 0; texts && i < texts->len; i++)
		cJSON_AddItemToArray(array, cJSON_CreateString(g_ptr_array_index(texts, i)));
}

static void
add_person(cJSON *object, const struct lead *lead)
{
	show_add_text(object, "id", lead->id);
	show_add_text(object, "name", lead->name);
	show_add_text(object, "first_name", lead->first_name);
	show_add_text(object, "last_name", lead->last_name);
	show_add_text(object, "address", lead->address);
	add_texts(object, "other_addresses", lead->addresses);
	show_add_text(object, "company", lead->company);
	show_add_text(object, "title", lead->title);
	show_add_text(object, "phone", lead->phone);
	add_texts(object, "phones", lead->phones);
	add_texts(object, "urls", lead->urls);
	show_add_text(object, "country", lead->country);
	show_add_text(object, "language", lead->language);
	show_add_text(object, "account", lead->account);
	show_add_text(object, "customer", lead->customer);
}

static void
add_source(cJSON *object, const struct lead *lead)
{
	show_add_text(object, "source", lead->source);
	show_add_text(object, "source_mailbox", lead->source_mailbox);
	show_add_text(object, "source_tag", lead->source_tag);
	show_add_text(object, "source_form", lead->source_form);
	show_add_text(object, "source_campaign", lead->source_campaign);
	show_add_text(object, "source_forwarder", lead->source_forwarder);
	show_add_text(object, "source_referrer", lead->source_referrer);
}

static void
add_figures(cJSON *object, const struct lead *lead, const struct score *score)
{
	char grade[2] = { score ? score->grade : lead->grade, '\0' };
	show_add_text(object, "scorecard", score ? score->scorecard : lead->scorecard);
	show_add_points(object, "score", score ? score->total : lead->total);
	show_add_points(object, "fit", score ? score->fit : lead->fit);
	show_add_points(object, "engagement", score ? score->engagement : lead->engagement);
	show_add_points(object, "quality", score ? score->quality : lead->quality);
	show_add_points(object, "completeness", score ? score->completeness : lead->completeness);
	show_add_text(object, "grade", *grade ? grade : NULL);
	show_add_text(object, "temperature",
		      temperature_name(score ? score->temperature : lead->temperature));
}

static void
add_task(cJSON *object, const struct lead *lead)
{
	if (!lead->task) {
		cJSON_AddNullToObject(object, "task");
		return;
	}
	cJSON *task = cJSON_AddObjectToObject(object, "task");
	show_add_text(task, "what", lead->task);
	show_add_time(task, "due", lead->task_due);
	show_add_time(task, "breached", lead->task_breached);
}

static void
add_duplicates(cJSON *object, const struct lead *lead)
{
	cJSON *array = cJSON_AddArrayToObject(object, "possible_duplicates");
	for (guint i = 0; lead->possible_duplicates && i < lead->possible_duplicates->len; i++) {
		cJSON *each = cJSON_CreateObject();
		show_add_text(each, "id", g_ptr_array_index(lead->possible_duplicates, i));
		show_add_text(each, "reason",
			      lead->duplicate_reasons && i < lead->duplicate_reasons->len
				      ? g_ptr_array_index(lead->duplicate_reasons, i)
				      : NULL);
		cJSON_AddItemToArray(array, each);
	}
}

cJSON *
leadctl_lead_to_json(const struct lead *lead, const struct score *score)
{
	cJSON *object = cJSON_CreateObject();
	add_person(object, lead);
	show_add_text(object, "stage", stage_name(lead->stage));
	show_add_time(object, "stage_since", lead->stage_since);
	show_add_text(object, "stage_cause", lead->stage_cause);
	show_add_text(object, "owner", lead->owner);
	show_add_text(object, "owner_reason", lead->owner_reason);
	add_task(object, lead);
	add_source(object, lead);
	add_figures(object, lead, score);
	cJSON_AddBoolToObject(object, "unverified", lead->unverified);
	cJSON_AddBoolToObject(object, "unreachable", lead->unreachable);
	cJSON_AddBoolToObject(object, "opted_out", lead->opted_out);
	cJSON_AddNumberToObject(object, "touches", lead->touch_count);
	show_add_time(object, "created", lead->created);
	show_add_time(object, "updated", lead->updated);
	show_add_time(object, "first_inbound", lead->first_inbound);
	show_add_time(object, "last_inbound", lead->last_inbound);
	show_add_time(object, "first_response", lead->first_response);
	show_add_time(object, "last_outbound", lead->last_outbound);
	show_add_text(object, "linked", lead->linked);
	add_duplicates(object, lead);
	return object;
}

cJSON *
leadctl_contacts_to_json(const GPtrArray *contacts)
{
	cJSON *array = cJSON_CreateArray();
	for (guint i = 0; i < contacts->len; i++) {
		const struct contact *contact = g_ptr_array_index(contacts, i);
		cJSON *each = cJSON_CreateObject();
		show_add_text(each, "address", contact->address);
		show_add_text(each, "name", contact->name);
		show_add_text(each, "lead", contact->lead);
		show_add_time(each, "first_seen", contact->first_seen);
		show_add_time(each, "last_seen", contact->last_seen);
		cJSON_AddNumberToObject(each, "mails", contact->mails);
		cJSON_AddItemToArray(array, each);
	}
	return array;
}

/* --- for people --- */

void
leadctl_print_contacts(const GPtrArray *contacts)
{
	for (guint i = 0; i < contacts->len; i++) {
		const struct contact *contact = g_ptr_array_index(contacts, i);
		g_autofree char *seen = leadctl_time(contact->last_seen);
		g_autofree char *text = g_strdup_printf(
			"%s%s<%s>, in %u mails, last %s", contact->name ? contact->name : "",
			contact->name ? " " : "", contact->address, contact->mails, seen);
		leadctl_row(i ? "" : "also there", text);
	}
}

/* What matters most stands in the first 80 columns. */
void
leadctl_print_lead(const struct lead *lead)
{
	g_autofree char *when = leadctl_time(lead->last_inbound);
	g_autofree char *name = leadctl_column(lead->name      ? lead->name
					       : lead->address ? lead->address
							       : "-",
					       22);
	g_autofree char *owner = leadctl_column(lead->owner ? lead->owner : "-", 26);
	leadctl_line("%-29s %6.1f %c %-4s %-12s %s %s %s", lead->id, lead->total,
		     lead->grade ? lead->grade : '-', temperature_name(lead->temperature),
		     stage_name(lead->stage), name, owner, when);
}

/* --- the one that is meant --- */

/* By its text; of an address that nobody has, by what stands before the @, then behind. */
static GPtrArray *
near_leads(struct leadctl *leadctl, const char *key)
{
	g_autofree char *local = g_strndup(key, strcspn(key, "@"));
	const char *const texts[] = { key, strchr(key, '@') ? local : NULL, address_domain(key) };
	for (guint i = 0; i < G_N_ELEMENTS(texts); i++) {
		const struct lead_filter filter = { .text = texts[i],
						    .stage = -1,
						    .most = NEAR_MOST + 1 };
		if (!texts[i] || strlen(texts[i]) < 2 || g_str_has_prefix(texts[i], "ld_"))
			continue;
		g_autoptr(GPtrArray) found = store_leads(leadctl->store, &filter, NULL);
		if (found && found->len)
			return g_steal_pointer(&found);
	}
	return g_ptr_array_new_with_free_func((GDestroyNotify)lead_free);
}

static void
print_near(const char *key, const GPtrArray *near, gboolean ambiguous)
{
	if (ambiguous)
		fprintf(stderr, "leadctl: '%s' fits several leads; say which:\n", key);
	else
		fprintf(stderr, "leadctl: no lead '%s'%s\n", key, near->len ? "; near are:" : "");
	for (guint i = 0; i < MIN(near->len, NEAR_MOST); i++) {
		const struct lead *lead = g_ptr_array_index(near, i);
		fprintf(stderr, "  %s  %s <%s>\n", lead->id, lead->name ? lead->name : "-",
			lead->address ? lead->address : "-");
	}
	if (near->len > NEAR_MOST)
		fprintf(stderr, "  and more\n");
}

struct lead *
leadctl_lead(struct leadctl *leadctl, const char *key, gboolean by_name)
{
	g_autoptr(GError) error = NULL;
	leadctl->failure = LEADCTL_FAILURE;
	if (!leadctl_store(leadctl))
		return NULL;
	struct lead *lead = store_lead(leadctl->store, key, &error);
	if (lead)
		return lead;
	if (!g_error_matches(error, LEADMILTER_ERROR, ERROR_NOT_FOUND)) {
		leadctl->failure = leadctl_fail(error);
		return NULL;
	}
	g_autoptr(GPtrArray) near = near_leads(leadctl, key);
	if (by_name && near->len == 1 && !strchr(key, '@'))
		return g_ptr_array_steal_index(near, 0);
	print_near(key, near, by_name && near->len > 1 && !strchr(key, '@'));
	leadctl->failure = LEADCTL_NEGATIVE;
	return NULL;
}

/* --- leads --- */

struct list_options {
	char *text, *owner, *account, *stage, *since, *scorecard, *source;
	int most, skip;
};

static void
list_options_clear(struct list_options *options)
{
	char *const texts[] = { options->text,  options->owner, options->account,
				options->stage, options->since, options->scorecard,
				options->source };
	for (guint i = 0; i < G_N_ELEMENTS(texts); i++)
		g_free(texts[i]);
}

/* @return FALSE after wrong usage was explained */
static gboolean
make_filter(const struct list_options *options, struct lead_filter *ret)
{
	g_autoptr(GError) error = NULL;
	enum stage stage;
	*ret = (struct lead_filter){ .text = options->text,
				     .owner = options->owner,
				     .account = options->account,
				     .scorecard = options->scorecard,
				     .source = options->source,
				     .stage = -1,
				     .most = (guint)MAX(options->most, 0),
				     .skip = (guint)MAX(options->skip, 0) };
	if (options->stage && !stage_from_name(options->stage, &stage)) {
		fprintf(stderr, "leadctl leads: --stage: no stage \"%s\"\n", options->stage);
		return FALSE;
	}
	if (options->stage)
		ret->stage = (int)stage;
	if (options->since)
		ret->since = clock_parse(options->since, &error);
	if (error)
		fprintf(stderr, "leadctl leads: --since: %s\n", error->message);
	return !error;
}

static int
list_leads(struct leadctl *leadctl, const struct lead_filter *filter)
{
	g_autoptr(GError) error = NULL;
	if (!leadctl_store(leadctl))
		return LEADCTL_FAILURE;
	g_autoptr(GPtrArray) leads = store_leads(leadctl->store, filter, &error);
	if (!leads)
		return leadctl_fail(error);
	for (guint i = 0; i < leads->len; i++) {
		const struct lead *lead = g_ptr_array_index(leads, i);
		if (leadctl->json)
			leadctl_print_json(leadctl_lead_to_json(lead, NULL));
		else
			leadctl_print_lead(lead);
	}
	return leads->len ? LEADCTL_OK : LEADCTL_NEGATIVE;
}

static int
run_leads(struct leadctl *leadctl, int argc, char **argv)
{
	struct list_options options = { .most = 50 };
	const struct leadctl_command *command = leadctl_find(leadctl_lead_commands, "leads");
	const GOptionEntry entries[] = {
		{ "text", 0, 0, G_OPTION_ARG_STRING, &options.text, NULL, NULL },
		{ "owner", 0, 0, G_OPTION_ARG_STRING, &options.owner, NULL, NULL },
		{ "account", 0, 0, G_OPTION_ARG_STRING, &options.account, NULL, NULL },
		{ "scorecard", 0, 0, G_OPTION_ARG_STRING, &options.scorecard, NULL, NULL },
		{ "source", 0, 0, G_OPTION_ARG_STRING, &options.source, NULL, NULL },
		{ "stage", 0, 0, G_OPTION_ARG_STRING, &options.stage, NULL, NULL },
		{ "since", 0, 0, G_OPTION_ARG_STRING, &options.since, NULL, NULL },
		{ "most", 0, 0, G_OPTION_ARG_INT, &options.most, NULL, NULL },
		{ "skip", 0, 0, G_OPTION_ARG_INT, &options.skip, NULL, NULL },
		{ NULL, 0, 0, G_OPTION_ARG_NONE, NULL, NULL, NULL },
	};
	struct lead_filter filter;
	int code = LEADCTL_USAGE;
	if (!leadctl_options(command, entries, &argc, &argv))
		;
	else if (argc > 1)
		leadctl_usage(command);
	else if (make_filter(&options, &filter))
		code = list_leads(leadctl, &filter);
	list_options_clear(&options);
	return code;
}

const struct leadctl_command leadctl_lead_commands[] = {
	{ "leads",
	  "[--stage S] [--owner A] [--account D] [--scorecard NAME] [--source S] [--text T] "
	  "[--since TIME] [--most N] [--skip N]",
	  "the leads, last changed first", run_leads },
	{ NULL, NULL, NULL, NULL },
};
