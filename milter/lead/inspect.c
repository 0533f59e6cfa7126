/* inspect.c - see inspect.h. */
#include "lead/inspect.h"
#include "lead/show.h"
#include "base/clock.h"

#include <cJSON.h>
#include <math.h>
#include <string.h>

static cJSON *
strings(const GPtrArray *list)
{
	cJSON *array = cJSON_CreateArray();
	for (guint i = 0; list && i < list->len; i++)
		cJSON_AddItemToArray(array, cJSON_CreateString(g_ptr_array_index(list, i)));
	return array;
}

/* Envelope data may be any bytes. */
static void
add_bytes(cJSON *object, const char *key, const char *bytes)
{
	g_autofree char *valid = bytes ? g_utf8_make_valid(bytes, -1) : NULL;
	show_add_text(object, key, valid);
}

static void
add_envelope(cJSON *root, const struct facts *facts)
{
	cJSON *envelope = cJSON_AddObjectToObject(root, "envelope");
	add_bytes(envelope, "from", facts->mail_from);
	cJSON *recipients = cJSON_AddArrayToObject(envelope, "rcpt");
	for (guint i = 0; i < facts->recipients->len; i++) {
		g_autofree char *valid =
			g_utf8_make_valid(g_ptr_array_index(facts->recipients, i), -1);
		cJSON_AddItemToArray(recipients, cJSON_CreateString(valid));
	}
}

static void
add_sender(cJSON *root, const struct sender *sender)
{
	cJSON *object = cJSON_AddObjectToObject(root, "sender");
	show_add_text(object, "address", sender->address);
	show_add_text(object, "name", sender->name);
	show_add_text(object, "domain", sender->domain);
	show_add_text(object, "org_domain", sender->org_domain);
	cJSON_AddBoolToObject(object, "freemail", sender->freemail);
	cJSON_AddBoolToObject(object, "disposable", sender->disposable);
	cJSON_AddBoolToObject(object, "role", sender->role);
	cJSON_AddBoolToObject(object, "relay", sender->relay);
	cJSON_AddBoolToObject(object, "own", sender->own);
	cJSON_AddBoolToObject(object, "partner", sender->partner);
	cJSON_AddBoolToObject(object, "isp", sender->isp);
	cJSON_AddBoolToObject(object, "verified", sender->verified);
	cJSON *auth = cJSON_AddObjectToObject(object, "auth");
	show_add_text(auth, "spf", auth_result_name(sender->auth.spf));
	show_add_text(auth, "dkim", auth_result_name(sender->auth.dkim));
	show_add_text(auth, "dmarc", auth_result_name(sender->auth.dmarc));
}

static void
add_message_text(cJSON *root, const struct reply_text *text)
{
	cJSON *object = cJSON_AddObjectToObject(root, "text");
	show_add_text(object, "new", text->new_text);
	show_add_text(object, "quoted", text->quoted);
	show_add_text(object, "signature", text->signature);
	show_add_text(object, "language", *text->language ? text->language : NULL);
	cJSON_AddBoolToObject(object, "truncated", text->truncated);
}

static void
add_phones(cJSON *person, const char *key, const GPtrArray *phones)
{
	cJSON *array = cJSON_AddArrayToObject(person, key);
	for (guint i = 0; i < phones->len; i++) {
		const struct phone *phone = g_ptr_array_index(phones, i);
		cJSON *object = cJSON_CreateObject();
		show_add_text(object, "raw", phone->raw);
		show_add_text(object, "e164", phone->e164);
		show_add_text(object, "region", phone->region);
		show_add_text(object, "kind", phone->kind);
		show_add_text(object, "extension", phone->extension);
		cJSON_AddItemToArray(array, object);
	}
}

static void
add_person(cJSON *root, const struct person *person)
{
	cJSON *object = cJSON_AddObjectToObject(root, "person");
	show_add_text(object, "address", person->address);
	show_add_text(object, "name", person->name);
	show_add_text(object, "prefix", person->prefix);
	show_add_text(object, "first_name", person->first_name);
	show_add_text(object, "last_name", person->last_name);
	show_add_text(object, "suffix", person->suffix);
	show_add_text(object, "title", person->title);
	show_add_text(object, "role",
		      person->rank == RANK_UNKNOWN ? NULL : title_rank_name(person->rank));
	show_add_text(object, "company", person->company);
	add_phones(object, "phones", person->phones);
	add_phones(object, "faxes", person->faxes);
	cJSON_AddItemToObject(object, "urls", strings(person->urls));
	show_add_text(object, "country", person->country);
	cJSON_AddBoolToObject(object, "reachable", person->reachable);
	cJSON_AddBoolToObject(object, "implausible_name", person->implausible_name);
	cJSON *found = cJSON_AddObjectToObject(object, "found_in");
	show_add_text(found, "name", person_origin_name(person->name_origin));
	show_add_text(found, "title", person_origin_name(person->title_origin));
	show_add_text(found, "company", person_origin_name(person->company_origin));
	show_add_text(found, "country", person_origin_name(person->country_origin));
}

static void
add_form(cJSON *root, const struct form *form)
{
	if (!form) {
		cJSON_AddNullToObject(root, "form");
		return;
	}
	cJSON *object = cJSON_AddObjectToObject(root, "form");
	show_add_text(object, "name", form->name);
	cJSON_AddBoolToObject(object, "trusted", form->trusted);
	cJSON *fields = cJSON_AddObjectToObject(object, "fields");
	for (guint i = 0; i < form->fields->len; i++) {
		const struct form_field *field = g_ptr_array_index(form->fields, i);
		const char *key = field->key ? field->key : field->label;
		if (!cJSON_HasObjectItem(fields, key))
			show_add_text(fields, key, field->value);
	}
}

static void
add_forward(cJSON *root, const struct forward *forward)
{
	if (!forward) {
		cJSON_AddNullToObject(root, "forward");
		return;
	}
	cJSON *object = cJSON_AddObjectToObject(root, "forward");
	show_add_text(object, "by", forward->by);
	cJSON *original = cJSON_AddObjectToObject(object, "original");
	show_add_text(original, "name", forward->name);
	show_add_text(original, "address", forward->address);
	show_add_time(object, "date", forward->date);
	show_add_text(object, "subject", forward->subject);
	show_add_text(object, "text", forward->text);
	show_add_text(object, "note", forward->note);
}

static void
add_reply(cJSON *root, const struct facts *facts)
{
	cJSON *object = cJSON_AddObjectToObject(root, "reply");
	const GPtrArray *to = facts->mail->in_reply_to;
	show_add_text(object, "in_reply_to", to->len ? g_ptr_array_index(to, 0) : NULL);
	cJSON_AddItemToObject(object, "references", strings(facts->mail->references));
	show_add_text(object, "thread_index", facts->thread_index);
	cJSON_AddBoolToObject(object, "subject_prefix", facts->reply_prefixes > 0);
}

static void
add_automatic(cJSON *root, const struct kind *kind)
{
	const struct auto_reply *reply = kind->auto_reply;
	cJSON *object =
		reply ? cJSON_AddObjectToObject(root, "auto") : cJSON_AddNullToObject(root, "auto");
	if (reply) {
		show_add_text(object, "reason", reply->reason);
		show_add_time(object, "until", reply->until);
		show_add_text(object, "substitute",
			      reply->substitute_address ? reply->substitute_address
							: reply->substitute_name);
		show_add_text(object, "substitute_name", reply->substitute_name);
	}
	const struct bounce *bounce = kind->bounce;
	object = bounce ? cJSON_AddObjectToObject(root, "bounce")
			: cJSON_AddNullToObject(root, "bounce");
	if (bounce) {
		static const char *const classes[] = { "permanent", "temporary", "delayed",
						       "delivered" };
		show_add_text(object, "recipient", bounce->recipient);
		show_add_text(object, "status", bounce->status);
		cJSON_AddBoolToObject(object, "permanent", bounce->permanent);
		show_add_text(object, "class", classes[bounce->class]);
		show_add_text(object, "diagnostic", bounce->diagnostic);
		show_add_text(object, "original_message_id", bounce->original_message_id);
	}
	const struct calendar *calendar = kind->calendar;
	object = calendar ? cJSON_AddObjectToObject(root, "calendar")
			  : cJSON_AddNullToObject(root, "calendar");
	if (calendar) {
		show_add_text(object, "method", calendar->method);
		show_add_text(object, "response", calendar->response);
		show_add_text(object, "summary", calendar->summary);
		show_add_time(object, "start", calendar->start);
	}
}

static void
add_utm(cJSON *signals, GHashTable *utm)
{
	cJSON *object = cJSON_AddObjectToObject(signals, "utm");
	g_autoptr(GList) keys = g_list_sort(g_hash_table_get_keys(utm), (GCompareFunc)strcmp);
	for (GList *key = keys; key; key = key->next)
		show_add_text(object, key->data, g_hash_table_lookup(utm, key->data));
}

static void
add_signals(cJSON *root, const struct content *content)
{
	cJSON *object = cJSON_AddObjectToObject(root, "signals");
	cJSON_AddNumberToObject(object, "questions", content->questions);
	cJSON_AddNumberToObject(object, "words", content->words);
	cJSON_AddBoolToObject(object, "budget", content->budget);
	cJSON_AddBoolToObject(object, "authority", content->authority);
	cJSON_AddBoolToObject(object, "need", content->need);
	cJSON_AddBoolToObject(object, "timeline", content->timeline);
	cJSON_AddBoolToObject(object, "opt_out", content->opt_out);
	cJSON_AddBoolToObject(object, "refusal", content->refusal);
	cJSON_AddBoolToObject(object, "vendor_pitch", content->vendor_pitch);
	cJSON_AddBoolToObject(object, "competitor", content->competitor);
	show_add_text(object, "amount", content->amount);
	show_add_text(object, "deadline", content->deadline);
	cJSON *hits = cJSON_AddObjectToObject(object, "phrases");
	for (guint i = 0; i < content->hits->len; i++) {
		const struct content_hit *hit = g_ptr_array_index(content->hits, i);
		if (!cJSON_HasObjectItem(hits, hit->name))
			show_add_text(hits, hit->name, hit->evidence);
	}
	cJSON_AddItemToObject(object, "attachments", strings(content->attachment_kinds));
	add_utm(object, content->utm);
}

/* Finer than the sums they make: the total of many is theirs, too. */
static void
add_part(cJSON *object, const char *key, double points)
{
	cJSON_AddNumberToObject(object, key, round(points * 10000) / 10000);
}

static void
add_contributions(cJSON *object, const struct score *score)
{
	cJSON *list = cJSON_AddArrayToObject(object, "contributions");
	for (guint i = 0; i < score->contributions->len; i++) {
		const struct contribution *each = g_ptr_array_index(score->contributions, i);
		cJSON *row = cJSON_CreateObject();
		show_add_text(row, "rule", each->rule);
		show_add_text(row, "group", each->group);
		show_add_text(row, "dimension", dimension_name(each->dimension));
		show_add_text(row, "kind", each->is_explicit ? "explicit" : "implicit");
		add_part(row, "points", each->points);
		add_part(row, "decayed", each->decayed);
		add_part(row, "raw", each->raw);
		show_add_text(row, "reason", each->reason);
		show_add_text(row, "evidence", each->evidence);
		cJSON_AddItemToArray(list, row);
	}
}

static cJSON *
score_to_json(const struct score *score)
{
	cJSON *object = cJSON_CreateObject();
	show_add_text(object, "scorecard", score->scorecard);
	show_add_points(object, "total", score->total);
	show_add_points(object, "fit", score->fit);
	show_add_points(object, "engagement", score->engagement);
	show_add_points(object, "quality", score->quality);
	show_add_points(object, "completeness", score->completeness);
	char grade[2] = { score->grade, '\0' };
	show_add_text(object, "grade", grade);
	show_add_text(object, "temperature", temperature_name(score->temperature));
	cJSON_AddBoolToObject(object, "qualified", score->qualified);
	add_contributions(object, score);
	return object;
}

/* The leading card's, and all of them, that one first. */
static void
add_scores(cJSON *root, const struct score *score)
{
	cJSON_AddItemToObject(root, "score", score_to_json(score));
	cJSON *list = cJSON_AddArrayToObject(root, "scores");
	cJSON_AddItemToArray(list, score_to_json(score));
	for (guint i = 0; score->others && i < score->others->len; i++)
		cJSON_AddItemToArray(list, score_to_json(g_ptr_array_index(score->others, i)));
}

char *
inspect_to_json(const struct facts *facts, const char *file, const struct score *score)
{
	cJSON *root = cJSON_CreateObject();
	add_bytes(root, "file", file);
	show_add_text(root, "message_id", facts->mail->message_id);
	show_add_time(root, "date", facts->mail->date);
	show_add_text(root, "direction", direction_name(facts->direction));
	show_add_text(root, "kind", kind_name(facts->kind->kind));
	show_add_text(root, "evidence", facts->kind->evidence);
	cJSON_AddNumberToObject(root, "confidence", facts->kind->confidence);
	show_add_text(root, "subject", facts->mail->subject);
	add_envelope(root, facts);
	add_sender(root, &facts->sender);
	add_message_text(root, facts->text);
	add_person(root, facts->person);
	add_form(root, facts->form);
	add_forward(root, facts->forward);
	add_reply(root, facts);
	add_automatic(root, facts->kind);
	add_signals(root, facts->content);
	if (score)
		add_scores(root, score);
	char *printed = cJSON_PrintUnformatted(root);
	char *json = g_strdup(printed);
	cJSON_free(printed);
	cJSON_Delete(root);
	return json;
}
