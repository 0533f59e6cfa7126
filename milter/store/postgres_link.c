/* postgres_link.c - see postgres_link.h. */
#include "store/postgres_link.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

#include "base/error.h"
#include "base/log.h"
#include "store/postgres_url.h"

#define LIMIT_DEFAULT 5000 /* milliseconds for an answer */
#define LIMIT_NONE (3600 * 1000)
#define PAUSE_FIRST (50 * 1000) /* microseconds between attempts to connect */
#define PAUSE_MOST (2 * G_USEC_PER_SEC)
#define OLDEST_SERVER 120000

enum kind { RUN, PREPARE, SYNC };

struct command {
	enum kind kind;
	PGresult **ret;
	char *name; /* PREPARE: what is prepared */
};

struct postgres_link {
	PGconn *connection; /* NULL: none */
	struct postgres_url *url;
	gboolean writable, is_pooled, is_patient;
	guint limit, generation;
	struct command *sent; /* a ring of `room`, a power of two */
	guint first, count, room;
	GHashTable *prepared; /* names on this connection */
	GError *failure; /* of what was queued, the first */
	gboolean lost; /* that one cost the connection */
	enum driver_blame blame;
	gint64 changes;
	gboolean was_committed;
	gint64 retry; /* not before (monotonic) */
	gint64 pause;
	GError *last; /* why there is no connection */
};

/* --- failures --- */

static const struct {
	const char *state; /* SQLSTATE, or its class */
	int code;
	enum driver_blame blame;
	gboolean costs_connection;
	const char *hint;
} STATES[] = {
	{ "53100", ERROR_STORE_FULL, DRIVER_BLAMES_STORE, FALSE, "no space left on its disk" },
	{ "XX001", ERROR_STORE_CORRUPT, DRIVER_BLAMES_STORE, FALSE, "damaged; restore a backup" },
	{ "XX002", ERROR_STORE_CORRUPT, DRIVER_BLAMES_STORE, FALSE,
	  "an index is damaged; REINDEX DATABASE may help" },
	{ "42501", ERROR_STORE, DRIVER_BLAMES_STORE, FALSE,
	  "the role may not do that; let it own the database or the schema leadmilter" },
	{ "25006", ERROR_STORE, DRIVER_BLAMES_STORE, TRUE,
	  "the server takes no writes; with several hosts name target_session_attrs=read-write" },
	{ "26000", ERROR_STORE, DRIVER_BLAMES_STORE, TRUE, NULL }, /* no such prepared statement */
	{ "42P05", ERROR_STORE, DRIVER_BLAMES_STORE, TRUE, NULL }, /* there is one already */
	{ "0A000", ERROR_STORE, DRIVER_BLAMES_STORE, TRUE, NULL }, /* tables changed since */
	{ "57014", ERROR_STORE, DRIVER_BLAMES_STORE, FALSE, "statement_timeout" },
	{ "08", ERROR_STORE, DRIVER_BLAMES_STORE, TRUE, NULL },
	{ "57", ERROR_STORE, DRIVER_BLAMES_STORE, TRUE, NULL },
	{ "22", ERROR_STORE, DRIVER_BLAMES_STATEMENT, FALSE, NULL },
	{ "23", ERROR_STORE, DRIVER_BLAMES_STATEMENT, FALSE, NULL },
	{ "42", ERROR_STORE, DRIVER_BLAMES_STATEMENT, FALSE, NULL },
	{ "54", ERROR_STORE, DRIVER_BLAMES_STATEMENT, FALSE, NULL },
	{ "", ERROR_STORE, DRIVER_BLAMES_STORE, FALSE, NULL },
};

static guint
state_row(const char *state)
{
	guint i = 0;

	while (!g_str_has_prefix(state, STATES[i].state))
		i++;
	return i;
}

/* The first failure counts: what comes after it follows from it. */
static void
fail(struct postgres_link *link, const PGresult *result)
{
	const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
	const char *words = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
	guint row = state_row(state ? state : "08");
	g_autofree char *text =
		postgres_url_clean(link->url, words ? words : PQresultErrorMessage(result));
	const char *hint = STATES[row].hint;
	g_autofree char *more = NULL;

	if (link->failure)
		return;
	link->blame = STATES[row].blame;
	link->lost = STATES[row].costs_connection;
	more = postgres_url_advice(link->url, text);
	link->failure = g_error_new(
		LEADMILTER_ERROR, STATES[row].code, "%s: %s%s%s%s (SQLSTATE %s)", link->url->label,
		text, hint ? ": " : "", hint ? hint : "", more, state ? state : "none");
}

static void
fail_connection(struct postgres_link *link, const char *words)
{
	g_autofree char *text = postgres_url_clean(link->url, words);

	link->lost = TRUE;
	if (link->failure)
		return;
	link->blame = DRIVER_BLAMES_STORE;
	link->failure =
		g_error_new(LEADMILTER_ERROR, ERROR_STORE, "%s: %s", link->url->label, text);
}

/* --- commands on their way --- */

static void
push(struct postgres_link *link, enum kind kind, PGresult **ret, const char *name)
{
	if (link->count == link->room) {
		struct command *more = g_new(struct command, link->room ? link->room * 2 : 64);

		for (guint i = 0; i < link->count; i++)
			more[i] = link->sent[(link->first + i) & (link->room - 1)];
		g_free(link->sent);
		link->sent = more;
		link->room = link->room ? link->room * 2 : 64;
		link->first = 0;
	}
	link->sent[(link->first + link->count++) & (link->room - 1)] =
		(struct command){ kind, ret, g_strdup(name) };
}

static struct command *
front(struct postgres_link *link)
{
	return &link->sent[link->first];
}

static void
pop(struct postgres_link *link)
{
	g_free(front(link)->name);
	link->first = (link->first + 1) & (link->room - 1);
	link->count--;
}

void
postgres_link_drop(struct postgres_link *link)
{
	while (link->count)
		pop(link);
	if (link->connection)
		PQfinish(link->connection);
	link->connection = NULL;
	link->lost = FALSE;
	g_hash_table_remove_all(link->prepared);
}

/* --- waiting --- */

static gint64
deadline_of(const struct postgres_link *link)
{
	return g_get_monotonic_time() +
	       (link->is_patient ? LIMIT_NONE : (gint64)link->limit) * 1000;
}

/* @return FALSE: the connection is of no use any more */
static gboolean
wait_input(struct postgres_link *link, gint64 deadline)
{
	int unsent = PQflush(link->connection);
	struct pollfd wait = { .fd = PQsocket(link->connection),
			       .events = POLLIN | (unsent > 0 ? POLLOUT : 0) };
	gint64 left = (deadline - g_get_monotonic_time() + 999) / 1000;
	int got;

	if (unsent < 0) {
		fail_connection(link, PQerrorMessage(link->connection));
		return FALSE;
	}
	got = left > 0 ? poll(&wait, 1, (int)left) : 0;
	if (got < 0 && errno == EINTR)
		return TRUE;
	if (got == 0) {
		g_autofree char *words =
			g_strdup_printf("no answer within %u ms",
					link->is_patient ? (guint)LIMIT_NONE : link->limit);

		fail_connection(link, words);
		return FALSE;
	}
	if (got > 0 && PQconsumeInput(link->connection))
		return TRUE;
	fail_connection(link, PQerrorMessage(link->connection));
	return FALSE;
}

static void
note_changes(struct postgres_link *link, PGresult *result)
{
	const char *tag = PQcmdStatus(result);

	link->changes = g_ascii_strtoll(PQcmdTuples(result), NULL, 10);
	link->was_committed = g_str_equal(tag, "COMMIT");
}

/* Takes the result. */
static void
take(struct postgres_link *link, struct command *command, PGresult *result)
{
	switch (PQresultStatus(result)) {
	case PGRES_TUPLES_OK:
		if (command->ret) {
			PQclear(*command->ret);
			*command->ret = result;
			return;
		}
		break;
	case PGRES_COMMAND_OK:
		if (command->kind == RUN)
			note_changes(link, result);
		break;
	case PGRES_PIPELINE_ABORTED:
		break;
	default:
		fail(link, result);
		break;
	}
	if (command->kind == PREPARE && PQresultStatus(result) != PGRES_COMMAND_OK)
		g_hash_table_remove(link->prepared, command->name);
	PQclear(result);
}

/* Answers to all that was sent. @return FALSE: the connection is of no use any more */
static gboolean
drain(struct postgres_link *link, gint64 deadline)
{
	while (link->count > 0) {
		PGresult *result;

		while (PQisBusy(link->connection))
			if (!wait_input(link, deadline))
				return FALSE;
		result = PQgetResult(link->connection);
		if (result && PQresultStatus(result) == PGRES_PIPELINE_SYNC) {
			PQclear(result);
			pop(link);
		} else if (result)
			take(link, front(link), result);
		else if (PQstatus(link->connection) == CONNECTION_BAD) {
			fail_connection(link, PQerrorMessage(link->connection));
			return FALSE;
		} else
			pop(link);
	}
	return TRUE;
}

static gboolean
end_pipeline(struct postgres_link *link, gboolean whole)
{
	if (!whole)
		return PQsendFlushRequest(link->connection);
	push(link, SYNC, NULL, NULL);
	return PQpipelineSync(link->connection);
}

static void
finish(struct postgres_link *link, gboolean whole)
{
	gint64 deadline = deadline_of(link);

	if (!whole && link->count == 0 && link->connection)
		return;
	if (!link->connection)
		fail_connection(link, "the connection was lost");
	else if (!end_pipeline(link, whole))
		fail_connection(link, PQerrorMessage(link->connection));
	else if (drain(link, deadline) && link->failure && !whole && !link->lost &&
		 (!end_pipeline(link, TRUE) || !drain(link, deadline)))
		fail_connection(link, PQerrorMessage(link->connection));
	if (link->lost)
		postgres_link_drop(link);
}

void
postgres_link_catch_up(struct postgres_link *link)
{
	finish(link, FALSE);
}

gboolean
postgres_link_finish(struct postgres_link *link, gboolean whole, GError **error)
{
	finish(link, whole);
	if (!link->failure)
		return TRUE;
	g_propagate_error(error, g_steal_pointer(&link->failure));
	return FALSE;
}

/* --- queueing --- */

/* @return FALSE: an error that the next finish tells */
static gboolean
sent(struct postgres_link *link, int done, enum kind kind, PGresult **ret, const char *name)
{
	if (done)
		push(link, kind, ret, name);
	else
		fail_connection(link, PQerrorMessage(link->connection));
	return done;
}

static gboolean
queue_prepare(struct postgres_link *link, const struct postgres_call *call)
{
	if (g_hash_table_contains(link->prepared, call->name))
		return TRUE;
	g_hash_table_add(link->prepared, g_strdup(call->name));
	return sent(link,
		    PQsendPrepare(link->connection, call->name, call->text, (int)call->count,
				  call->types),
		    PREPARE, NULL, call->name);
}

void
postgres_link_queue(struct postgres_link *link, const struct postgres_call *call, PGresult **ret)
{
	int done;

	if (!link->connection || link->lost)
		return;
	if (call->name && !link->is_pooled) {
		if (!queue_prepare(link, call))
			return;
		done = PQsendQueryPrepared(link->connection, call->name, (int)call->count,
					   call->values, call->lengths, call->formats, 1);
	} else
		done = PQsendQueryParams(link->connection, call->text, (int)call->count,
					 call->types, call->values, call->lengths, call->formats,
					 1);
	sent(link, done, RUN, ret, NULL);
}

void
postgres_link_queue_text(struct postgres_link *link, const char *text, const char *name)
{
	const struct postgres_call call = { .text = text, .name = name };

	postgres_link_queue(link, &call, NULL);
}

void
postgres_link_be_patient(struct postgres_link *link, gboolean patient)
{
	link->is_patient = patient;
	if (patient) {
		postgres_link_queue_text(link, "SET LOCAL statement_timeout=0", NULL);
		postgres_link_queue_text(link, "SET LOCAL lock_timeout=0", NULL);
	}
}

void
postgres_link_send(struct postgres_link *link)
{
	if (link->connection && !link->lost && link->count && PQflush(link->connection) < 0)
		fail_connection(link, PQerrorMessage(link->connection));
}

/* --- connecting --- */

/* What a session of ours is like.  Every lookup of the mail's way is a step through an index,
 * whatever the planner thinks of tables it has not yet counted. */
static const char SETTINGS_ALL[] = "set_config('search_path', 'leadmilter', $1::text::bool), "
				   "set_config('statement_timeout', $2::text, $1::text::bool), "
				   "set_config('idle_in_transaction_session_timeout', $3::text, "
				   "$1::text::bool), "
				   "set_config('lock_timeout', $2::text, $1::text::bool), "
				   "set_config('jit', 'off', $1::text::bool)";
/* A session's only: asking what the server can costs a moment. */
static const char SETTINGS_SESSION[] =
	", (SELECT set_config(name, 'lz4', FALSE) FROM pg_settings "
	"WHERE name='default_toast_compression' AND 'lz4'=ANY(enumvals))";
static const char SETTINGS_WRITER[] = ", set_config('plan_cache_mode', 'force_generic_plan', "
				      "$1::text::bool), "
				      "set_config('enable_seqscan', 'off', $1::text::bool), "
				      "set_config('enable_hashjoin', 'off', $1::text::bool), "
				      "set_config('enable_mergejoin', 'off', $1::text::bool), "
				      "set_config('enable_bitmapscan', 'off', $1::text::bool), "
				      "set_config('enable_sort', 'off', $1::text::bool), "
				      /* who got an answer has it on the server's disk */
				      "set_config('synchronous_commit', CASE "
				      "current_setting('synchronous_commit') WHEN 'off' THEN 'on' "
				      "ELSE current_setting('synchronous_commit') END, "
				      "$1::text::bool)";

static void
queue_settings(struct postgres_link *link, gboolean local)
{
	static const Oid types[] = { 25, 25, 25 };
	static const int formats[] = { 0, 0, 0 };
	g_autofree char *text =
		g_strconcat("SELECT ", SETTINGS_ALL, link->writable ? SETTINGS_WRITER : "",
			    link->writable && !local ? SETTINGS_SESSION : "", NULL);
	g_autofree char *limit = g_strdup_printf("%u", link->limit);
	const char *values[] = { local ? "true" : "false", limit, limit };
	const int lengths[] = { 0, 0, 0 };
	const struct postgres_call call = { text, NULL, 3, types, values, lengths, formats };

	postgres_link_queue(link, &call, NULL);
}

void
postgres_link_queue_settings(struct postgres_link *link)
{
	queue_settings(link, TRUE);
}

static gboolean
check_server(struct postgres_link *link, GError **error)
{
	const char *encoding = PQparameterStatus(link->connection, "server_encoding");
	int version = PQserverVersion(link->connection);

	if (version < OLDEST_SERVER)
		g_set_error(error, LEADMILTER_ERROR, ERROR_STORE,
			    "%s: PostgreSQL %d is too old; 15 is what this was written for",
			    link->url->label, version / 10000);
	else if (encoding && g_ascii_strcasecmp(encoding, "UTF8"))
		g_set_error(error, LEADMILTER_ERROR, ERROR_STORE,
			    "%s: its encoding is %s, which can't hold all mail; make it again: "
			    "CREATE DATABASE \"%s\" OWNER \"%s\" ENCODING 'UTF8' TEMPLATE "
			    "template0;",
			    link->url->label, encoding, link->url->database, link->url->user);
	else
		return TRUE;
	return FALSE;
}

/* A pooler makes up a process id of its own. */
static gboolean
ask_process(struct postgres_link *link, GError **error)
{
	const struct postgres_call call = { .text = "SELECT pg_backend_pid()" };
	PGresult *result = NULL;
	gint32 number;
	gboolean done;

	postgres_link_queue(link, &call, &result);
	done = postgres_link_finish(link, TRUE, error);
	if (done && (PQntuples(result) != 1 || PQgetlength(result, 0, 0) != (int)sizeof number)) {
		g_set_error(error, LEADMILTER_ERROR, ERROR_STORE,
			    "%s: this is no PostgreSQL: it has no process number",
			    link->url->label);
		done = FALSE;
	}
	if (done) {
		memcpy(&number, PQgetvalue(result, 0, 0), sizeof number);
		link->is_pooled = GINT32_FROM_BE(number) != PQbackendPID(link->connection);
	}
	PQclear(result);
	return done;
}

/* What libpq would print to stderr. */
static void
note(G_GNUC_UNUSED void *data, const char *text)
{
	g_autofree char *line = g_strchomp(g_strdup(text));

	log_info("database says: %s", line);
}

static gboolean
greet(struct postgres_link *link, GError **error)
{
	PQsetNoticeProcessor(link->connection, note, NULL);
	if (PQsetnonblocking(link->connection, 1) != 0 || !PQenterPipelineMode(link->connection)) {
		g_set_error(error, LEADMILTER_ERROR, ERROR_STORE, "%s: libpq has no pipeline",
			    link->url->label);
		return FALSE;
	}
	if (!check_server(link, error) || !ask_process(link, error))
		return FALSE;
	if (link->is_pooled)
		return TRUE;
	queue_settings(link, FALSE);
	return postgres_link_finish(link, TRUE, error);
}

static void
refuse(struct postgres_link *link, GError **error)
{
	g_autofree char *words = postgres_url_clean(link->url, PQerrorMessage(link->connection));
	g_autofree char *hint = postgres_url_advice(link->url, words);

	g_set_error(error, LEADMILTER_ERROR, ERROR_STORE, "%s: %s%s", link->url->label, words,
		    hint);
}

static gboolean
connect_now(struct postgres_link *link, GError **error)
{
	if (!link->url->label) {
		g_autofree char *why = postgres_url_problem(link->url);

		g_set_error(error, LEADMILTER_ERROR, ERROR_STORE, "store: %s", why);
		return FALSE;
	}
	link->connection = postgres_url_connect(link->url);
	link->generation++;
	if (PQstatus(link->connection) != CONNECTION_OK)
		refuse(link, error);
	else if (greet(link, error))
		return TRUE;
	postgres_link_drop(link);
	return FALSE;
}

gboolean
postgres_link_ready(struct postgres_link *link, GError **error)
{
	if (link->connection && PQstatus(link->connection) == CONNECTION_OK)
		return TRUE;
	postgres_link_drop(link);
	g_clear_error(&link->failure);
	if (link->last && g_get_monotonic_time() < link->retry) {
		g_propagate_error(error, g_error_copy(link->last));
		return FALSE;
	}
	g_clear_error(&link->last);
	if (connect_now(link, &link->last)) {
		link->pause = 0;
		return TRUE;
	}
	link->blame = DRIVER_BLAMES_STORE;
	link->pause = CLAMP(link->pause * 2, PAUSE_FIRST, PAUSE_MOST);
	link->retry = g_get_monotonic_time() + link->pause;
	g_propagate_error(error, g_error_copy(link->last));
	return FALSE;
}

/* --- the link --- */

struct postgres_link *
postgres_link_new(const char *url, gboolean writable)
{
	struct postgres_link *link = g_new0(struct postgres_link, 1);

	link->url = postgres_url_new(url);
	link->writable = writable;
	link->limit = LIMIT_DEFAULT;
	link->prepared = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	return link;
}

void
postgres_link_free(struct postgres_link *link)
{
	if (!link)
		return;
	postgres_link_drop(link);
	g_hash_table_unref(link->prepared);
	g_clear_error(&link->failure);
	g_clear_error(&link->last);
	g_free(link->sent);
	postgres_url_free(link->url);
	g_free(link);
}

const char *
postgres_link_label(const struct postgres_link *link)
{
	return link->url->label ? link->url->label : "postgresql://";
}

void
postgres_link_set_limit(struct postgres_link *link, guint milliseconds)
{
	link->limit = milliseconds ? milliseconds : LIMIT_NONE;
	if (!postgres_link_is_open(link) || link->is_pooled)
		return;
	queue_settings(link, FALSE);
	postgres_link_finish(link, TRUE, NULL); /* or a rollback that follows takes them back */
}

gboolean
postgres_link_is_open(const struct postgres_link *link)
{
	return link->connection != NULL && !link->lost;
}

gboolean
postgres_link_is_idle(const struct postgres_link *link)
{
	return link->count == 0;
}

guint
postgres_link_generation(const struct postgres_link *link)
{
	return link->generation;
}

gboolean
postgres_link_is_pooled(const struct postgres_link *link)
{
	return link->is_pooled;
}

gint64
postgres_link_changes(const struct postgres_link *link)
{
	return link->changes;
}

gboolean
postgres_link_was_committed(const struct postgres_link *link)
{
	return link->was_committed;
}

enum driver_blame
postgres_link_blame(const struct postgres_link *link)
{
	return link->blame;
}
