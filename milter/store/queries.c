/*
 * queries.c - see queries.h.
 *
 * The texts are SQLite's; the PostgreSQL driver translates them (postgres_sql.c).  A comment that a
 * text begins with tells it which rows matter to it (struct postgres_only).  So in DO UPDATE
 * a column is named with its table.
 *
 * In a text, "{columns}", "{values}" and "{set}" stand for the columns of its record, numbered from
 * the parameter given.  Whatever identifies somebody is one step through an index, whose
 * cost doesn't grow with the store; LIMITs bound what hostile mail could pile up under one
 * key.  A partial index (schema.c) is used only when its condition stands in the query as
 * a literal, hence the literals: state 0 waiting, 1 delivered, 2 dead, 3 dropped.
 */
#include "store/queries.h"

#include "base/limits.h"
#include "store/record.h"

#define TEXT(n) G_STRINGIFY(n)

struct text {
	const char *sql;
	const struct record *record;
	int first; /* parameter of the record's first field */
	const char *prefix;
};

#define DELIVERY_JOIN \
	" FROM delivery d JOIN event e ON e.number=d.id>>10 JOIN endpoint p ON " \
	"p.number=d.endpoint " \
	"LEFT JOIN lead l ON l.number=d.lead "

#define REPORT_FILTER " AND (?4 IS NULL OR mailbox=?4) AND (?5 IS NULL OR scorecard=?5)"

/*
 * When a lead first got so far or farther: by its moves, or, of a new one, where it began.  Not by
 * IN: SQLite makes a table of a list, in every run of the statement, which costs more than the row.
 */
#define IS_CUSTOMER(at) at "='customer'"
#define IS_SQL(at) at "='sql' OR " IS_CUSTOMER(at)
#define IS_SAL(at) at "='sal' OR " IS_SQL(at)
#define IS_MQL(at) at "='mql' OR " IS_SAL(at)
#define IS_EQL(at) at "='eql' OR " IS_MQL(at)
#define IS_NQL(at) at "='nql' OR " IS_EQL(at)
#define REACHED(is) "min(CASE WHEN " is("s.stage_to") " THEN s.time END)"
#define BEGAN(is) \
	"CASE WHEN " is("l.stage") " THEN coalesce(nullif(l.stage_since, 0), l.updated) END"
#define STAGES(when) \
	when(IS_NQL) ", " when(IS_EQL) ", " when(IS_MQL) ", " when(IS_SAL) ", " when( \
		IS_SQL) ", " when(IS_CUSTOMER)
#define KEEP(column) #column "=excluded." #column
#define EIGHT "IN (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)"

/* The row of reports, made of its lead … */
#define PROGRESS \
	"INSERT INTO progress(lead, created, scorecard, stage, mailbox, source, tag, form, " \
	"campaign, referrer, forwarder, score, owner, owned, wrote, answered, due, nql, eql, " \
	"mql, sal, sql, customer) SELECT l.number, l.created, l.scorecard, l.stage, " \
	"l.source_mailbox, l.source, l.source_tag, l.source_form, l.source_campaign, " \
	"l.source_referrer, l.source_forwarder, coalesce(l.first_score, CASE WHEN " \
	"l.touch_count>0 THEN l.total END), l.owner, CASE WHEN l.owner IS NOT NULL THEN " \
	"coalesce(nullif(l.owner_since, 0), l.created) END, l.first_inbound, l.first_response, " \
	"nullif(l.first_due, 0), "
/* … of a new lead, which has moved once at most, */
#define PROGRESS_NEW(which) \
	PROGRESS STAGES(BEGAN) " FROM lead l WHERE l.number " which " AND l.merged_into IS " \
			       "NULL ON CONFLICT(lead) DO NOTHING"
/* … or of a lead and its moves. */
#define PROGRESS_AGAIN(which) \
	PROGRESS STAGES(REACHED) " FROM lead l LEFT JOIN stage_change s ON s.lead=l.number WHERE " \
				 "l.number " which " AND l.merged_into IS NULL GROUP BY l.number " \
				 "ON CONFLICT(lead) DO UPDATE SET " KEEP(created) ", " KEEP(scorecard) ", " KEEP(stage) ", " KEEP(mailbox) ", " KEEP(source) ", " KEEP( \
					 tag) ", " KEEP(form) ", " KEEP(campaign) ", " KEEP(referrer) ", " KEEP(forwarder) ", " KEEP(owner) ", " KEEP(owned) ", " KEEP(wrote) ", " KEEP(answered) ", due=coalesce(excluded.due, progress.due), " KEEP(nql) ", " KEEP(eql) ", " KEEP(mql) ", " KEEP(sal) ", " KEEP(sql) ", " KEEP(customer)

/* Leads of one order: parameters 1 and 2 are the place, 11 and 12 times, 13 how many. */
#define BROWSE_FILTER \
	" AND merged_into IS NULL AND (?3 IS NULL OR stage=?3) AND (?4 IS NULL OR owner=?4) " \
	"AND (?5 IS NULL OR account=?5) AND (?6 IS NULL OR temperature=?6) " \
	"AND (?7 IS NULL OR grade=?7) AND (?8 IS NULL OR scorecard=?8) " \
	"AND (?9 IS NULL OR source=?9) AND (?10=0 OR owner IS NULL) "
/* The "+" keeps the index of another order from being taken. */
#define BROWSE_TIMES "AND updated>=?11 AND updated<?12 "
#define BROWSE_OTHER_TIMES "AND +updated>=?11 AND +updated<?12 "

static const struct text TEXTS[QUERY_COUNT] = {
	[QUERY_LEAD_INSERT] = { "INSERT INTO lead(name_key, first_score, {columns}) "
				"VALUES(?1, ?2, {values})",
				&record_lead, 3, "" },
	[QUERY_LEAD_UPDATE] = { "/*lead.number=?1*/ "
				"UPDATE lead SET name_key=?2, {set} WHERE number=?1",
				&record_lead_state, 3, "" },
	[QUERY_LEAD_BEFORE] = { "/*lead.id=?1;lead.number*/ "
				"SELECT number, normalised, account, name_key, phones, "
				"last_inbound, owner, stage, addresses, merged_into, "
				"created, first_inbound, first_response, first_due, owner_since, "
				"scorecard, source, source_mailbox, company FROM lead WHERE id=?1",
				NULL, 0, NULL },
	[QUERY_LEAD_BY_NUMBER] = { "/*lead.number=?1*/ "
				   "SELECT number, {columns} FROM lead WHERE number=?1",
				   &record_lead, 0, "" },
	[QUERY_LEAD_BY_ID] = { "SELECT number, {columns} FROM lead WHERE id=?1", &record_lead, 0,
			       "" },
	[QUERY_LEADS_BY_TOKEN] = { "SELECT number FROM lead WHERE id>=?1 AND id<?2 LIMIT 2", NULL,
				   0, NULL },
	[QUERY_NUMBERS_BY_KEY] = { "/*identity.key=?1*/ "
				   "SELECT lead FROM identity WHERE key=?1 ORDER BY lead "
				   "LIMIT " TEXT(LIMIT_CANDIDATES),
				   NULL, 0, NULL },
	[QUERY_LEADS_BY_KEY] = { "/*identity.key=?1;lead.number*/ "
				 "SELECT l.number, {columns} FROM identity i JOIN lead l "
				 "ON l.number=i.lead WHERE i.key=?1 ORDER BY i.lead "
				 "LIMIT " TEXT(LIMIT_CANDIDATES),
				 &record_lead, 0, "l." },
	[QUERY_LEADS] = { "SELECT number, {columns} FROM lead WHERE updated>=?1 "
			  "AND (?2 IS NULL OR name_key LIKE ?2 ESCAPE '\\' OR "
			  "address LIKE ?2 ESCAPE '\\' OR company LIKE ?3 ESCAPE '\\') "
			  "AND (?4 IS NULL OR owner=?4) AND (?5 IS NULL OR account=?5) "
			  "AND (?6 IS NULL OR scorecard=?6) AND (?7 IS NULL OR source=?7) "
			  "AND (?8 IS NULL OR stage=?8) AND merged_into IS NULL ORDER BY updated "
			  "DESC, number DESC "
			  "LIMIT ?9 OFFSET ?10",
			  &record_lead, 0, "" },
	[QUERY_ACCOUNT_PEOPLE] = { "/*identity.key>=?1<?2*/ "
				   "SELECT time, owner FROM identity WHERE key>=?1 AND key<?2 "
				   "ORDER BY key LIMIT " TEXT(LIMIT_ACCOUNT_PEOPLE),
				   NULL, 0, NULL },
	[QUERY_KEY_INSERT] = { "INSERT OR REPLACE INTO identity(key, lead, time, owner) "
			       "VALUES(?1, ?2, nullif(?3, 0), ?4)",
			       NULL, 0, NULL },
	[QUERY_KEY_DELETE] = { "/*identity.key=?1*/ "
			       "DELETE FROM identity WHERE key=?1 AND lead=?2",
			       NULL, 0, NULL },
	[QUERY_TOUCH_INSERT] = { "INSERT OR REPLACE INTO touch(id, {columns}) VALUES(?1, {values})",
				 &record_touch, 2, "" },
	[QUERY_TOUCH_LAST] = { "/*touch.id>=?1<=?2*/ "
			       "SELECT id FROM touch WHERE id BETWEEN ?1 AND ?2 "
			       "ORDER BY id DESC LIMIT 1",
			       NULL, 0, NULL },
	[QUERY_TOUCHES] = { "/*touch.id>=?1<=?2*/ "
			    "SELECT id, {columns} FROM touch WHERE id BETWEEN ?1 AND ?2 "
			    "ORDER BY id LIMIT ?3",
			    &record_touch, 0, "" },
	[QUERY_SUMMARY] = { "SELECT until, contributions, names FROM summary WHERE lead=?1", NULL,
			    0, NULL },
	[QUERY_SUMMARY_WRITE] = { "INSERT OR REPLACE INTO summary(lead, until, contributions, "
				  "names) VALUES(?1, ?2, ?3, ?4)",
				  NULL, 0, NULL },
	[QUERY_SUMMARY_DELETE] = { "DELETE FROM summary WHERE lead=?1", NULL, 0, NULL },
	[QUERY_STAGE_INSERT] = { "INSERT OR REPLACE INTO stage_change(lead, time, stage_to, "
				 "stage_from, cause) VALUES(?1, ?2, ?3, ?4, ?5)",
				 NULL, 0, NULL },
	[QUERY_STAGE_CHANGES] = { "SELECT time, stage_from, stage_to, cause FROM stage_change "
				  "WHERE lead=?1 ORDER BY time",
				  NULL, 0, NULL },

	[QUERY_PROGRESS_NEW] = { PROGRESS_NEW("=?1"), NULL, 0, NULL },
	[QUERY_PROGRESS_NEW_MANY] = { PROGRESS_NEW(EIGHT), NULL, 0, NULL },
	[QUERY_PROGRESS_AGAIN] = { PROGRESS_AGAIN("=?1"), NULL, 0, NULL },
	[QUERY_PROGRESS_AGAIN_MANY] = { PROGRESS_AGAIN(EIGHT), NULL, 0, NULL },
	[QUERY_PROGRESS_DELETE] = { "DELETE FROM progress WHERE lead=?1", NULL, 0, NULL },
	[QUERY_CENSUS_ADD] = { "INSERT INTO mail_day(day, mailbox, kind, direction, mails) "
			       "VALUES(?1, ?2, ?3, ?4, ?5) "
			       "ON CONFLICT(day, mailbox, kind, direction) "
			       "DO UPDATE SET mails=mail_day.mails+excluded.mails",
			       NULL, 0, NULL },
	/* ?1 the first lead, ?2 since, ?3 until, ?4 mailbox, ?5 scorecard, ?6 the last lead */
	[QUERY_REPORT_NEXT] = { "SELECT min(lead) FROM progress WHERE lead>?1", NULL, 0, NULL },
	[QUERY_REPORT_FUNNEL] = { "SELECT lead, created, stage, nql, eql, mql, sal, sql, customer "
				  "FROM progress WHERE lead BETWEEN ?1 AND ?6 AND created<?3 AND "
				  "(created>=?2 "
				  "OR nql>=?2 OR eql>=?2 OR mql>=?2 OR sal>=?2 OR sql>=?2 OR "
				  "customer>=?2)" REPORT_FILTER,
				  NULL, 0, NULL },
	[QUERY_REPORT_SOURCES] = { "SELECT lead, created, stage, nql, mql, customer, score, "
				   "CASE ?7 WHEN 1 THEN mailbox WHEN 2 THEN tag WHEN 3 THEN form "
				   "WHEN 4 THEN campaign WHEN 5 THEN referrer WHEN 6 THEN "
				   "forwarder ELSE source END FROM progress WHERE lead BETWEEN ?1 "
				   "AND ?6 AND "
				   "created>=?2 AND created<?3" REPORT_FILTER,
				   NULL, 0, NULL },
	[QUERY_REPORT_OWNERS] = { "SELECT lead, owned, stage, owner, wrote, answered, due, "
				  "customer FROM progress WHERE lead BETWEEN ?1 AND ?6 AND owner "
				  "IS NOT NULL AND "
				  "((owned>=?2 AND owned<?3) OR stage IN ('interest', 'nql', "
				  "'eql', 'mql', 'sal', 'sql'))" REPORT_FILTER,
				  NULL, 0, NULL },
	[QUERY_REPORT_RESPONSE] = { "SELECT lead, wrote, stage, answered, due FROM progress "
				    "WHERE lead BETWEEN ?1 AND ?6 AND wrote>=?2 AND wrote<?3 AND "
				    "wrote>0 AND "
				    "eql IS NOT NULL" REPORT_FILTER,
				    NULL, 0, NULL },
	[QUERY_REPORT_KINDS] = { "SELECT day, mailbox, kind, direction, mails FROM mail_day "
				 "WHERE day>=?1 AND day<?2 AND (?3 IS NULL OR mailbox=?3) "
				 "ORDER BY day",
				 NULL, 0, NULL },

	[QUERY_TOUCH_MOVE] = { "UPDATE touch SET id=?2, origin=?3 WHERE id=?1", NULL, 0, NULL },
	[QUERY_MESSAGE_MOVE] = { "UPDATE message SET lead=?3 WHERE number=(SELECT message FROM "
				 "conversation WHERE hash=?1 AND tag=?2 LIMIT 1)",
				 NULL, 0, NULL },
	[QUERY_LEADS_DUE] = { "SELECT number FROM lead WHERE due>0 AND due<=?1 ORDER BY due "
			      "LIMIT ?2",
			      NULL, 0, NULL },
	[QUERY_LEAD_DUE_CLEAR] = { "UPDATE lead SET due=0 WHERE number=?1 AND due<=?2", NULL, 0,
				   NULL },
	[QUERY_LEAD_NEXT_DUE] = { "SELECT due FROM lead WHERE due>0 ORDER BY due LIMIT 1", NULL, 0,
				  NULL },

	[QUERY_OWNERS] = { "SELECT {columns} FROM owner ORDER BY address", &record_owner, 0, "" },
	[QUERY_OWNER_WRITE] = { "INSERT OR REPLACE INTO owner({columns}) VALUES({values})",
				&record_owner, 1, "" },
	[QUERY_CREDITS] = { "SELECT pool, owner, credit FROM credit", NULL, 0, NULL },
	[QUERY_CREDIT_WRITE] = { "INSERT OR REPLACE INTO credit(pool, owner, credit) "
				 "VALUES(?1, ?2, ?3)",
				 NULL, 0, NULL },
	[QUERY_ACCOUNT_BY_DOMAIN] = { "SELECT a.number, {columns} FROM account_domain d "
				      "JOIN account a ON a.number=d.account WHERE d.domain=?1",
				      &record_account, 0, "a." },
	[QUERY_ACCOUNT_INSERT] = { "INSERT INTO account({columns}) VALUES({values})",
				   &record_account, 2, "" },
	[QUERY_ACCOUNT_UPDATE] = { "UPDATE account SET {set} WHERE number=?1", &record_account, 2,
				   "" },
	[QUERY_ACCOUNT_DOMAIN_WRITE] = { "INSERT OR IGNORE INTO account_domain(domain, account) "
					 "VALUES(?1, ?2)",
					 NULL, 0, NULL },
	[QUERY_ACCOUNT_LEADS] = { "SELECT lead FROM identity WHERE key>=?1 AND key<?2 "
				  "LIMIT " TEXT(LIMIT_BATCH),
				  NULL, 0, NULL },
	[QUERY_ACCOUNTS] = { "SELECT {columns} FROM account ORDER BY domain LIMIT ?1 OFFSET ?2",
			     &record_account, 0, "" },
	[QUERY_CUSTOMER_FREE_ID] = { "UPDATE customer SET id=NULL WHERE id=?1 AND lead<>?2", NULL,
				     0, NULL },
	[QUERY_CUSTOMER_WRITE] = { "INSERT INTO customer(id, lead, since) VALUES(?1, ?2, "
				   "nullif(?3, 0)) "
				   "ON CONFLICT(lead) DO UPDATE SET id=coalesce(excluded.id, "
				   "customer.id), since=coalesce(min(customer.since, "
				   "excluded.since), customer.since, excluded.since)",
				   NULL, 0, NULL },
	[QUERY_CUSTOMER_LEAD] = { "SELECT lead FROM customer WHERE id=?1", NULL, 0, NULL },
	[QUERY_OUTCOME_INSERT] = { "INSERT INTO outcome(lead, what, reason, source, time, "
				   "snapshot) VALUES(?1, ?2, ?3, ?4, ?5, ?6)",
				   NULL, 0, NULL },

	[QUERY_CONTACT_WRITE] = { "INSERT INTO contact(key, address, name, lead, first_seen, "
				  "last_seen, mails) VALUES(?1, ?2, ?3, ?4, ?5, ?5, 1) "
				  "ON CONFLICT(key) DO UPDATE SET "
				  "name=coalesce(excluded.name, contact.name), "
				  "first_seen=min(contact.first_seen, excluded.first_seen), "
				  "last_seen=max(contact.last_seen, excluded.last_seen), "
				  "mails=contact.mails+1",
				  NULL, 0, NULL },
	[QUERY_CONTACTS] = { "SELECT c.address, c.name, CASE l.merged_into WHEN '' THEN NULL "
			     "ELSE coalesce(l.merged_into, l.id) END, "
			     "c.first_seen, c.last_seen, c.mails FROM contact c LEFT JOIN lead l "
			     "ON l.number=c.lead WHERE c.key>=?1 AND c.key<?2 ORDER BY c.key "
			     "LIMIT ?3",
			     NULL, 0, NULL },

	[QUERY_BROWSE_UPDATED] = { "SELECT number, {columns} FROM lead WHERE updated<=?1 AND "
				   "(updated<?1 OR number<?2)" BROWSE_FILTER BROWSE_TIMES
				   "ORDER BY updated DESC, number DESC LIMIT ?13",
				   &record_lead, 0, "" },
	[QUERY_BROWSE_UNOWNED] = { "SELECT number, {columns} FROM lead WHERE owner IS NULL AND "
				   "updated<=?1 AND (updated<?1 OR number<?2)" BROWSE_FILTER
					   BROWSE_TIMES
				   "ORDER BY updated DESC, number DESC LIMIT ?13",
				   &record_lead, 0, "" },
	[QUERY_BROWSE_SCORE] = { "SELECT number, {columns} FROM lead WHERE total<=?1 AND "
				 "(total<?1 OR number<?2)" BROWSE_FILTER BROWSE_OTHER_TIMES
				 "ORDER BY total DESC, number DESC LIMIT ?13",
				 &record_lead, 0, "" },
	[QUERY_BROWSE_CREATED] = { "SELECT number, {columns} FROM lead WHERE number<?2 AND "
				   "?1>=0" BROWSE_FILTER BROWSE_OTHER_TIMES
				   "ORDER BY number DESC LIMIT ?13",
				   &record_lead, 0, "" },
	[QUERY_BROWSE_TAIL] = { "SELECT number FROM lead WHERE number>?1 ORDER BY number LIMIT ?2",
				NULL, 0, NULL },
	[QUERY_BROWSE_ACCOUNT] = { "SELECT lead FROM identity WHERE key>=?1 AND key<?2 "
				   "ORDER BY key LIMIT ?3",
				   NULL, 0, NULL },
	[QUERY_BROWSE_ACCOUNT_LAST] = { "SELECT max(l.updated) FROM (SELECT lead FROM identity "
					"WHERE key>=?1 AND key<?2 ORDER BY key LIMIT " TEXT(
						LIMIT_ACCOUNT_PEOPLE) ") i JOIN lead l ON "
								      "l.number=i.lead",
					NULL, 0, NULL },
	[QUERY_BROWSE_ACTIVE] = { "SELECT number, updated, account FROM lead WHERE updated<=?1 "
				  "AND (updated<?1 OR number<?2) AND merged_into IS NULL AND "
				  "account IS NOT NULL ORDER BY updated DESC, number DESC LIMIT ?3",
				  NULL, 0, NULL },
	[QUERY_BROWSE_DOUBTFUL] = { "SELECT number, {columns} FROM lead WHERE updated<=?1 AND "
				    "(updated<?1 OR number<?2) AND possible_duplicates IS NOT "
				    "NULL AND merged_into IS NULL "
				    "ORDER BY updated DESC, number DESC LIMIT ?3",
				    &record_lead, 0, "" },
	[QUERY_TOUCHES_UP] = { "SELECT id, {columns} FROM touch WHERE id BETWEEN ?1 AND ?2 AND "
			       "(?3 IS NULL OR direction=?3) ORDER BY id LIMIT ?4",
			       &record_touch, 0, "" },
	[QUERY_TOUCHES_DOWN] = { "SELECT id, {columns} FROM touch WHERE id BETWEEN ?1 AND ?2 AND "
				 "(?3 IS NULL OR direction=?3) ORDER BY id DESC LIMIT ?4",
				 &record_touch, 0, "" },
	[QUERY_SEARCH_INSERT] = { "INSERT OR IGNORE INTO search(word, lead) VALUES(?1, ?2)", NULL,
				  0, NULL },
	[QUERY_SEARCH_INSERT_MANY] = { "INSERT OR IGNORE INTO search(word, lead) VALUES"
				       "(?1, ?2), (?3, ?4), (?5, ?6), (?7, ?8), (?9, ?10), "
				       "(?11, ?12), (?13, ?14), (?15, ?16), (?17, ?18), "
				       "(?19, ?20), (?21, ?22), (?23, ?24), (?25, ?26), "
				       "(?27, ?28), (?29, ?30), (?31, ?32)",
				       NULL, 0, NULL },
	[QUERY_SEARCH_DELETE] = { "DELETE FROM search WHERE word=?1 AND lead=?2", NULL, 0, NULL },
	[QUERY_SEARCH_LEADS] = { "SELECT number, name_key, company, normalised, account, "
				 "addresses, phones, merged_into FROM lead WHERE number>?1 "
				 "ORDER BY number LIMIT " TEXT(LIMIT_SEARCH_STEP),
				 NULL, 0, NULL },
	[QUERY_SEARCH_FIND] = { "SELECT lead FROM search WHERE word>=?1 AND word<?2 LIMIT ?3", NULL,
				0, NULL },
	[QUERY_SEARCH_NEXT] = { "SELECT word, lead FROM search WHERE word>=?1 AND word<?3 AND "
				"(word>?1 OR lead>?2) ORDER BY word, lead LIMIT 1",
				NULL, 0, NULL },
	[QUERY_AUDIT_INSERT] = { "INSERT INTO audit(time, who, role, peer, action, target, detail, "
				 "status) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
				 NULL, 0, NULL },
	[QUERY_AUDIT_STATUS] = { "UPDATE audit SET status=?2 WHERE number=?1", NULL, 0, NULL },
	[QUERY_AUDIT] = { "SELECT number, time, who, role, peer, action, target, detail, status "
			  "FROM audit WHERE number<?1 AND (?2 IS NULL OR who=?2) AND "
			  "(?3 IS NULL OR action=?3) ORDER BY number DESC LIMIT ?4",
			  NULL, 0, NULL },
	[QUERY_AUDIT_FORGET] = { "UPDATE audit SET target=NULL, detail=NULL WHERE "
				 "replace(lower(target), ?1, '')<>lower(target) OR "
				 "replace(lower(detail), ?1, '')<>lower(detail)",
				 NULL, 0, NULL },
	[QUERY_AUDIT_EXPIRE] = { "DELETE FROM audit WHERE number IN (SELECT number FROM audit "
				 "WHERE number>0 ORDER BY number LIMIT " TEXT(
					 LIMIT_BATCH) ") "
						      "AND time<?1",
				 NULL, 0, NULL },

	[QUERY_LEADS_MERGED] = { "SELECT number, {columns} FROM lead WHERE merged_into=?1",
				 &record_lead, 0, "" },
	[QUERY_TOUCHES_AFTER] = { "SELECT id, {columns} FROM touch WHERE id>?1 ORDER BY id "
				  "LIMIT " TEXT(LIMIT_BATCH),
				  &record_touch, 0, "" },
	[QUERY_TOUCHES_DELETE] = { "DELETE FROM touch WHERE id BETWEEN ?1 AND ?2", NULL, 0, NULL },
	[QUERY_STAGES_DELETE] = { "DELETE FROM stage_change WHERE lead=?1", NULL, 0, NULL },
	[QUERY_OUTCOMES] = { "SELECT what, reason, source, time, snapshot FROM outcome "
			     "WHERE lead=?1 ORDER BY number",
			     NULL, 0, NULL },
	[QUERY_OUTCOMES_DELETE] = { "DELETE FROM outcome WHERE lead=?1", NULL, 0, NULL },
	[QUERY_CUSTOMER_DELETE] = { "DELETE FROM customer WHERE lead=?1", NULL, 0, NULL },
	[QUERY_CONTACT_DELETE] = { "DELETE FROM contact WHERE key=?1", NULL, 0, NULL },
	[QUERY_CONTACT] = { "SELECT address, name, first_seen, last_seen, mails FROM contact "
			    "WHERE key=?1",
			    NULL, 0, NULL },
	[QUERY_MESSAGE_LINKS] = { "SELECT links FROM message WHERE number=?1", NULL, 0, NULL },
	[QUERY_MESSAGE_SHOWN] = { "SELECT message_id, time, recorded, direction, mailbox, author, "
				  "kind, match, score, grade, stage FROM message WHERE number=?1",
				  NULL, 0, NULL },
	[QUERY_MESSAGES_AFTER] = { "SELECT number, lead, author FROM message WHERE number>?1 "
				   "ORDER BY number LIMIT ?2",
				   NULL, 0, NULL },
	[QUERY_CONVERSATION_MESSAGES] = { "SELECT message FROM conversation WHERE hash=?1", NULL, 0,
					  NULL },
	[QUERY_CONVERSATION_FORGET] = { "DELETE FROM conversation WHERE hash=?1", NULL, 0, NULL },
	[QUERY_EVENTS_OF_LEAD] = { "SELECT number, id, type, time, body FROM event WHERE lead=?1 "
				   "ORDER BY number",
				   NULL, 0, NULL },
	[QUERY_EVENTS_AFTER] = { "SELECT number, body FROM event WHERE number>?1 ORDER BY number "
				 "LIMIT ?2",
				 NULL, 0, NULL },
	[QUERY_EVENT_BODY] = { "SELECT body FROM event WHERE number=?1", NULL, 0, NULL },
	[QUERY_EVENT_BLANK] = { "UPDATE event SET body=?2 WHERE number=?1", NULL, 0, NULL },
	[QUERY_META] = { "SELECT value FROM meta WHERE name=?1", NULL, 0, NULL },
	[QUERY_META_WRITE] = { "INSERT OR REPLACE INTO meta(name, value) VALUES(?1, ?2)", NULL, 0,
			       NULL },
	[QUERY_FORGOTTEN] = { "SELECT time FROM forgotten WHERE hash=?1", NULL, 0, NULL },
	[QUERY_FORGOTTEN_WRITE] = { "INSERT OR REPLACE INTO forgotten(hash, time) VALUES(?1, ?2)",
				    NULL, 0, NULL },

	[QUERY_MESSAGE_INSERT] = { "INSERT INTO message(message_id, time, recorded, direction, "
				   "lead, mailbox, author, kind, match, score, grade, stage, "
				   "links, routes) "
				   "VALUES(?1, ?2, ?3, ?4, nullif(?5, 0), ?6, ?7, ?8, ?9, ?10, "
				   "?11, "
				   "?12, ?13, ?14)",
				   NULL, 0, NULL },
	[QUERY_MESSAGE_BY_KEY] = { "/*conversation.hash=?1*/ "
				   "SELECT m.lead, m.kind, m.match, m.score, m.grade, m.stage, "
				   "m.routes "
				   "FROM conversation c JOIN message m ON m.number=c.message "
				   "WHERE c.hash=?1 AND c.tag=?2 LIMIT 1",
				   NULL, 0, NULL },
	[QUERY_MESSAGES_OF_CONVERSATION] = { "/*conversation.hash=?1*/ "
					     "SELECT m.lead, m.direction, m.author, m.time, "
					     "m.message_id FROM conversation c JOIN message m "
					     "ON m.number=c.message WHERE c.hash=?1 AND c.tag<=?2 "
					     "ORDER BY c.tag LIMIT " TEXT(LIMIT_CANDIDATES),
					     NULL, 0, NULL },
	[QUERY_MESSAGES_OLDEST] = { "SELECT number, recorded, links FROM message WHERE number>?1 "
				    "ORDER BY number LIMIT " TEXT(LIMIT_BATCH),
				    NULL, 0, NULL },
	[QUERY_MESSAGE_DELETE] = { "DELETE FROM message WHERE number=?1", NULL, 0, NULL },
	[QUERY_CONVERSATION_INSERT] = { "INSERT OR IGNORE INTO conversation(hash, tag, message) "
					"VALUES(?1, ?2, ?3)",
					NULL, 0, NULL },
	[QUERY_CONVERSATION_NEWEST] = { "/*conversation.hash=?1*/ "
					"SELECT -tag FROM conversation WHERE hash=?1 "
					"ORDER BY tag LIMIT 1",
					NULL, 0, NULL },
	[QUERY_CONVERSATION_COUNT] = { "/*conversation.hash=?1*/ "
				       "SELECT count(*) FROM (SELECT 1 FROM conversation WHERE "
				       "hash=?1 AND tag<=?2 LIMIT " TEXT(
					       LIMIT_FLOOD_COUNT) ") AS counted",
				       NULL, 0, NULL },
	[QUERY_CONVERSATION_DELETE] = { "DELETE FROM conversation WHERE hash=?1 AND tag=?2 "
					"AND message=?3",
					NULL, 0, NULL },

	[QUERY_ENDPOINT_INSERT] = { "INSERT OR IGNORE INTO endpoint(name) VALUES(?1)", NULL, 0,
				    NULL },
	[QUERY_ENDPOINT_BY_NAME] = { "SELECT number, parked, rest FROM endpoint "
				     "WHERE name=?1",
				     NULL, 0, NULL },
	[QUERY_ENDPOINTS] = { "SELECT p.number, p.name, p.parked, p.reason, p.waiting, "
			      "p.delivered, p.dead, (SELECT e.time FROM event e WHERE "
			      "e.number=(SELECT min(d.id) FROM delivery d INDEXED BY delivery_due "
			      "WHERE d.endpoint=p.number AND d.head>0)>>10) "
			      "FROM endpoint p ORDER BY p.name",
			      NULL, 0, NULL },
	[QUERY_ENDPOINT_REST] = { "UPDATE endpoint SET rest=?2 WHERE name=?1 AND rest<>?2", NULL, 0,
				  NULL },
	[QUERY_ENDPOINT_PARK] = { "UPDATE endpoint SET parked=?2, reason=?3, mark=?4, rest=0 "
				  "WHERE name=?1",
				  NULL, 0, NULL },
	[QUERY_ENDPOINT_UNLATCH] = { "UPDATE endpoint SET parked=0, reason=NULL, mark=NULL "
				     "WHERE name=?1 AND mark<>?2",
				     NULL, 0, NULL },
	[QUERY_ENDPOINT_TALLY] = { "UPDATE endpoint SET waiting=waiting+?2, "
				   "delivered=delivered+?3, dead=dead+?4 WHERE number=?1",
				   NULL, 0, NULL },
	[QUERY_EVENT_INSERT] = { "INSERT INTO event(id, type, lead, time, has_text, body) "
				 "VALUES(?1, ?2, ?3, ?4, ?5, ?6)",
				 NULL, 0, NULL },
	[QUERY_EVENTS_OLDEST] = { "SELECT number, time FROM event WHERE number>?1 "
				  "ORDER BY number LIMIT " TEXT(LIMIT_BATCH),
				  NULL, 0, NULL },
	[QUERY_EVENT_OPEN] = { "SELECT 1 FROM delivery WHERE id BETWEEN ?1 AND ?2 AND "
			       "(state=0 OR state=2) LIMIT 1",
			       NULL, 0, NULL },
	[QUERY_EVENT_DELETE] = { "DELETE FROM event WHERE number=?1", NULL, 0, NULL },
	[QUERY_EVENT_STATES] = { "SELECT endpoint, state FROM delivery WHERE id BETWEEN ?1 AND ?2",
				 NULL, 0, NULL },
	[QUERY_EVENT_DELIVERIES_DELETE] = { "DELETE FROM delivery WHERE id BETWEEN ?1 AND ?2", NULL,
					    0, NULL },
	[QUERY_DELIVERY_INSERT] = { "INSERT INTO delivery(id, endpoint, lead, state, head, due, "
				    "error) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7)",
				    NULL, 0, NULL },
	[QUERY_DELIVERY_FIRST] = { "/*delivery.lead=?2*/ "
				   "SELECT id FROM delivery WHERE endpoint=?1 AND lead=?2 AND "
				   "state=0 ORDER BY id LIMIT 1",
				   NULL, 0, NULL },
	[QUERY_DELIVERY_PROMOTE] = { "UPDATE delivery SET head=1 WHERE id=?1 AND head=0", NULL, 0,
				     NULL },
	[QUERY_DELIVERY_DEMOTE] = { "UPDATE delivery SET head=0 WHERE endpoint=?1 AND lead=?2 AND "
				    "state=0 AND head>0 AND id<>?3",
				    NULL, 0, NULL },
	[QUERY_DELIVERY_DUE] = { "SELECT d.lead, {columns}" DELIVERY_JOIN
				 "WHERE d.endpoint=?1 AND d.head>0 AND d.due<=?2 "
				 "AND (d.head=1 OR d.holder=?4) ORDER BY d.due LIMIT ?3 "
				 "/*server FOR UPDATE OF d SKIP LOCKED */",
				 &record_delivery, 0, "" },
	[QUERY_DELIVERY_CLAIM] = { "UPDATE delivery SET attempts=?2, due=?3, head=2, "
				   "holder=?4 WHERE id=?1",
				   NULL, 0, NULL },
	[QUERY_DELIVERY_HURRY] = { "UPDATE delivery SET due=?2 WHERE id IN (SELECT id FROM "
				   "delivery "
				   "WHERE endpoint=?1 AND head>0 AND head=1 AND due>?2 "
				   "LIMIT " TEXT(LIMIT_BATCH) ")",
				   NULL, 0, NULL },
	[QUERY_DELIVERY_RECOVER] = { "UPDATE delivery SET head=1 WHERE head=2", NULL, 0, NULL },
	[QUERY_DELIVERY_RECOVER_DEAD] = { "UPDATE delivery SET head=1 WHERE head=2 AND holder NOT "
					  "IN (SELECT holder FROM host WHERE until>unixepoch())",
					  NULL, 0, NULL },
	[QUERY_DELIVERY_GIVE_BACK] = { "UPDATE delivery SET due=?2, attempts=max(?3, 0), head=?4 "
				       "WHERE id=?1",
				       NULL, 0, NULL },
	[QUERY_DELIVERY_DROP] = { "UPDATE delivery SET state=?2, head=0 WHERE id=?1", NULL, 0,
				  NULL },
	[QUERY_DELIVERY_NEXT] = { "SELECT d.due FROM delivery d WHERE d.endpoint=(SELECT number "
				  "FROM "
				  "endpoint WHERE name=?1 AND parked=0) AND d.head>0 AND "
				  "(d.head=1 OR d.holder=?2) ORDER BY d.due LIMIT 1",
				  NULL, 0, NULL },
	[QUERY_DELIVERY_NEXT_ANY] = { "SELECT min((SELECT d.due FROM delivery d WHERE "
				      "d.endpoint=p.number AND d.head>0 ORDER BY d.due LIMIT 1)) "
				      "FROM endpoint p WHERE p.parked=0",
				      NULL, 0, NULL },
	[QUERY_DELIVERY_PLACE] = { "SELECT endpoint, lead, state, head, attempts, holder FROM "
				   "delivery WHERE id=?1",
				   NULL, 0, NULL },
	[QUERY_DELIVERY_SETTLE] = { "UPDATE delivery SET state=?2, head=?3, due=?4, status=?5, "
				    "error=?6, response=?7 WHERE id=?1",
				    NULL, 0, NULL },
	[QUERY_DELIVERY_RETRY] = { "UPDATE delivery SET state=0, due=?2, head=?3 WHERE id=?1", NULL,
				   0, NULL },
	[QUERY_DELIVERIES_DEAD] = { "SELECT id FROM delivery WHERE state=2 "
				    "LIMIT " TEXT(LIMIT_BATCH),
				    NULL, 0, NULL },
	[QUERY_DELIVERY] = { "SELECT d.lead, {columns}" DELIVERY_JOIN "WHERE d.id=?1",
			     &record_delivery, 0, "" },
	[QUERY_DELIVERIES] = { "SELECT d.lead, {columns}" DELIVERY_JOIN
			       "WHERE (?1 IS NULL OR p.name=?1) AND (?2<0 OR d.state=?2) "
			       "AND d.id<?4 ORDER BY d.id DESC LIMIT ?3",
			       &record_delivery, 0, "" },
	[QUERY_DELIVERIES_OF_LEAD] = { "SELECT d.lead, {columns} FROM lead l JOIN event e ON "
				       "e.lead=l.number JOIN delivery d ON d.id BETWEEN "
				       "e.number*1024 AND e.number*1024+1023 "
				       "JOIN endpoint p ON p.number=d.endpoint WHERE l.id=?4 AND "
				       "(?1 IS NULL OR p.name=?1) AND (?2<0 OR d.state=?2) "
				       "AND d.id<?5 ORDER BY d.id DESC LIMIT ?3",
				       &record_delivery, 0, "" },
	[QUERY_DELIVERIES_WAITING] = { "SELECT d.lead, {columns}" DELIVERY_JOIN
				       "WHERE d.id IN (SELECT id FROM delivery INDEXED BY "
				       "delivery_lead WHERE endpoint=?1 AND state=0 AND id<?3 "
				       "ORDER BY id DESC LIMIT ?2)",
				       &record_delivery, 0, "" },
	[QUERY_DELIVERIES_GIVEN_UP] = { "SELECT d.lead, {columns}" DELIVERY_JOIN
					"WHERE d.endpoint=?1 AND d.state=2 AND d.id<?3 "
					"ORDER BY d.id DESC LIMIT ?2",
					&record_delivery, 0, "" },

	[QUERY_JOURNAL] = { "SELECT key, value FROM journal WHERE delivery=?1", NULL, 0, NULL },
	[QUERY_JOURNAL_INSERT] = { "INSERT OR REPLACE INTO journal(delivery, key, value) "
				   "SELECT id, ?2, ?3 FROM delivery WHERE id=?1",
				   NULL, 0, NULL },
	[QUERY_JOURNAL_DELETE] = { "DELETE FROM journal WHERE delivery BETWEEN ?1 AND ?2", NULL, 0,
				   NULL },
	[QUERY_REMEMBERED] = { "SELECT r.key, r.value FROM delivery d JOIN remembered r ON "
			       "r.lead=d.lead AND r.endpoint=d.endpoint WHERE d.id=?1",
			       NULL, 0, NULL },
	[QUERY_REMEMBERED_INSERT] = { "INSERT OR REPLACE INTO remembered(lead, endpoint, key, "
				      "value) SELECT d.lead, d.endpoint, ?2, ?3 FROM delivery d "
				      "JOIN lead l ON l.number=d.lead WHERE d.id=?1",
				      NULL, 0, NULL },
	[QUERY_REMEMBERED_DELETE] = { "DELETE FROM remembered WHERE key=?2 AND (lead, endpoint)="
				      "(SELECT lead, endpoint FROM delivery WHERE id=?1)",
				      NULL, 0, NULL },
	[QUERY_REMEMBERED_FORGET] = { "DELETE FROM remembered WHERE lead=?1", NULL, 0, NULL },
	[QUERY_REMEMBERED_MOVE] = { "INSERT OR IGNORE INTO remembered(lead, endpoint, key, value) "
				    "SELECT ?2, endpoint, key, value FROM remembered "
				    "WHERE lead=?1",
				    NULL, 0, NULL },
	[QUERY_REMEMBERED_LEAD] = { "SELECT l.id FROM remembered r JOIN endpoint p ON "
				    "p.number=r.endpoint JOIN lead l ON l.number=r.lead "
				    "WHERE r.value IN (?2, ?3) AND p.name=?1 LIMIT 1",
				    NULL, 0, NULL },

	[QUERY_VERSION] = { "SELECT version FROM tally WHERE number=1", NULL, 0, NULL },
	[QUERY_CLOCK] = { "SELECT unixepoch() FROM tally WHERE number=1", NULL, 0, NULL },
	[QUERY_HOST_HOLDER] = { "SELECT holder FROM host WHERE id=?1", NULL, 0, NULL },
	[QUERY_HOST_WRITE] = { "INSERT OR REPLACE INTO host(id, name, holder, until) "
			       "VALUES(?1, ?2, ?3, unixepoch()+?4)",
			       NULL, 0, NULL },
	[QUERY_HOSTS_PAST] = { "DELETE FROM host WHERE until+86400<unixepoch()", NULL, 0, NULL },
	[QUERY_LEASE_TAKE] = { "INSERT INTO lease(name, holder, until) "
			       "VALUES(?1, ?2, unixepoch()+?3) ON CONFLICT(name) DO UPDATE SET "
			       "holder=excluded.holder, until=excluded.until "
			       "WHERE lease.holder=excluded.holder OR lease.until<=unixepoch()",
			       NULL, 0, NULL },
	[QUERY_LEASES_RENEW] = { "UPDATE lease SET until=unixepoch()+?2 WHERE holder=?1", NULL, 0,
				 NULL },
	[QUERY_LEASES_GIVE] = { "DELETE FROM lease WHERE holder=?1", NULL, 0, NULL },
	[QUERY_HOST_GIVE] = { "DELETE FROM host WHERE holder=?1", NULL, 0, NULL },
	[QUERY_TALLY_ADD] = { "UPDATE tally SET interest=interest+?1, nql=nql+?2, eql=eql+?3, "
			      "mql=mql+?4, sal=sal+?5, sql=sql+?6, customer=customer+?7, "
			      "disqualified=disqualified+?8, recycled=recycled+?9, "
			      "touches=touches+?10, messages=messages+?11, changes=changes+?12, "
			      "version=version+?13 WHERE number=1",
			      NULL, 0, NULL },
	[QUERY_CHANGES] = { "SELECT changes FROM tally WHERE number=1", NULL, 0, NULL },
	[QUERY_TALLIES] = { "SELECT interest, nql, eql, mql, sal, sql, customer, disqualified, "
			    "recycled, touches, messages FROM tally WHERE number=1",
			    NULL, 0, NULL },
};

static void
replace(GString *text, const char *mark, char *with)
{
	g_string_replace(text, mark, with, 0);
	g_free(with);
}

char *
queries_text(enum query query)
{
	const struct text *entry = &TEXTS[query];
	GString *text = g_string_new(entry->sql);

	if (entry->record) {
		replace(text, "{columns}", record_columns(entry->record, entry->prefix));
		replace(text, "{values}", record_values(entry->record, entry->first));
		replace(text, "{set}", record_assignments(entry->record, entry->first));
	}
	return g_string_free(text, FALSE);
}
