/* notify_mail.c - see notify_mail.h. */
#include "hooks/out/notify_mail.h"
#include "base/clock.h"
#include "base/limits.h"
#include "mail/address.h"
#include "mail/facts.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <string.h>

#define REASONS 5
#define VALUE 200 /* bytes of one value shown */
#define WORD_BYTES 42 /* of text in an encoded word: a line of it and the name is below 78 */
#define LINE 76 /* of quoted-printable */
#define OWNER "owner"
#define TEST "leadmilter.test" /* an administrator's */

/* --- reading an event --- */

static const cJSON *
find(const cJSON *object, const char *key)
{
	return object ? cJSON_GetObjectItemCaseSensitive(object, key) : NULL;
}

/* One line of at most VALUE bytes: what would end a line or turn its direction is a space. */
static char *
one_line(const char *text)
{
	g_autofree char *valid = g_utf8_make_valid(text, -1);
	GString *out = g_string_new(NULL);
	for (const char *p = valid; *p && out->len < VALUE; p = g_utf8_next_char(p)) {
		gunichar c = g_utf8_get_char(p);
		GUnicodeType type = g_unichar_type(c);
		gboolean bad = type == G_UNICODE_CONTROL || type == G_UNICODE_FORMAT ||
			       type == G_UNICODE_LINE_SEPARATOR ||
			       type == G_UNICODE_PARAGRAPH_SEPARATOR;
		g_string_append_unichar(out, bad ? ' ' : c);
	}
	char *line = g_strstrip(g_string_free(out, FALSE));
	if (*line)
		return line;
	g_free(line);
	return NULL;
}

static char *
text_of(const cJSON *object, const char *key)
{
	const cJSON *item = find(object, key);
	return cJSON_IsString(item) ? one_line(item->valuestring) : NULL;
}

static gint
by_weight(gconstpointer one, gconstpointer other)
{
	const cJSON *a = *(const cJSON *const *)one, *b = *(const cJSON *const *)other;
	double first = fabs(find(a, "points")->valuedouble);
	double second = fabs(find(b, "points")->valuedouble);
	return (first < second) - (first > second);
}

static char *
reason_text(const cJSON *contribution)
{
	g_autofree char *reason = text_of(contribution, "reason");
	g_autofree char *rule = reason ? NULL : text_of(contribution, "rule");
	return g_strdup_printf("%+.0f  %s", find(contribution, "points")->valuedouble,
			       reason ? reason
			       : rule ? rule
				      : "");
}

static void
read_reasons(struct notify_event *event, const cJSON *score)
{
	g_autoptr(GPtrArray) weighty = g_ptr_array_new();
	const cJSON *contribution;
	cJSON_ArrayForEach(contribution, find(score, "contributions"))
	{
		const cJSON *points = find(contribution, "points");
		if (cJSON_IsNumber(points) && fabs(points->valuedouble) >= 0.5)
			g_ptr_array_add(weighty, (gpointer)contribution);
	}
	g_ptr_array_sort(weighty, by_weight);
	for (guint i = 0; i < weighty->len && i < REASONS; i++)
		g_ptr_array_add(event->reasons, reason_text(weighty->pdata[i]));
}

/* For people: "2026-11-21 12:00 UTC". */
static char *
due_of(const cJSON *task)
{
	g_autofree char *text = text_of(task, "due");
	gint64 due = text ? clock_parse(text, NULL) : 0;
	g_autoptr(GDateTime) t = due ? g_date_time_new_from_unix_utc(due / CLOCK_SECOND) : NULL;
	return t ? g_date_time_format(t, "%Y-%m-%d %H:%M UTC") : NULL;
}

static void
read_data(struct notify_event *event, const cJSON *data)
{
	const cJSON *lead = find(data, "lead"), *person = find(data, "person");
	const cJSON *message = find(data, "message"), *score = find(data, "score");
	const cJSON *owner = find(data, "owner"), *task = find(data, "task");
	const struct {
		char **member;
		const cJSON *object;
		const char *key;
	} rows[] = {
		{ &event->lead, lead, "id" },
		{ &event->stage, lead, "stage" },
		{ &event->name, person, "name" },
		{ &event->company, person, "company" },
		{ &event->address, person, "address" },
		{ &event->phone, person, "phone" },
		{ &event->title, person, "title" },
		{ &event->subject, message, "subject" },
		{ &event->message_id, message, "message_id" },
		{ &event->mailbox, message, "mailbox" },
		{ &event->note, find(data, "conversation"), "note" },
		{ &event->grade, score, "grade" },
		{ &event->temperature, score, "temperature" },
		{ &event->owner, owner, "address" },
		{ &event->owner_reason, owner, "reason" },
		{ &event->task, task, "kind" },
	};
	for (guint i = 0; i < G_N_ELEMENTS(rows); i++)
		*rows[i].member = text_of(rows[i].object, rows[i].key);
	event->task_due = due_of(task);
	event->has_score = cJSON_IsNumber(find(score, "total"));
	if (event->has_score)
		event->total = find(score, "total")->valuedouble;
	read_reasons(event, score);
}

struct notify_event *
notify_event_new(const char *id, const char *body)
{
	cJSON *json = strlen(body) <= LIMIT_EVENT ? cJSON_Parse(body) : NULL;
	g_autofree char *type = text_of(json, "type");
	g_autofree char *time = text_of(json, "timestamp");
	struct notify_event *event = NULL;
	if (type && cJSON_IsObject(find(json, "data"))) {
		event = g_new0(struct notify_event, 1);
		event->id = g_strdup(id);
		event->type = g_steal_pointer(&type);
		event->time = time ? clock_parse(time, NULL) : 0;
		event->reasons = g_ptr_array_new_with_free_func(g_free);
		read_data(event, find(json, "data"));
	}
	cJSON_Delete(json);
	return event;
}

void
notify_event_free(struct notify_event *event)
{
	if (!event)
		return;
	char *strings[] = { event->id,           event->type,    event->lead,        event->name,
			    event->company,      event->address, event->phone,       event->title,
			    event->subject,      event->mailbox, event->message_id,  event->note,
			    event->stage,        event->grade,   event->temperature, event->owner,
			    event->owner_reason, event->task,    event->task_due };
	for (guint i = 0; i < G_N_ELEMENTS(strings); i++)
		g_free(strings[i]);
	g_ptr_array_unref(event->reasons);
	g_free(event);
}

/* --- to whom --- */

/* Goes into an SMTP command and a field as it is. */
static gboolean
is_plain_address(const char *address)
{
	if (strlen(address) > LIMIT_ADDRESS || !address_is_valid(address))
		return FALSE;
	for (const char *p = address; *p; p++)
		if ((guchar)*p <= ' ' || (guchar)*p >= 0x7f || strchr("<>()\"\\,;:", *p))
			return FALSE;
	return TRUE;
}

/* "Name <address>" or "address", of ASCII. */
static char *
from_address(const char *from)
{
	g_autoptr(GPtrArray) list = address_parse_list(from);
	const struct mail_address *address = list->len == 1 ? list->pdata[0] : NULL;
	for (const char *p = from; *p; p++)
		if ((guchar)*p < ' ' || (guchar)*p >= 0x7f)
			return NULL;
	return address && is_plain_address(address->address) ? g_strdup(address->address) : NULL;
}

static gint
compare_texts(gconstpointer one, gconstpointer other)
{
	return strcmp(*(char *const *)one, *(char *const *)other);
}

GPtrArray *
notify_recipients(const struct config_notify *notify, const struct notify_event *event)
{
	GPtrArray *recipients = g_ptr_array_new_with_free_func(g_free);
	for (guint i = 0; i < notify->to->len; i++) {
		const char *to = g_ptr_array_index(notify->to, i);
		const char *address = g_ascii_strcasecmp(to, OWNER) ? to : event->owner;
		g_autofree char *lower = address ? g_ascii_strdown(address, -1) : NULL;
		if (lower && is_plain_address(lower) &&
		    !g_ptr_array_find_with_equal_func(recipients, lower, g_str_equal, NULL))
			g_ptr_array_add(recipients, g_steal_pointer(&lower));
	}
	char *author =
		recipients->len || strcmp(event->type, TEST) ? NULL : from_address(notify->from);
	if (author)
		g_ptr_array_add(recipients, author);
	g_ptr_array_sort(recipients, compare_texts);
	return recipients;
}

/* --- the link --- */

static const char *
link_value(const struct notify_event *event, const char *name, gsize length)
{
	const struct {
		const char *name, *value;
	} values[] = { { "lead.id", event->lead },
		       { "lead.address", event->address },
		       { "lead.owner", event->owner } };
	for (guint i = 0; i < G_N_ELEMENTS(values); i++)
		if (strlen(values[i].name) == length && !strncmp(values[i].name, name, length))
			return values[i].value ? values[i].value : "";
	return NULL;
}

/* @return NULL when a placeholder is none */
static char *
make_link(const char *template, const struct notify_event *event)
{
	GString *out = g_string_new(NULL);
	for (const char *p = template; *p; p++) {
		const char *end = *p == '{' ? strchr(p, '}') : NULL;
		const char *value = end ? link_value(event, p + 1, end - p - 1) : NULL;
		if (*p != '{')
			g_string_append_c(out, *p);
		else if (!value)
			return g_string_free(out, TRUE);
		else {
			g_autofree char *escaped = g_uri_escape_string(value, NULL, FALSE);
			g_string_append(out, escaped);
			p = end;
		}
	}
	return g_string_free(out, FALSE);
}

static gboolean
is_printable(const char *text)
{
	for (; *text; text++)
		if ((guchar)*text <= ' ' || (guchar)*text >= 0x7f)
			return FALSE;
	return TRUE;
}

char *
notify_check(const struct config_notify *notify)
{
	const struct notify_event nothing = { 0 };
	g_autofree char *from = notify->from ? from_address(notify->from) : NULL;
	g_autofree char *link = notify->url ? make_link(notify->url, &nothing) : NULL;
	if (!from)
		return g_strdup("expected from = \"leads@example.com\"");
	if (notify->sender && !is_plain_address(notify->sender))
		return g_strdup_printf("sender = \"%s\": expected an address", notify->sender);
	if (notify->url && (!link || !is_printable(link)))
		return g_strdup_printf("url = \"%s\": expected a URL with {lead.id}, "
				       "{lead.address} and {lead.owner} alone",
				       notify->url);
	for (guint i = 0; i < notify->to->len; i++) {
		const char *to = g_ptr_array_index(notify->to, i);
		if (g_ascii_strcasecmp(to, OWNER) && !is_plain_address(to))
			return g_strdup_printf("to: \"%s\": expected \"owner\" or an address", to);
	}
	return NULL;
}

/* --- the text --- */

/* NULL: it is about nobody, or nobody we could name. */
static const char *
called(const struct notify_event *event)
{
	return event->name ? event->name : event->address;
}

static const struct {
	const char *type, *headline, *sentence; /* "%s" is the person */
} kinds[] = {
	{ "lead.created", "New lead", "%s wrote to us and is a new lead." },
	{ "lead.assigned", "Your lead", "%s is your lead now." },
	{ "lead.reopened", "Back again", "%s writes again after the lead was closed." },
	{ "lead.qualified", "Qualified", "%s is ready to be sold to." },
	{ "lead.stage_changed", "New stage", "The stage of %s changed." },
	{ "lead.updated", "News", "There is news of %s." },
	{ "lead.merged", "Merged", "%s and another lead are one now." },
	{ "lead.split", "Split", "%s is a lead of its own again." },
	{ "lead.cooled", "Cooled down", "%s has gone cold." },
	{ "lead.sla_breached", "Still waiting", "%s still waits for your answer." },
	{ "contact.bounced", "Unreachable", "Our mail to %s came back." },
	{ "contact.opted_out", "Opted out", "%s wants no more mail." },
	{ "contact.forgotten", "Forgotten", "What was known of a contact was erased." },
	{ "customer.activity", "Customer", "Your customer %s is active." },
	{ TEST, "Test", "This is a test: notifications arrive." },
};

static const char *
headline_of(const struct notify_event *event)
{
	for (guint i = 0; i < G_N_ELEMENTS(kinds); i++)
		if (!strcmp(kinds[i].type, event->type))
			return kinds[i].headline;
	return event->type;
}

static void
put_sentence(GString *out, const struct notify_event *event)
{
	const char *sentence = NULL, *who = called(event) ? called(event) : "Somebody unnamed";
	for (guint i = 0; i < G_N_ELEMENTS(kinds) && !sentence; i++)
		if (!strcmp(kinds[i].type, event->type))
			sentence = kinds[i].sentence;
	const char *at = sentence ? strstr(sentence, "%s") : NULL;
	if (at)
		g_string_append_printf(out, "%.*s%s%s\n", (int)(at - sentence), sentence, who,
				       at + 2);
	else if (sentence)
		g_string_append_printf(out, "%s\n", sentence);
	else
		g_string_append_printf(out, "%s: %s\n", event->type, who);
}

static void
put_row(GString *out, const char *label, const char *value)
{
	if (value)
		g_string_append_printf(out, "%-9s %s\n", label, value);
}

/* "72, grade A, hot" */
static char *
score_text(const struct notify_event *event)
{
	if (!event->has_score)
		return NULL;
	return g_strdup_printf("%.0f%s%s%s%s", event->total, event->grade ? ", grade " : "",
			       event->grade ? event->grade : "", event->temperature ? ", " : "",
			       event->temperature ? event->temperature : "");
}

static char *
joined(const char *one, const char *between, const char *other, const char *after)
{
	if (!one)
		return g_strdup(other);
	return other ? g_strconcat(one, between, other, after, NULL) : g_strdup(one);
}

static void
put_event(GString *out, const struct config_notify *notify, const struct notify_event *event)
{
	g_autofree char *score = score_text(event);
	g_autofree char *owner = joined(event->owner, " (", event->owner_reason, ")");
	g_autofree char *company = joined(event->title, ", ", event->company, "");
	g_autofree char *task = joined(event->task       ? event->task
				       : event->task_due ? "answer"
							 : NULL,
				       " by ", event->task_due, "");
	g_autofree char *link = notify->url ? make_link(notify->url, event) : NULL;
	put_sentence(out, event);
	g_string_append_c(out, '\n');
	put_row(out, "Name:", event->name);
	put_row(out, "Company:", company);
	put_row(out, "Address:", event->address);
	put_row(out, "Phone:", event->phone);
	put_row(out, "Subject:", event->subject);
	put_row(out, "Stage:", event->stage);
	put_row(out, "Score:", score);
	for (guint i = 0; i < event->reasons->len; i++)
		put_row(out, i ? "" : "Why:", g_ptr_array_index(event->reasons, i));
	put_row(out, "Note:", event->note);
	put_row(out, "Owner:", owner);
	put_row(out, "To do:", task);
	put_row(out, "Card:", link);
}

/* --- the message --- */

/* RFC 2047: encoded words of whole characters, each on a line of its own. */
static void
put_text_field(GString *out, const char *name, const char *text)
{
	gboolean ascii = TRUE;
	for (const char *p = text; *p && ascii; p++)
		ascii = (guchar)*p >= ' ' && (guchar)*p < 0x7f;
	g_string_append_printf(out, "%s:", name);
	/* what looks like an encoded word would be taken for one */
	if (ascii && !strstr(text, "=?") && strlen(text) <= LINE - strlen(name) - 2) {
		g_string_append_printf(out, " %s\r\n", text);
		return;
	}
	for (const char *end; *text; text = end) {
		end = text + MIN(strlen(text), WORD_BYTES);
		while (end > text && ((guchar)*end & 0xc0) == 0x80)
			end--;
		g_autofree char *word = g_base64_encode((const guchar *)text, end - text);
		g_string_append_printf(out, " =?UTF-8?B?%s?=\r\n", word);
	}
}

/* RFC 2045 section 6.7. */
static void
put_quoted_printable(GString *out, const char *text)
{
	gsize column = 0;
	for (const char *p = text; *p; p++) {
		gboolean last = p[1] == '\n' || !p[1];
		gboolean plain = ((guchar)*p > ' ' && (guchar)*p < 0x7f && *p != '=') ||
				 (*p == ' ' && !last);
		gsize width = plain ? 1 : 3;
		if (*p == '\n') {
			g_string_append(out, "\r\n");
			column = 0;
			continue;
		}
		if (column + width >= LINE) {
			g_string_append(out, "=\r\n");
			column = 0;
		}
		/* a dot alone ends a message for careless software */
		if (plain && !(column == 0 && *p == '.'))
			g_string_append_c(out, *p);
		else {
			g_string_append_printf(out, "=%02X", (guchar)*p);
			width = 3;
		}
		column += width;
	}
}

static void
put_date(GString *out, gint64 now)
{
	static const char *const days[] = { "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun" };
	static const char *const months[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
					      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
	g_autoptr(GDateTime) t = g_date_time_new_from_unix_utc(now / CLOCK_SECOND);
	g_string_append_printf(
		out, "Date: %s, %d %s %d %02d:%02d:%02d +0000\r\n",
		days[g_date_time_get_day_of_week(t) - 1], g_date_time_get_day_of_month(t),
		months[g_date_time_get_month(t) - 1], g_date_time_get_year(t),
		g_date_time_get_hour(t), g_date_time_get_minute(t), g_date_time_get_second(t));
}

/* As it stood in the lead's mail, if it can stand in a field. */
static gboolean
is_message_id(const char *id)
{
	return id && *id && strlen(id) < VALUE && is_printable(id) && !strpbrk(id, "<>()\"\\,;") &&
	       strchr(id, '@');
}

static char *
make_subject(const GPtrArray *events)
{
	const struct notify_event *event = g_ptr_array_index(events, 0);
	if (events->len > 1)
		return g_strdup_printf("%u notes on your leads", events->len);
	g_autofree char *who = joined(called(event), ", ", event->company, "");
	g_autofree char *score =
		event->has_score
			? g_strdup_printf(" (%.0f%s%s)", event->total, event->grade ? ", " : "",
					  event->grade ? event->grade : "")
			: NULL;
	return g_strdup_printf("%s%s%s%s", headline_of(event), who ? ": " : "", who ? who : "",
			       score ? score : "");
}

static void
put_head(GString *out, const struct config_notify *notify, const char *hostname,
	 const GPtrArray *recipients, const GPtrArray *events, gint64 now)
{
	const struct notify_event *event = g_ptr_array_index(events, 0);
	g_autofree char *subject = make_subject(events);
	g_string_append_printf(out, "From: %s\r\n", notify->from);
	for (guint i = 0; i < recipients->len; i++)
		g_string_append_printf(out, "%s%s", i ? ",\r\n " : "To: ",
				       (char *)g_ptr_array_index(recipients, i));
	g_string_append(out, "\r\n");
	put_text_field(out, "Subject", subject);
	put_date(out, now);
	g_string_append_printf(out, "Message-ID: <%s%s@%s>\r\n", event->id,
			       events->len > 1 ? ".digest" : "", hostname);
	if (events->len == 1 && is_message_id(event->message_id))
		g_string_append_printf(out, "In-Reply-To: <%s>\r\nReferences: <%s>\r\n",
				       event->message_id, event->message_id);
	g_string_append(out, FACTS_NOTIFICATION ": notification\r\n"
						"Auto-Submitted: auto-generated\r\n"
						"X-Auto-Response-Suppress: All\r\n"
						"MIME-Version: 1.0\r\n"
						"Content-Type: text/plain; charset=utf-8\r\n"
						"Content-Transfer-Encoding: quoted-printable\r\n"
						"\r\n");
}

char *
notify_mail(const struct config_notify *notify, const char *hostname, const GPtrArray *recipients,
	    const GPtrArray *events, gint64 now)
{
	GString *out = g_string_sized_new(2048);
	GString *text = g_string_sized_new(1024);
	for (guint i = 0; i < events->len; i++) {
		if (i)
			g_string_append(text, "\n--------\n\n");
		put_event(text, notify, g_ptr_array_index(events, i));
	}
	g_string_append_printf(text, "\n-- \nleadmilter at %s\n", hostname);
	put_head(out, notify, hostname, recipients, events, now);
	put_quoted_printable(out, text->str);
	g_string_free(text, TRUE);
	return g_string_free(out, FALSE);
}
