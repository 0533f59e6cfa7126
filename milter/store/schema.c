/*
 * schema.c - see schema.h.
 *
 * The store says that it is ours and of which version (SQLite in PRAGMA application_id and
 * user_version, PostgreSQL in a table), which is written in the transaction that makes the version:
 * after a crash it is the old one or the new one.  Migrations only go forward; a newer store is
 * refused, never guessed at.
 *
 * Version 1.  Rows are few and small because every one costs a page in each commit:
 *   lead          one person.  Its number is known inside the store only, its id outside.
 *   identity      by what a lead is found: address, phone, name within the account, activity
 *                 of the account (keys.h).  One tree, ordered so that what belongs
 *                 to one organisation lies on one page.
 *   touch         the ledger; id = lead << 20 | sequence keeps a lead's touches together
 *                 without an index.
 *   message       what was decided for a message, so that a second try of the MTA gets the
 *                 same answer.
 *   conversation  64-bit hashes (of SHA-256) by which messages are found again, see
 *                 conversation.h; one tree for all kinds of key, because it is the place where rows
 *                 go to random pages.
 *   event         what is posted, once for all endpoints.
 *   delivery      one event for one endpoint; id = event << 10 | endpoint.  `head` marks the oldest
 *                 waiting one of a lead at an endpoint: the only one that may be sent.  The
 *                 partial indexes hold waiting and dead rows only: they are small when all is
 *                 well and a claim is one step into them when it is not.
 *   tally         counters that would otherwise be a walk through a table; kept by every write,
 *                 in one row: one statement for all of a commit.
 */
#include "store/schema.h"

#include "base/error.h"
#include "base/log.h"
#include "store/partitions.h"

#define VERSION_OF_PARTS 3 /* no server has an older store */

static const char VERSION_1[] =
	"CREATE TABLE lead(number INTEGER PRIMARY KEY, id TEXT NOT NULL, normalised TEXT, "
	" account TEXT, created INTEGER, updated INTEGER, address TEXT, name TEXT, name_key TEXT, "
	" prefix TEXT, first_name TEXT, last_name TEXT, title TEXT, rank TEXT, company TEXT, "
	" country TEXT, language TEXT, phone TEXT, phones TEXT, urls TEXT, scorecard TEXT, "
	" stage TEXT, stage_since INTEGER, stage_cause TEXT, owner TEXT, owner_reason TEXT, "
	" source TEXT, source_mailbox TEXT, source_tag TEXT, source_form TEXT, "
	" source_campaign TEXT, source_forwarder TEXT, first_inbound INTEGER, "
	" last_inbound INTEGER, first_response INTEGER, last_outbound INTEGER, "
	" inbound_count INTEGER, outbound_count INTEGER, touch_count INTEGER, unverified INTEGER, "
	" unreachable INTEGER, opted_out INTEGER, linked TEXT, possible_duplicates TEXT, "
	" total REAL, fit REAL, engagement REAL, quality REAL, completeness REAL, grade TEXT, "
	" temperature TEXT);"
	"CREATE UNIQUE INDEX lead_id ON lead(id);"
	"CREATE INDEX lead_updated ON lead(updated);"
	"CREATE TABLE identity(key TEXT, lead INTEGER, time INTEGER, owner TEXT, "
	" PRIMARY KEY(key, lead)) WITHOUT ROWID;"
	"CREATE TABLE touch(id INTEGER PRIMARY KEY, name TEXT, direction TEXT, time INTEGER, "
	" message_key TEXT, message_id TEXT, subject TEXT, mailbox TEXT, note TEXT, excerpt TEXT, "
	" latency INTEGER, contributions TEXT);"
	"CREATE TABLE stage_change(lead INTEGER, time INTEGER, stage_to TEXT, stage_from TEXT, "
	" cause TEXT, PRIMARY KEY(lead, time, stage_to)) WITHOUT ROWID;"
	"CREATE TABLE message(number INTEGER PRIMARY KEY, message_id TEXT, time INTEGER, "
	" recorded INTEGER, direction TEXT, lead INTEGER, mailbox TEXT, author TEXT, kind TEXT, "
	" match TEXT, score REAL, grade TEXT, stage TEXT, links BLOB);"
	"CREATE TABLE conversation(hash INTEGER, tag INTEGER, message INTEGER, "
	" PRIMARY KEY(hash, tag, message)) WITHOUT ROWID;"
	"CREATE TABLE endpoint(number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, "
	" parked INTEGER NOT NULL DEFAULT 0, reason TEXT, waiting INTEGER NOT NULL DEFAULT 0, "
	" delivered INTEGER NOT NULL DEFAULT 0, dead INTEGER NOT NULL DEFAULT 0);"
	"CREATE TABLE event(number INTEGER PRIMARY KEY, id TEXT NOT NULL, type TEXT, lead INTEGER, "
	" time INTEGER, has_text INTEGER, body TEXT);"
	"CREATE INDEX event_lead ON event(lead);"
	"CREATE TABLE delivery(id INTEGER PRIMARY KEY, endpoint INTEGER, lead INTEGER, "
	" state INTEGER, head INTEGER, due INTEGER, attempts INTEGER NOT NULL DEFAULT 0, "
	" status INTEGER NOT NULL DEFAULT 0, error TEXT, response TEXT);"
	"CREATE INDEX delivery_due ON delivery(endpoint, due) WHERE head>0;"
	"CREATE INDEX delivery_claimed ON delivery(endpoint) WHERE head=2;"
	"CREATE INDEX delivery_lead ON delivery(endpoint, lead) WHERE state=0;"
	"CREATE INDEX delivery_dead ON delivery(endpoint) WHERE state=2;"
	"CREATE TABLE tally(number INTEGER PRIMARY KEY, interest INTEGER NOT NULL DEFAULT 0, "
	" nql INTEGER NOT NULL DEFAULT 0, eql INTEGER NOT NULL DEFAULT 0, "
	" mql INTEGER NOT NULL DEFAULT 0, sal INTEGER NOT NULL DEFAULT 0, "
	" sql INTEGER NOT NULL DEFAULT 0, customer INTEGER NOT NULL DEFAULT 0, "
	" disqualified INTEGER NOT NULL DEFAULT 0, recycled INTEGER NOT NULL DEFAULT 0, "
	" touches INTEGER NOT NULL DEFAULT 0, messages INTEGER NOT NULL DEFAULT 0);"
	"INSERT INTO tally(number) VALUES(1);";

/*
 * Version 2.  New columns of lead and touch (lead.h); contributions say on which scorecard they
 * count, where before it was the lead's.  A lead whose state time alone will change
 * says when in `due`; the partial index holds those only.
 *   account, account_domain   what was imported of organisations, found by any of their domains
 *   owner, credit             who sells, how many open leads they own, whose turn it is
 *   customer                  leads who bought, and their ids in the CRM
 *   contact                   people of an account seen in To or Cc of its leads' mails; the key
 *                             is that of an address, the lead is the one who wrote
 *   forgotten                 salted hashes of addresses of the forgotten; meta holds the salt
 *   outcome                   what became of leads, with a picture of their scores then
 *   summary                   early touches of a lead, summed up (lead/summary.h)
 *   journal                   writes an adapter has finished for a delivery; goes with it
 *   remembered                what an adapter knows of a lead at an endpoint: its record's id
 */
static const char VERSION_2[] =
	"CREATE TABLE journal(delivery INTEGER, key TEXT, value TEXT, "
	" PRIMARY KEY(delivery, key)) WITHOUT ROWID;"
	"CREATE TABLE remembered(lead INTEGER, endpoint INTEGER, key TEXT, value TEXT, "
	" PRIMARY KEY(lead, endpoint, key)) WITHOUT ROWID;"
	"CREATE INDEX remembered_value ON remembered(value, endpoint);"
	"ALTER TABLE lead ADD COLUMN source_referrer TEXT;"
	"ALTER TABLE lead ADD COLUMN duplicate_reasons TEXT;"
	"ALTER TABLE lead ADD COLUMN addresses TEXT;"
	"ALTER TABLE lead ADD COLUMN apart TEXT;"
	"ALTER TABLE lead ADD COLUMN merged_into TEXT;"
	"ALTER TABLE lead ADD COLUMN customer TEXT;"
	"ALTER TABLE lead ADD COLUMN task TEXT;"
	"ALTER TABLE lead ADD COLUMN task_due INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE lead ADD COLUMN task_breached INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE lead ADD COLUMN due INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE lead ADD COLUMN scores TEXT;"
	"CREATE TABLE summary(lead INTEGER PRIMARY KEY, until INTEGER, contributions TEXT, "
	" names TEXT);"
	"UPDATE touch SET contributions='[{\"c\":'||json_quote(l.scorecard)||','||"
	" substr(contributions, 3) FROM lead l WHERE l.number=touch.id>>20 AND "
	" l.scorecard IS NOT NULL AND contributions LIKE '[{\"%';"
	"CREATE INDEX lead_due ON lead(due) WHERE due>0;"
	"ALTER TABLE message ADD COLUMN routes TEXT;"
	"ALTER TABLE endpoint ADD COLUMN mark TEXT;"
	"ALTER TABLE touch ADD COLUMN author TEXT;"
	"ALTER TABLE touch ADD COLUMN origin TEXT;"
	"ALTER TABLE touch ADD COLUMN working_latency INTEGER NOT NULL DEFAULT -1;"
	"CREATE TABLE account(number INTEGER PRIMARY KEY, domain TEXT NOT NULL, company TEXT, "
	" industry TEXT, country TEXT, owner TEXT, employees INTEGER, revenue REAL, "
	" target INTEGER, customer INTEGER, created INTEGER, domains TEXT);"
	"CREATE UNIQUE INDEX account_primary ON account(domain);"
	"CREATE TABLE account_domain(domain TEXT PRIMARY KEY, account INTEGER) WITHOUT ROWID;"
	"CREATE TABLE owner(address TEXT PRIMARY KEY, name TEXT, team TEXT, capacity INTEGER, "
	" weight INTEGER, languages TEXT, countries TEXT, products TEXT, absent_from INTEGER, "
	" absent_until INTEGER, substitute TEXT, load INTEGER, imported INTEGER) WITHOUT ROWID;"
	"CREATE TABLE credit(pool TEXT, owner TEXT, credit REAL, PRIMARY KEY(pool, owner)) "
	" WITHOUT ROWID;"
	"INSERT INTO owner(address, weight, load, imported) SELECT owner, 1, count(*), 0 FROM lead "
	" WHERE owner IS NOT NULL AND stage NOT IN ('customer', 'disqualified', 'recycled') "
	" GROUP BY owner;"
	"CREATE TABLE customer(number INTEGER PRIMARY KEY, id TEXT, lead INTEGER, since INTEGER);"
	"CREATE UNIQUE INDEX customer_id ON customer(id) WHERE id IS NOT NULL;"
	"CREATE UNIQUE INDEX customer_lead ON customer(lead);"
	"CREATE TABLE contact(key TEXT PRIMARY KEY, address TEXT, name TEXT, lead INTEGER, "
	" first_seen INTEGER, last_seen INTEGER, mails INTEGER) WITHOUT ROWID;"
	"CREATE TABLE outcome(number INTEGER PRIMARY KEY, lead INTEGER, what TEXT, reason TEXT, "
	" source TEXT, time INTEGER, snapshot TEXT);"
	"CREATE INDEX outcome_lead ON outcome(lead);"
	"CREATE INDEX outcome_time ON outcome(time);"
	"CREATE INDEX lead_merged ON lead(merged_into) WHERE merged_into IS NOT NULL;"
	"CREATE TABLE meta(name TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID;"
	"CREATE TABLE forgotten(hash TEXT PRIMARY KEY, time INTEGER) WITHOUT ROWID;";

/*
 * Version 3.  What the page, the reports and stores shared by several hosts need:
 *   audit         who did what through the API or leadctl, newest last
 *   progress      what reports want of each lead, narrow (progress.h): made of lead and
 *                 stage_change, and kept when touches and messages are gone
 *   mail_day      how many mails of a kind came or went, by day in the site's time zone (census.h);
 *                 of those from before this version the day is UTC's
 *   search        words of leads, filled after them (search.h)
 *   tally.changes counts commits that changed what the page shows
 * Leads are listed by last change or score; the other columns of those indexes are what lists are
 * filtered by, so that a row that doesn't fit is never read.
 *   host          daemons that share the store: `holder` is drawn at each start, and until `until`
 *                 (seconds, the database's clock) what it claimed is its own
 *   lease         what only one of them does at a time
 *   delivery      `holder` of the claim
 *   endpoint      nobody asks it before `rest`; 0: it answers
 *   tally         `version` counts changes of what hosts keep in memory (owners' loads)
 */
static const char VERSION_3[] =
	"CREATE TABLE audit(number INTEGER PRIMARY KEY, time INTEGER, who TEXT, role TEXT, "
	" peer TEXT, action TEXT, target TEXT, detail TEXT, status INTEGER);"
	"ALTER TABLE lead ADD COLUMN first_due INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE lead ADD COLUMN owner_since INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE lead ADD COLUMN first_score REAL;"
	"CREATE TABLE progress(lead INTEGER PRIMARY KEY, created INTEGER, scorecard TEXT, "
	" stage TEXT, mailbox TEXT, source TEXT, tag TEXT, form TEXT, campaign TEXT, "
	" referrer TEXT, forwarder TEXT, score REAL, owner TEXT, owned INTEGER, wrote INTEGER, "
	" answered INTEGER, due INTEGER, nql INTEGER, eql INTEGER, mql INTEGER, sal INTEGER, "
	" sql INTEGER, customer INTEGER);"
	"INSERT INTO progress(lead, created, scorecard, stage, mailbox, source, tag, form, "
	" campaign, referrer, forwarder, score, owner, owned, wrote, answered, due, nql, eql, mql, "
	" sal, sql, customer) SELECT l.number, l.created, l.scorecard, l.stage, l.source_mailbox, "
	" l.source, l.source_tag, l.source_form, l.source_campaign, l.source_referrer, "
	" l.source_forwarder, CASE WHEN l.touch_count>0 THEN l.total END, l.owner, "
	" CASE WHEN l.owner IS NOT NULL THEN l.created END, l.first_inbound, l.first_response, "
	" CASE WHEN l.task='reply' THEN l.task_due END, s.nql, s.eql, s.mql, s.sal, s.sql, "
	" s.customer FROM lead l LEFT JOIN (SELECT lead, "
	" min(CASE WHEN stage_to IN ('nql', 'eql', 'mql', 'sal', 'sql', 'customer') THEN time END) "
	" AS nql, "
	" min(CASE WHEN stage_to IN ('eql', 'mql', 'sal', 'sql', 'customer') THEN time END) "
	" AS eql, "
	" min(CASE WHEN stage_to IN ('mql', 'sal', 'sql', 'customer') THEN time END) AS mql, "
	" min(CASE WHEN stage_to IN ('sal', 'sql', 'customer') THEN time END) AS sal, "
	" min(CASE WHEN stage_to IN ('sql', 'customer') THEN time END) AS sql, "
	" min(CASE WHEN stage_to='customer' THEN time END) AS customer "
	" FROM stage_change GROUP BY lead) s ON s.lead=l.number WHERE l.merged_into IS NULL;"
	"CREATE TABLE mail_day(day INTEGER, mailbox TEXT, kind TEXT, direction TEXT, "
	" mails INTEGER, PRIMARY KEY(day, mailbox, kind, direction)) WITHOUT ROWID;"
	"INSERT INTO mail_day(day, mailbox, kind, direction, mails) SELECT time/86400000000, "
	" CASE WHEN direction='inbound' THEN coalesce(mailbox, '') ELSE '' END, "
	" coalesce(kind, ''), coalesce(direction, ''), count(*) "
	" FROM message GROUP BY 1, 2, 3, 4;"
	"CREATE TABLE search(word TEXT, lead INTEGER, PRIMARY KEY(word, lead)) WITHOUT ROWID;"
	"ALTER TABLE tally ADD COLUMN changes INTEGER NOT NULL DEFAULT 0;"
	"DROP INDEX lead_updated;"
	"CREATE INDEX lead_list ON lead(updated, number, stage, owner, temperature, grade, "
	"scorecard, "
	" source) WHERE merged_into IS NULL;"
	"CREATE INDEX lead_best ON lead(total, number, stage, owner, temperature, grade, "
	"scorecard, "
	" source, updated) WHERE merged_into IS NULL;"
	"CREATE INDEX lead_unowned ON lead(updated, number) WHERE owner IS NULL AND merged_into IS "
	"NULL;"
	"CREATE INDEX lead_doubtful ON lead(updated, number) WHERE possible_duplicates IS NOT NULL "
	"AND "
	" merged_into IS NULL;"
	"CREATE TABLE host(id TEXT PRIMARY KEY, name TEXT, holder INTEGER, until INTEGER) "
	" WITHOUT ROWID;"
	"CREATE TABLE lease(name TEXT PRIMARY KEY, holder INTEGER, until INTEGER) WITHOUT ROWID;"
	"ALTER TABLE delivery ADD COLUMN holder INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE endpoint ADD COLUMN rest INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE tally ADD COLUMN version INTEGER NOT NULL DEFAULT 0;";

/* VERSIONS[n] makes version n + 1 */
static const char *const VERSIONS[] = { VERSION_1, VERSION_2, VERSION_3 };

int
schema_version(void)
{
	return G_N_ELEMENTS(VERSIONS);
}

const char *
schema_text(int version)
{
	return VERSIONS[version - 1];
}

gboolean
schema_read(struct database *database, int *ret_version, GError **error)
{
	return database->driver->version(database->connection, ret_version, error);
}

gboolean
schema_check(struct database *database, int *ret_version, GError **error)
{
	int version;

	if (!schema_read(database, &version, error))
		return FALSE;
	if (version < 0) {
		g_set_error(error, LEADMILTER_ERROR, ERROR_STORE_SCHEMA,
			    "%s: is an unfinished copy of a store; finish it with the same "
			    "`leadctl store copy` or remove it",
			    database->path);
		return FALSE;
	}
	if (version > schema_version()) {
		g_set_error(error, LEADMILTER_ERROR, ERROR_STORE_SCHEMA,
			    "%s: has schema version %d, this program knows up to %d; use the newer "
			    "program that wrote it",
			    database->path, version, schema_version());
		return FALSE;
	}
	*ret_version = version;
	return TRUE;
}

gboolean
schema_mark(struct database *database, int version, GError **error)
{
	return database->driver->mark(database->connection, version, error);
}

static gboolean
make_version(struct database *database, int version, GError **error)
{
	const struct driver *driver = database->driver;

	if ((version > 1 || !driver->prepare_place ||
	     driver->prepare_place(database->connection, error)) &&
	    driver->exec(database->connection, schema_text(version), error) &&
	    (version != VERSION_OF_PARTS || !driver->is_server ||
	     driver->exec(database->connection, partitions_text(), error)) &&
	    schema_mark(database, version, error))
		return TRUE;
	g_prefix_error(error, "schema version %d: ", version);
	return FALSE;
}

/* Somebody else may have made it while this one waited to begin. */
static gboolean
migrate_one(struct database *database, int version, gboolean tells, GError **error)
{
	const struct driver *driver = database->driver;
	gint64 began = g_get_monotonic_time();
	int now;

	if (tells)
		log_notice("the store is brought to schema version %d; a million leads take "
			   "half a minute",
			   version);
	if (driver->begin(database->connection, error) && schema_check(database, &now, error) &&
	    (now >= version || make_version(database, version, error)) &&
	    driver->commit(database->connection, error)) {
		if (tells)
			log_notice("the store has schema version %d after %.1f s", version,
				   (double)(g_get_monotonic_time() - began) / G_USEC_PER_SEC);
		return TRUE;
	}
	driver->rollback(database->connection);
	return FALSE;
}

gboolean
schema_migrate(struct database *database, GError **error)
{
	gboolean is_new;
	int version;

	if (!schema_check(database, &version, error))
		return FALSE;
	is_new = version == 0;
	while (version < schema_version())
		if (!migrate_one(database, ++version, !is_new, error))
			return FALSE;
	return TRUE;
}

gboolean
schema_try(struct database *database, GError **error)
{
	const struct driver *driver = database->driver;
	int version;
	gboolean done = schema_check(database, &version, error) &&
			driver->begin(database->connection, error);

	while (done && version < schema_version())
		done = make_version(database, ++version, error);
	driver->rollback(database->connection);
	return done;
}
