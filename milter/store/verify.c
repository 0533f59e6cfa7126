/*
 * verify.c - see verify.h.
 *
 * A check is a row of CHECKS: a question whose rows are the findings (their first column the key
 * for people) or a function, what is wrong with them, what is to be done, and the statements that
 * do it. Texts are plain SQL that both databases take.  A repair runs after its own question and
 * before the next, so that later checks see what it made: first rows that point to nothing go, then
 * counters are counted.
 */
#include "store/verify.h"

#include "base/limits.h"
#include "store/rows.h"
#include "store/schema.h"
#include "store/tables.h"

struct check {
	const char *name, *table;
	const char *question; /* or NULL: */
	gboolean (*function)(struct database *database, gboolean repair, verify_found found,
			     gpointer data, GError **error);
	const char *problem, *action;
	const char *repair; /* or NULL: by hand */
	gboolean prunes; /* the repair loses what can't be made again: only when asked for */
};

#define CLOSED "('customer', 'disqualified', 'recycled')"
#define STAGES \
	"('interest', 'nql', 'eql', 'mql', 'sal', 'sql', 'customer', 'disqualified', 'recycled')"
#define NUMBER(n) "CAST(" n " AS TEXT)"

/* A row of a table whose `column` names a lead that isn't there. */
#define ORPHANS(table, column, key) \
	"SELECT " key " FROM " table " t WHERE " column \
	"<>0 AND NOT EXISTS (SELECT 1 FROM lead l " \
	"WHERE l.number=" column ")"
#define DELETE_ORPHANS(table, column) \
	"DELETE FROM " table " WHERE " column "<>0 AND NOT EXISTS (SELECT 1 FROM lead l " \
	"WHERE l.number=" column ")"

#define COUNT_OF_STAGE(stage) "sum(CASE WHEN stage='" stage "' THEN 1 ELSE 0 END)"
#define STAGE_COUNTS \
	"(SELECT " COUNT_OF_STAGE("interest") " AS interest, " COUNT_OF_STAGE( \
		"nql") " AS " \
		       "nql," \
		       " " COUNT_OF_STAGE("eql") " AS eql, " COUNT_OF_STAGE( \
			       "mql") " AS mql, " COUNT_OF_STAGE("sal") " AS " \
									"sal, " COUNT_OF_STAGE( \
										"s" \
										"q" \
										"l") " AS " \
										     "sql," \
										     " " COUNT_OF_STAGE("customer") " AS customer, " COUNT_OF_STAGE( \
											     "dis" \
											     "qua" \
											     "lif" \
											     "ie" \
											     "d") " AS disqualified, " COUNT_OF_STAGE("recycled") " AS recycled FROM lead WHERE merged_into IS NULL)"
#define OFF(stage) "t." stage "<>coalesce(c." stage ", 0)"
#define SET_STAGE(stage) \
	stage "=(SELECT count(*) FROM lead WHERE stage='" stage "' AND merged_into IS NULL)"

#define WAITING_FIRST \
	"(SELECT min(w.id) AS id FROM delivery w WHERE w.state=0 GROUP BY w.endpoint, w.lead)"
#define NOT_FIRST \
	"(delivery.state<>0 OR EXISTS (SELECT 1 FROM delivery w WHERE " \
	"w.endpoint=delivery.endpoint " \
	"AND w.lead=delivery.lead AND w.state=0 AND w.id<delivery.id))"
#define DELIVERIES(state) \
	"(SELECT count(*) FROM delivery d WHERE d.endpoint=endpoint.number AND d.state=" state ")"

#define OPEN_LEADS \
	"(SELECT owner, count(*) AS open FROM lead WHERE owner IS NOT NULL AND merged_into IS " \
	"NULL " \
	"AND stage NOT IN " CLOSED " GROUP BY owner)"

static const struct check CHECKS[] = {
	{ "stage", "lead", "SELECT id FROM lead WHERE stage IS NULL OR stage NOT IN " STAGES, NULL,
	  "its stage is none this program knows", "give it one: leadctl stage LEAD STAGE", NULL,
	  FALSE },
	{ "merged", "lead",
	  "SELECT l.id FROM lead l WHERE l.merged_into<>'' AND NOT EXISTS (SELECT 1 FROM "
	  "lead m "
	  "WHERE m.id=l.merged_into)",
	  NULL, "was merged into a lead that isn't there",
	  "export it and forget it: leadctl export, leadctl forget", NULL, FALSE },
	{ "merged_chain", "lead",
	  "WITH RECURSIVE chain(first, next, steps) AS (SELECT id, merged_into, 1 FROM "
	  "lead WHERE "
	  "merged_into<>'' UNION ALL SELECT c.first, l.merged_into, c.steps+1 FROM chain c "
	  "JOIN "
	  "lead l ON l.id=c.next WHERE l.merged_into<>'' AND c.steps<=" G_STRINGIFY(
		  LIMIT_MERGES) ") SELECT first FROM chain WHERE steps>" G_STRINGIFY(LIMIT_MERGES),
	  NULL, "was merged in a circle, or through more cards than are followed",
	  "divide one of them off again: leadctl split LEAD --origin ID", NULL, FALSE },
	{ "identity_lead", "identity",
	  "SELECT t.key || ' of lead ' || " NUMBER(
		  "t.lead") " FROM identity t WHERE NOT EXISTS "
			    "(SELECT 1 FROM lead l WHERE l.number=t.lead AND l.merged_into "
			    "IS NULL)",
	  NULL, "leads to a card that isn't there or was merged into another", "removes the key",
	  "DELETE FROM identity WHERE NOT EXISTS (SELECT 1 FROM lead l WHERE "
	  "l.number=identity.lead AND l.merged_into IS NULL)",
	  FALSE },
	{ "identity_missing", "identity", NULL, verify_missing_keys,
	  "the lead would not be found by it", "writes the key", "", FALSE },
	{ "identity_stale", "identity", NULL, verify_stale_keys, "is not what the lead's card says",
	  "removes the key", "", FALSE },
	{ "touch_lead", "touch",
	  "SELECT " NUMBER("id") " FROM touch t WHERE NOT EXISTS (SELECT 1 FROM lead l WHERE "
				 "l.number=t.id>>20)",
	  NULL, "belongs to a lead that isn't there", "removes the touch",
	  "DELETE FROM touch WHERE NOT EXISTS (SELECT 1 FROM lead l WHERE "
	  "l.number=touch.id>>20)",
	  TRUE },
	{ "touch_number", "touch", "SELECT " NUMBER("id") " FROM touch WHERE id<=0 OR id%1048576=0",
	  NULL, "has a number outside of its lead's sequence",
	  "restore a backup: leadctl restore FILE", NULL, FALSE },
	{ "stage_change_lead", "stage_change",
	  ORPHANS("stage_change", "t.lead", NUMBER("t.lead") " || ' at ' || " NUMBER("t.time")),
	  NULL, "belongs to a lead that isn't there", "removes the change",
	  DELETE_ORPHANS("stage_change", "stage_change.lead"), TRUE },
	{ "summary_lead", "summary", ORPHANS("summary", "t.lead", NUMBER("t.lead")), NULL,
	  "belongs to a lead that isn't there", "removes the summary",
	  DELETE_ORPHANS("summary", "summary.lead"), FALSE },
	{ "outcome_lead", "outcome", ORPHANS("outcome", "t.lead", NUMBER("t.number")), NULL,
	  "belongs to a lead that isn't there", "removes the outcome",
	  DELETE_ORPHANS("outcome", "outcome.lead"), TRUE },
	{ "customer_lead", "customer", ORPHANS("customer", "t.lead", NUMBER("t.number")), NULL,
	  "belongs to a lead that isn't there", "removes the row",
	  DELETE_ORPHANS("customer", "customer.lead"), TRUE },
	{ "remembered_lead", "remembered",
	  ORPHANS("remembered", "t.lead", "t.key || ' of lead ' || " NUMBER("t.lead")), NULL,
	  "belongs to a lead that isn't there", "removes what an adapter remembered",
	  DELETE_ORPHANS("remembered", "remembered.lead"), TRUE },
	{ "contact_lead", "contact", ORPHANS("contact", "t.lead", "t.address"), NULL,
	  "was seen in the mail of a lead that isn't there", "keeps the contact, without the lead",
	  "UPDATE contact SET lead=NULL WHERE lead<>0 AND NOT EXISTS (SELECT 1 FROM lead l "
	  "WHERE "
	  "l.number=contact.lead)",
	  TRUE },
	{ "message_lead", "message", ORPHANS("message", "t.lead", NUMBER("t.number")), NULL,
	  "was attached to a lead that isn't there", "keeps the message, without the lead",
	  "UPDATE message SET lead=NULL WHERE lead<>0 AND NOT EXISTS (SELECT 1 FROM lead l "
	  "WHERE "
	  "l.number=message.lead)",
	  TRUE },
	{ "conversation_message", "conversation",
	  "SELECT " NUMBER("c.hash") " || ' of message ' || " NUMBER(
		  "c.message") " FROM conversation c WHERE NOT EXISTS (SELECT 1 FROM "
			       "message m WHERE "
			       "m.number=c.message)",
	  NULL, "leads to a message that isn't there", "removes the row",
	  "DELETE FROM conversation WHERE NOT EXISTS (SELECT 1 FROM message m WHERE "
	  "m.number=conversation.message)",
	  FALSE },
	{ "message_links", "conversation", NULL, verify_links,
	  "the message would not be known again", "writes the rows", "", FALSE },
	{ "account_domain", "account_domain",
	  "SELECT domain FROM account_domain d WHERE NOT EXISTS (SELECT 1 FROM account a "
	  "WHERE "
	  "a.number=d.account)",
	  NULL, "leads to an account that isn't there", "removes the domain",
	  "DELETE FROM account_domain WHERE NOT EXISTS (SELECT 1 FROM account a WHERE "
	  "a.number=account_domain.account)",
	  FALSE },
	{ "account_primary", "account",
	  "SELECT domain FROM account a WHERE NOT EXISTS (SELECT 1 FROM account_domain d "
	  "WHERE "
	  "d.domain=a.domain)",
	  NULL, "is not found by its domain", "writes the domain",
	  "INSERT INTO account_domain(domain, account) SELECT domain, number FROM account "
	  "a WHERE "
	  "NOT EXISTS (SELECT 1 FROM account_domain d WHERE d.domain=a.domain)",
	  FALSE },
	{ "delivery_event", "delivery",
	  "SELECT " NUMBER("d.id") " FROM delivery d WHERE NOT EXISTS (SELECT 1 FROM event e WHERE "
				   "e.number=d.id>>10)",
	  NULL, "has no event to send", "removes the delivery",
	  "DELETE FROM delivery WHERE NOT EXISTS (SELECT 1 FROM event e WHERE "
	  "e.number=delivery.id>>10)",
	  FALSE },
	{ "delivery_endpoint", "delivery",
	  "SELECT " NUMBER("d.id") " FROM delivery d WHERE d.id%1024<>d.endpoint OR NOT EXISTS "
				   "(SELECT 1 FROM endpoint p WHERE p.number=d.endpoint)",
	  NULL, "goes to an endpoint that isn't there", "removes the delivery",
	  "DELETE FROM delivery WHERE id%1024<>endpoint OR NOT EXISTS (SELECT 1 FROM "
	  "endpoint p "
	  "WHERE p.number=delivery.endpoint)",
	  FALSE },
	{ "delivery_head", "delivery",
	  "SELECT " NUMBER("id") " FROM delivery WHERE head>0 AND " NOT_FIRST, NULL,
	  "would be sent before its turn", "leaves it to the first waiting one of the lead",
	  "UPDATE delivery SET head=0 WHERE head>0 AND " NOT_FIRST, FALSE },
	{ "delivery_stuck", "delivery",
	  "SELECT " NUMBER("d.id") " FROM " WAITING_FIRST
				   " f JOIN delivery d ON d.id=f.id WHERE d.head=0",
	  NULL, "waits, and nobody would send it", "makes it the next one of its lead",
	  "UPDATE delivery SET head=1 WHERE head=0 AND id IN " WAITING_FIRST, FALSE },
	{ "journal_delivery", "journal",
	  "SELECT j.key || ' of delivery ' || " NUMBER(
		  "j.delivery") " FROM journal j WHERE NOT "
				"EXISTS (SELECT 1 FROM delivery d WHERE d.id=j.delivery)",
	  NULL, "belongs to a delivery that isn't there", "removes the entry",
	  "DELETE FROM journal WHERE NOT EXISTS (SELECT 1 FROM delivery d WHERE "
	  "d.id=journal.delivery)",
	  FALSE },
	{ "progress_lead", "progress",
	  "SELECT " NUMBER(
		  "t.lead") " FROM progress t WHERE NOT EXISTS (SELECT 1 FROM lead l WHERE "
			    "l.number=t.lead AND l.merged_into IS NULL)",
	  NULL, "belongs to a lead that isn't there or was merged into another", "removes the row",
	  "DELETE FROM progress WHERE NOT EXISTS (SELECT 1 FROM lead l WHERE "
	  "l.number=progress.lead AND l.merged_into IS NULL)",
	  FALSE },
	{ "progress_row", "progress", NULL, verify_progress,
	  "is not what the lead's row says, or missing: reports are wrong", "makes the row", "",
	  FALSE },
	{ "search_lead", "search",
	  "SELECT t.word || ' of lead ' || " NUMBER(
		  "t.lead") " FROM search t WHERE NOT EXISTS "
			    "(SELECT 1 FROM lead l WHERE l.number=t.lead AND l.merged_into IS "
			    "NULL)",
	  NULL, "leads to a card that isn't there or was merged into another", "removes the word",
	  "DELETE FROM search WHERE NOT EXISTS (SELECT 1 FROM lead l WHERE l.number=search.lead "
	  "AND "
	  "l.merged_into IS NULL)",
	  FALSE },
	{ "tally_row", "tally",
	  "SELECT '1' FROM (SELECT count(*) AS n FROM tally WHERE number=1) t "
	  "WHERE n=0",
	  NULL, "the row of counters is missing", "makes it", "INSERT INTO tally(number) VALUES(1)",
	  FALSE },
	{ "tally_stages", "tally",
	  "SELECT 'stages' FROM tally t, " STAGE_COUNTS
	  " c WHERE t.number=1 AND (" OFF("interest") " OR " OFF("nql") " OR " OFF(
		  "eql") " OR " OFF("mql") " OR " OFF("sal") " OR " OFF("sql") " OR " OFF("custome"
											  "r") " OR"
											       " " OFF("disqualified") " OR " OFF(
												       "recycled") ")",
	  NULL, "leads by stage are not what counting says", "counts them",
	  "UPDATE tally SET " SET_STAGE("interest") ", " SET_STAGE("nql") ", " SET_STAGE(
		  "e"
		  "q"
		  "l") ", " SET_STAGE("mql") ", " SET_STAGE("sal") ", " SET_STAGE("sql") ","
											 " " SET_STAGE("customer") ", " SET_STAGE(
												 "d"
												 "i"
												 "s"
												 "q"
												 "u"
												 "a"
												 "l"
												 "i"
												 "f"
												 "i"
												 "e"
												 "d") ", " SET_STAGE("recycled") " WHERE number=1",
	  FALSE },
	{ "tally_touches", "tally",
	  "SELECT 'touches' FROM tally WHERE number=1 AND touches<>(SELECT count(*) FROM "
	  "touch)",
	  NULL, "touches are not what counting says", "counts them",
	  "UPDATE tally SET touches=(SELECT count(*) FROM touch) WHERE number=1", FALSE },
	{ "tally_messages", "tally",
	  "SELECT 'messages' FROM tally WHERE number=1 AND messages<>(SELECT count(*) FROM "
	  "message)",
	  NULL, "messages are not what counting says", "counts them",
	  "UPDATE tally SET messages=(SELECT count(*) FROM message) WHERE number=1", FALSE },
	{ "endpoint_counts", "endpoint",
	  "SELECT name FROM endpoint WHERE waiting<>" DELIVERIES("0") " OR delivered<>" DELIVERIES(
		  "1") " OR dead<>" DELIVERIES("2"),
	  NULL, "its deliveries are not what counting says", "counts them",
	  "UPDATE endpoint SET waiting=" DELIVERIES("0") ", delivered=" DELIVERIES(
		  "1") ", dead=" DELIVERIES("2"),
	  FALSE },
	{ "owner_load", "owner",
	  "SELECT o.address FROM owner o LEFT JOIN " OPEN_LEADS " c ON c.owner=o.address WHERE "
	  "o.load<>coalesce(c.open, 0)",
	  NULL, "their open leads are not what counting says", "counts them",
	  "UPDATE owner SET load=coalesce((SELECT c.open FROM " OPEN_LEADS " c WHERE "
	  "c.owner=owner.address), 0)",
	  FALSE },
	{ "owner_missing", "owner",
	  "SELECT c.owner FROM " OPEN_LEADS " c WHERE NOT EXISTS (SELECT 1 FROM owner o WHERE "
	  "o.address=c.owner)",
	  NULL, "owns leads, and is not in the table", "writes the row",
	  "INSERT INTO owner(address, weight, load, imported) SELECT c.owner, 1, c.open, 0 "
	  "FROM " OPEN_LEADS " c WHERE NOT EXISTS (SELECT 1 FROM owner o WHERE o.address=c.owner)",
	  FALSE },
};

/* --- one check --- */

struct verifying {
	struct database *database;
	const struct verify_options *options;
	struct verify_report *report;
	const struct check *check;
	gint64 found; /* of this check */
};

static gboolean
is_repaired(const struct verifying *verifying)
{
	const struct check *check = verifying->check;

	return check->repair &&
	       (check->prunes ? verifying->options->prune : verifying->options->repair);
}

static void
tell(struct verifying *verifying, const char *key, gint64 count)
{
	const struct check *check = verifying->check;
	const struct finding finding = {
		.check = check->name,
		.table = check->table,
		.key = key,
		.problem = check->problem,
		.action = check->action,
		.repairable = check->repair && !check->prunes,
		.prunable = check->prunes,
		.repaired = is_repaired(verifying),
	};

	verifying->options->tell(&finding, count, verifying->options->data);
}

static void
found(gpointer data, const char *key)
{
	struct verifying *verifying = data;

	if (++verifying->found <= LIMIT_FINDINGS)
		tell(verifying, key ? key : "?", 1);
}

static gboolean
ask(struct verifying *verifying, GError **error)
{
	struct database *database = verifying->database;
	struct driver_statement *row =
		database->driver->prepare(database->connection, verifying->check->question, error);
	int got = -1;

	while (row && (got = database_next(database, row, error)) > 0)
		found(verifying, database_column_text(database, row, 0));
	if (row)
		database->driver->finalize(row);
	return got == 0;
}

static gboolean
run_check(struct verifying *verifying, GError **error)
{
	const struct check *check = verifying->check;
	struct database *database = verifying->database;
	gboolean repair = is_repaired(verifying);

	verifying->found = 0;
	if (check->function ? !check->function(database, repair, found, verifying, error)
			    : !ask(verifying, error))
		return FALSE;
	if (verifying->found > LIMIT_FINDINGS)
		tell(verifying, NULL, verifying->found - LIMIT_FINDINGS);
	verifying->report->checks++;
	verifying->report->findings += verifying->found;
	if (check->repair)
		*(check->prunes ? &verifying->report->prunable : &verifying->report->repairable) +=
			verifying->found;
	if (!repair || !verifying->found)
		return TRUE;
	verifying->report->repaired += verifying->found;
	return !*check->repair ||
	       database->driver->exec(database->connection, check->repair, error);
}

static gboolean
run_checks(struct verifying *verifying, GError **error)
{
	const struct verify_options *options = verifying->options;

	for (guint i = 0; i < G_N_ELEMENTS(CHECKS); i++) {
		verifying->check = &CHECKS[i];
		if (options->progress)
			options->progress(CHECKS[i].name, i, G_N_ELEMENTS(CHECKS), options->data);
		if (!run_check(verifying, error)) {
			g_prefix_error(error, "%s: ", CHECKS[i].name);
			return FALSE;
		}
	}
	return TRUE;
}

/* --- the whole --- */

/* A table or column that isn't there makes every statement fail that names it. */
static gboolean
has_columns(struct database *database, const struct table *table)
{
	g_autofree char *columns = table_columns(table);
	g_autofree char *text =
		g_strdup_printf("SELECT %s FROM %s WHERE 1=0", columns, table->name);
	struct driver_statement *statement =
		database->driver->prepare(database->connection, text, NULL);
	gboolean has = statement && database_next(database, statement, NULL) == 0;

	if (statement)
		database->driver->finalize(statement);
	return has;
}

static gboolean
check_tables(struct verifying *verifying)
{
	static const struct check lacking = { "tables",
					      NULL,
					      NULL,
					      NULL,
					      "the table, or a column of it, is missing",
					      "restore a backup: leadctl restore FILE",
					      NULL,
					      FALSE };
	g_autoptr(GPtrArray) tables = tables_of_version(schema_version());
	gboolean sound = TRUE;

	for (guint i = 0; i < tables->len; i++) {
		const struct table *table = tables->pdata[i];
		struct check check = lacking;

		check.table = table->name;
		verifying->check = &check;
		if (has_columns(verifying->database, table))
			continue;
		verifying->report->findings++;
		tell(verifying, table->name, 1);
		sound = FALSE;
	}
	verifying->report->checks++;
	return sound;
}

static gboolean
verify_rows(struct verifying *verifying, GError **error)
{
	struct database *database = verifying->database;
	const struct driver *driver = database->driver;
	gboolean repair = verifying->options->repair, done;

	if (repair ? !driver->begin(database->connection, error)
		   : !driver->begin_read(database->connection, error))
		return FALSE;
	done = run_checks(verifying, error) &&
	       (!repair || ((!driver->settle || driver->settle(database->connection, error)) &&
			    driver->commit(database->connection, error)));
	if (!repair || !done)
		driver->rollback(database->connection);
	return done;
}

gboolean
verify_store(struct database *database, const struct verify_options *options,
	     struct verify_report *ret, GError **error)
{
	struct verifying verifying = { .database = database, .options = options, .report = ret };

	*ret = (struct verify_report){ .schema = schema_version() };
	if (!database_check(database, error))
		return FALSE;
	return !check_tables(&verifying) || verify_rows(&verifying, error);
}
