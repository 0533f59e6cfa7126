/* import.c - see import.h; values are read by import_value.c. */
#include "lead/import.h"

#include <string.h>

#include "base/error.h"
#include "base/limits.h"
#include "lead/import_value.h"

struct column {
	const char *name;
	const char *aliases; /* as folded (fold_header), "|" between */
	import_value *read;
	gsize offset;
	gboolean needed; /* the file must have it, every row say it */
	const char *doc;
};

struct table {
	const char *name;
	gpointer (*new)(void);
	void (*free)(gpointer record);
	gboolean (*finish)(gpointer record, GError **error); /* what two columns decide; or NULL */
	struct column columns[IMPORT_MOST_COLUMNS];
};

/* --- records of our own --- */

static gpointer
touch_record_new(void)
{
	return g_new0(struct import_touch, 1);
}

static void
touch_record_free(gpointer record)
{
	struct import_touch *touch = record;

	g_free(touch->touch);
	g_free(touch->address);
	g_free(touch->phone);
	g_free(touch->person);
	g_free(touch->note);
	g_free(touch->campaign);
	g_free(touch->id);
	g_free(touch);
}

static gpointer
outcome_record_new(void)
{
	return g_new0(struct import_outcome, 1);
}

static void
outcome_record_free(gpointer record)
{
	struct import_outcome *outcome = record;

	g_free(outcome->lead);
	g_free(outcome->address);
	g_free(outcome->what);
	g_free(outcome->value);
	g_free(outcome->reason);
	g_free(outcome->customer);
	g_free(outcome->id);
	g_free(outcome);
}

/* --- what two columns decide --- */

static gboolean
refuse(GError **error, const char *message)
{
	g_set_error_literal(error, LEADMILTER_ERROR, ERROR_INPUT, message);
	return FALSE;
}

static gboolean
finish_account(gpointer record, GError **error)
{
	struct account *account = record;

	if (account->domains->len == 0)
		return refuse(error, "domain: nothing, expected one like example.com");
	g_free(account->domain);
	account->domain = g_strdup(account->domains->pdata[0]);
	return TRUE;
}

static gboolean
finish_customer(gpointer record, GError **error)
{
	const struct customer *customer = record;

	return customer->address != NULL || customer->phone != NULL || customer->id != NULL ||
	       refuse(error, "email: nothing, expected an address, a phone or an id");
}

static gboolean
finish_owner(gpointer record, GError **error)
{
	const struct owner *owner = record;

	if (owner->absent_from != 0 && owner->absent_until != 0 &&
	    owner->absent_until <= owner->absent_from)
		return refuse(error, "absent_until: not after absent_from");
	return TRUE;
}

static gboolean
finish_touch(gpointer record, GError **error)
{
	const struct import_touch *touch = record;

	return touch->address != NULL || touch->phone != NULL ||
	       refuse(error, "email: nothing, expected an address or a phone");
}

static gboolean
finish_outcome(gpointer record, GError **error)
{
	const struct import_outcome *outcome = record;

	return outcome->lead != NULL || outcome->address != NULL || outcome->customer != NULL ||
	       refuse(error, "lead: nothing, expected a lead's id, an address or a customer's id");
}

/* --- the tables --- */

/* What the file doesn't say is left as it is known. */
static gpointer
account_record_new(void)
{
	struct account *account = account_new();

	account->target = account->customer = IMPORT_UNSAID;
	return account;
}

static void
account_record_free(gpointer record)
{
	account_free(record);
}

static gpointer
customer_record_new(void)
{
	return customer_new();
}

static void
customer_record_free(gpointer record)
{
	customer_free(record);
}

static gpointer
owner_record_new(void)
{
	struct owner *owner = owner_new();

	owner->weight = 0;
	return owner;
}

static void
owner_record_free(gpointer record)
{
	owner_free(record);
}

/* clang-format off */
#define AT(record, member) G_STRUCT_OFFSET(struct record, member)
static const struct table KINDS[IMPORT_KIND_COUNT] = {
	[IMPORT_ACCOUNTS] = { "accounts", account_record_new, account_record_free, finish_account, {
		{ "domain", "domains|website|websiteurl|url|web|homepage|companydomain|companydomainname|organizationwebsite|emaildomain",
		  import_value_domains, AT(account, domains), TRUE, "registrable domain or web address; several with spaces or ; between" },
		{ "company", "companyname|organisation|organization|organisationname|organizationname|account|accountname|name",
		  import_value_text, AT(account, company), FALSE, "name of the organisation" },
		{ "industry", "sector|branch|vertical|organizationindustry", import_value_text, AT(account, industry), FALSE, "as the CRM calls it" },
		{ "employees", "numberofemployees|noofemployees|employeecount|headcount|staff|size|companysize",
		  import_value_count, AT(account, employees), FALSE, "how many; of 51-200 the lower end counts" },
		{ "revenue", "annualrevenue|turnover|sales", import_value_amount, AT(account, revenue), FALSE, "in a year; 12.5M is 12500000" },
		{ "country", "countrycode|countryregion|billingcountry|organizationcountryofaddress|land", import_value_country, AT(account, country), FALSE, "code or name" },
		{ "target", "targetaccount|istarget|keyaccount", import_value_flag, AT(account, target), FALSE, "yes: any human response is an MQL" },
		{ "customer", "iscustomer|client", import_value_flag, AT(account, customer), FALSE, "yes: somebody there bought" },
		{ "owner", "owneremail|owneraddress|accountowner|companyowner|accountmanager|salesrep",
		  import_value_owner, AT(account, owner), FALSE, "address or name of who is responsible" },
	} },
	[IMPORT_CUSTOMERS] = { "customers", customer_record_new, customer_record_free, finish_customer, {
		{ "email", "emailaddress|mail|address|contactemail|personemail|personemailwork", import_value_address, AT(customer, address), FALSE, "address" },
		{ "first_name", "firstname|givenname|forename|vorname", import_value_more, AT(customer, name), FALSE, "given name" },
		{ "last_name", "lastname|familyname|surname|nachname", import_value_more, AT(customer, name), FALSE, "family name" },
		{ "name", "fullname|contact|contactname|customername|person|personname", import_value_text, AT(customer, name), FALSE, "whole name, instead of its parts" },
		{ "company", "companyname|associatedcompany|organisation|organization|personorganization|account|accountname", import_value_text, AT(customer, company), FALSE, "name of the organisation" },
		{ "phone", "phonenumber|telephone|tel|mobile|mobilephone|personphone|personphonework", import_value_phone, AT(customer, phone), FALSE, "with country code, or of default_region" },
		{ "owner", "owneremail|owneraddress|contactowner|accountmanager|salesrep", import_value_owner, AT(customer, owner), FALSE, "address or name of who is responsible" },
		{ "id", "customerid|contactid|personid|recordid|crmid|externalid", import_value_id, AT(customer, id), FALSE, "the CRM's own" },
		{ "since", "customersince|becamecustomer|becameacustomerdate|closedate|date", import_value_time, AT(customer, since), FALSE, "when they bought" },
	} },
	[IMPORT_OWNERS] = { "owners", owner_record_new, owner_record_free, finish_owner, {
		{ "address", "email|emailaddress|mail|owner", import_value_address, AT(owner, address), TRUE, "address" },
		{ "name", "fullname|ownername|person", import_value_text, AT(owner, name), FALSE, "whole name" },
		{ "team", "group|department|salesteam", import_value_text, AT(owner, team), FALSE, "of assignment rules" },
		{ "capacity", "maxleads|maxopenleads|limit", import_value_unsigned, AT(owner, capacity), FALSE, "open leads at most, 0 no limit" },
		{ "weight", "share", import_value_unsigned, AT(owner, weight), FALSE, "share of new leads among others; 1 without" },
		{ "languages", "language|speaks", import_value_languages, AT(owner, languages), FALSE, "codes" },
		{ "countries", "country|region|territory|territories", import_value_countries, AT(owner, countries), FALSE, "codes or names" },
		{ "products", "product|productgroup|productgroups", import_value_words, AT(owner, products), FALSE, "with commas or semicolons between" },
		{ "absent_from", "awayfrom|vacationfrom", import_value_time, AT(owner, absent_from), FALSE, "gone from then on" },
		{ "absent_until", "awayuntil|vacationuntil|back", import_value_time, AT(owner, absent_until), FALSE, "back then" },
		{ "substitute", "deputy|standin", import_value_address, AT(owner, substitute), FALSE, "address of who stands in" },
	} },
	[IMPORT_TOUCHES] = { "touches", touch_record_new, touch_record_free, finish_touch, {
		{ "email", "emailaddress|mail|address|contactemail", import_value_address, AT(import_touch, address), FALSE, "whose it is" },
		{ "phone", "phonenumber|telephone|tel|mobile", import_value_phone, AT(import_touch, phone), FALSE, "whose it is, without an address" },
		{ "touch", "event|eventname|activity|activitytype|action|type", import_value_text, AT(import_touch, touch), TRUE, "name of a touch of a scorecard" },
		{ "time", "date|datetime|timestamp|when|activitydate|occurredat|createdat", import_value_time, AT(import_touch, time), TRUE, "when it happened" },
		{ "note", "notes|comment|description|subject|details", import_value_text, AT(import_touch, note), FALSE, "for people" },
		{ "id", "touchid|eventid|activityid|externalid", import_value_id, AT(import_touch, id), FALSE, "the source's own, known again by" },
		{ "name", "fullname|contact|contactname|person", import_value_text, AT(import_touch, person), FALSE, "of the person, for a new card" },
		{ "campaign", "utmcampaign|campaignname", import_value_text, AT(import_touch, campaign), FALSE, "what it came from" },
	} },
	[IMPORT_OUTCOMES] = { "outcomes", outcome_record_new, outcome_record_free, finish_outcome, {
		{ "lead", "leadid|xleadid", import_value_id, AT(import_outcome, lead), FALSE, "id of the lead" },
		{ "email", "emailaddress|mail|address|contactemail", import_value_address, AT(import_outcome, address), FALSE, "its address, without an id" },
		{ "outcome", "result|status|dealstage", import_value_text, AT(import_outcome, what), TRUE, "won, lost, accepted, qualified, rejected, recycled, unreachable, opted_out, stage or owner" },
		{ "value", "stage|newstage", import_value_text, AT(import_outcome, value), FALSE, "the stage of \"stage\", the address of \"owner\"" },
		{ "time", "date|datetime|timestamp|when|closedate|closedat", import_value_time, AT(import_outcome, time), FALSE, "when it happened; now without" },
		{ "reason", "lostreason|closedlostreason|rejectionreason|note|comment", import_value_text, AT(import_outcome, reason), FALSE, "for people" },
		{ "customer", "customerid|contactid|recordid|crmid", import_value_id, AT(import_outcome, customer), FALSE, "the CRM's id of the customer" },
		{ "id", "outcomeid|dealid|opportunityid|externalid", import_value_id, AT(import_outcome, id), FALSE, "the source's own, known again by" },
	} },
};
/* clang-format on */

const char *
import_kind_name(enum import_kind kind)
{
	return KINDS[kind].name;
}

gboolean
import_kind_from_name(const char *name, enum import_kind *ret_kind)
{
	for (guint i = 0; name != NULL && i < IMPORT_KIND_COUNT; i++) {
		if (strcmp(KINDS[i].name, name) == 0) {
			*ret_kind = (enum import_kind)i;
			return TRUE;
		}
	}
	return FALSE;
}

const char *
import_column(enum import_kind kind, guint i)
{
	return i < IMPORT_MOST_COLUMNS ? KINDS[kind].columns[i].name : NULL;
}

const char *
import_column_doc(enum import_kind kind, guint i)
{
	return KINDS[kind].columns[i].doc;
}

/* --- the header of a file --- */

/* "E-Mail Address" and "email_address" are "emailaddress".  Caller frees. */
static char *
fold_header(const char *header)
{
	GString *folded = g_string_new(NULL);

	for (const char *p = header; *p; p = g_utf8_next_char(p)) {
		gunichar c = g_utf8_get_char(p);

		if (g_unichar_isalnum(c))
			g_string_append_unichar(folded, g_unichar_tolower(c));
	}
	return g_string_free(folded, FALSE);
}

static gboolean
is_name_of(const struct column *column, const char *folded)
{
	g_autofree char *name = fold_header(column->name);
	g_auto(GStrv) aliases = g_strsplit(column->aliases, "|", -1);

	return strcmp(name, folded) == 0 || g_strv_contains((const char *const *)aliases, folded);
}

static int
find_column(const struct table *kind, const char *name)
{
	for (int i = 0; i < IMPORT_MOST_COLUMNS && kind->columns[i].name != NULL; i++) {
		if (strcmp(kind->columns[i].name, name) == 0)
			return i;
	}
	return -1;
}

static int
find_header(const GPtrArray *header, const char *name)
{
	g_autofree char *wanted = fold_header(name);

	for (guint i = 0; i < header->len; i++) {
		g_autofree char *folded = fold_header(header->pdata[i]);

		if (strcmp(header->pdata[i], name) == 0 || strcmp(folded, wanted) == 0)
			return (int)i;
	}
	return -1;
}

/* The columns of a kind in words: "domain, company, …".  Caller frees. */
static char *
list_columns(const struct table *kind)
{
	GString *list = g_string_new(NULL);

	for (guint i = 0; i < IMPORT_MOST_COLUMNS && kind->columns[i].name != NULL; i++)
		g_string_append_printf(list, "%s%s", i > 0 ? ", " : "", kind->columns[i].name);
	return g_string_free(list, FALSE);
}

static gboolean
map_by_hand(struct import_plan *plan, const GPtrArray *header, const char *mapping, GError **error)
{
	const struct table *kind = &KINDS[plan->kind];
	const char *sign = strchr(mapping, '=');
	g_autofree char *name = sign != NULL ? g_strndup(mapping, (gsize)(sign - mapping)) : NULL;
	int column = name != NULL ? find_column(kind, name) : -1;

	if (column < 0) {
		g_autofree char *names = list_columns(kind);

		g_set_error(error, LEADMILTER_ERROR, ERROR_INPUT,
			    "\"%s\": expected COLUMN=HEADER with one of %s", mapping, names);
		return FALSE;
	}
	plan->cell[column] = find_header(header, sign + 1);
	if (plan->cell[column] >= 0)
		return TRUE;
	g_set_error(error, LEADMILTER_ERROR, ERROR_INPUT, "\"%s\": the file has no column \"%s\"",
		    mapping, sign + 1);
	return FALSE;
}

static gboolean
is_taken(const struct import_plan *plan, int cell)
{
	for (guint i = 0; i < IMPORT_MOST_COLUMNS; i++) {
		if (plan->cell[i] == cell)
			return TRUE;
	}
	return FALSE;
}

/* A column's own name goes before its other names, which go before those of later columns. */
static gboolean
map_by_name(struct import_plan *plan, const GPtrArray *header, guint column, GError **error)
{
	const struct column *wanted = &KINDS[plan->kind].columns[column];
	g_autofree char *own = fold_header(wanted->name);
	int own_name = -1, alias = -1, second = -1;

	for (guint i = 0; i < header->len; i++) {
		g_autofree char *folded = fold_header(header->pdata[i]);

		if (is_taken(plan, (int)i) || !is_name_of(wanted, folded))
			continue;
		if (strcmp(folded, own) == 0) {
			second = own_name >= 0 ? (int)i : second;
			own_name = own_name >= 0 ? own_name : (int)i;
		} else if (alias < 0) {
			alias = (int)i;
		}
	}
	if (second >= 0) {
		g_set_error(error, LEADMILTER_ERROR, ERROR_INPUT,
			    "the column \"%s\" is there twice; say which with --map %s=HEADER",
			    wanted->name, wanted->name);
		return FALSE;
	}
	plan->cell[column] = own_name >= 0 ? own_name : alias;
	return TRUE;
}

/* Two passes, so that "name" doesn't take what is "company" by its own name. */
static gboolean
map_header(struct import_plan *plan, const GPtrArray *header, GError **error)
{
	const struct table *kind = &KINDS[plan->kind];

	for (guint i = 0; i < IMPORT_MOST_COLUMNS && kind->columns[i].name != NULL; i++) {
		g_autofree char *own = fold_header(kind->columns[i].name);
		gboolean has_own = FALSE;

		for (guint j = 0; j < header->len; j++) {
			g_autofree char *folded = fold_header(header->pdata[j]);
			has_own |= strcmp(folded, own) == 0;
		}
		if (has_own && plan->cell[i] < 0 && !map_by_name(plan, header, i, error))
			return FALSE;
	}
	for (guint i = 0; i < IMPORT_MOST_COLUMNS && kind->columns[i].name != NULL; i++) {
		if (plan->cell[i] < 0 && !map_by_name(plan, header, i, error))
			return FALSE;
	}
	return TRUE;
}

static gboolean
check_needed(const struct import_plan *plan, GError **error)
{
	const struct table *kind = &KINDS[plan->kind];

	for (guint i = 0; i < IMPORT_MOST_COLUMNS && kind->columns[i].name != NULL; i++) {
		g_autofree char *names = NULL;

		if (!kind->columns[i].needed || plan->cell[i] >= 0)
			continue;
		names = list_columns(kind);
		g_set_error(error, LEADMILTER_ERROR, ERROR_INPUT,
			    "no column \"%s\"; expected a header with %s, or --map %s=HEADER",
			    kind->columns[i].name, names, kind->columns[i].name);
		return FALSE;
	}
	return TRUE;
}

struct import_plan *
import_plan_new(enum import_kind kind, const GPtrArray *header, const char *const *mappings,
		GError **error)
{
	g_autoptr(import_plan_owned) plan = g_new0(struct import_plan, 1);

	plan->kind = kind;
	plan->ignored = g_ptr_array_new_with_free_func(g_free);
	for (guint i = 0; i < IMPORT_MOST_COLUMNS; i++)
		plan->cell[i] = -1;
	for (guint i = 0; mappings != NULL && mappings[i] != NULL; i++) {
		if (!map_by_hand(plan, header, mappings[i], error))
			return NULL;
	}
	if (!map_header(plan, header, error) || !check_needed(plan, error))
		return NULL;
	for (guint i = 0; i < header->len; i++) {
		if (!is_taken(plan, (int)i) && *(const char *)header->pdata[i] != '\0')
			g_ptr_array_add(plan->ignored, g_strdup(header->pdata[i]));
	}
	return g_steal_pointer(&plan);
}

void
import_plan_free(struct import_plan *plan)
{
	if (plan == NULL)
		return;
	g_ptr_array_unref(plan->ignored);
	g_free(plan);
}

void
import_plan_pick(const struct import_plan *plan, const GPtrArray *fields, const char **ret)
{
	for (guint i = 0; i < IMPORT_MOST_COLUMNS; i++)
		ret[i] = plan->cell[i] >= 0 && (guint)plan->cell[i] < fields->len
				 ? fields->pdata[plan->cell[i]]
				 : "";
}

/* --- a row --- */

static gboolean
read_cell(const struct column *column, const char *cell, const struct import_context *context,
	  gpointer record, GError **error)
{
	g_autofree char *text = g_strstrip(g_strdup(cell != NULL ? cell : ""));

	if (*text == '\0') {
		if (!column->needed)
			return TRUE;
		g_set_error(error, LEADMILTER_ERROR, ERROR_INPUT, "%s: nothing, expected %s",
			    column->name, column->doc);
		return FALSE;
	}
	if (column->read(text, context, G_STRUCT_MEMBER_P(record, column->offset), error))
		return TRUE;
	g_prefix_error(error, "%s: ", column->name);
	return FALSE;
}

gpointer
import_read(enum import_kind kind, const char *const *cells, const struct import_context *context,
	    GError **error)
{
	const struct table *how = &KINDS[kind];
	gpointer record = how->new ();
	gboolean done = TRUE;

	for (guint i = 0; done && i < IMPORT_MOST_COLUMNS && how->columns[i].name != NULL; i++)
		done = read_cell(&how->columns[i], cells[i], context, record, error);
	if (done && how->finish(record, error))
		return record;
	how->free(record);
	return NULL;
}

void
import_record_free(enum import_kind kind, gpointer record)
{
	if (record != NULL)
		KINDS[kind].free(record);
}

GDestroyNotify
import_record_destroy(enum import_kind kind)
{
	return KINDS[kind].free;
}
