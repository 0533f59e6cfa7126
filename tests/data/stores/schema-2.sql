-- What version 2 added to them.
CREATE TABLE journal(delivery INTEGER, key TEXT, value TEXT, PRIMARY KEY(delivery, key)) WITHOUT ROWID;
CREATE TABLE remembered(lead INTEGER, endpoint INTEGER, key TEXT, value TEXT, PRIMARY KEY(lead, endpoint,
    key)) WITHOUT ROWID;
CREATE INDEX remembered_value ON remembered(value, endpoint);
ALTER TABLE lead ADD COLUMN source_referrer TEXT;
ALTER TABLE lead ADD COLUMN duplicate_reasons TEXT;
ALTER TABLE lead ADD COLUMN addresses TEXT;
ALTER TABLE lead ADD COLUMN apart TEXT;
ALTER TABLE lead ADD COLUMN merged_into TEXT;
ALTER TABLE lead ADD COLUMN customer TEXT;
ALTER TABLE lead ADD COLUMN task TEXT;
ALTER TABLE lead ADD COLUMN task_due INTEGER NOT NULL DEFAULT 0;
ALTER TABLE lead ADD COLUMN task_breached INTEGER NOT NULL DEFAULT 0;
ALTER TABLE lead ADD COLUMN due INTEGER NOT NULL DEFAULT 0;
ALTER TABLE lead ADD COLUMN scores TEXT;
CREATE TABLE summary(lead INTEGER PRIMARY KEY, until INTEGER, contributions TEXT, names TEXT);
UPDATE touch SET contributions='[{"c":'||json_quote(l.scorecard)||','|| substr(contributions, 3) FROM lead l
    WHERE l.number=touch.id>>20 AND l.scorecard IS NOT NULL AND contributions LIKE '[{"%';
CREATE INDEX lead_due ON lead(due) WHERE due>0;
ALTER TABLE message ADD COLUMN routes TEXT;
ALTER TABLE endpoint ADD COLUMN mark TEXT;
ALTER TABLE touch ADD COLUMN author TEXT;
ALTER TABLE touch ADD COLUMN origin TEXT;
ALTER TABLE touch ADD COLUMN working_latency INTEGER NOT NULL DEFAULT -1;
CREATE TABLE account(number INTEGER PRIMARY KEY, domain TEXT NOT NULL, company TEXT, industry TEXT, country
    TEXT, owner TEXT, employees INTEGER, revenue REAL, target INTEGER, customer INTEGER, created INTEGER,
    domains TEXT);
CREATE UNIQUE INDEX account_primary ON account(domain);
CREATE TABLE account_domain(domain TEXT PRIMARY KEY, account INTEGER) WITHOUT ROWID;
CREATE TABLE owner(address TEXT PRIMARY KEY, name TEXT, team TEXT, capacity INTEGER, weight INTEGER, languages
    TEXT, countries TEXT, products TEXT, absent_from INTEGER, absent_until INTEGER, substitute TEXT, load
    INTEGER, imported INTEGER) WITHOUT ROWID;
CREATE TABLE credit(pool TEXT, owner TEXT, credit REAL, PRIMARY KEY(pool, owner)) WITHOUT ROWID;
INSERT INTO owner(address, weight, load, imported) SELECT owner, 1, count(*), 0 FROM lead WHERE owner IS NOT
    NULL AND stage NOT IN ('customer', 'disqualified', 'recycled') GROUP BY owner;
CREATE TABLE customer(number INTEGER PRIMARY KEY, id TEXT, lead INTEGER, since INTEGER);
CREATE UNIQUE INDEX customer_id ON customer(id) WHERE id IS NOT NULL;
CREATE UNIQUE INDEX customer_lead ON customer(lead);
CREATE TABLE contact(key TEXT PRIMARY KEY, address TEXT, name TEXT, lead INTEGER, first_seen INTEGER,
    last_seen INTEGER, mails INTEGER) WITHOUT ROWID;
CREATE TABLE outcome(number INTEGER PRIMARY KEY, lead INTEGER, what TEXT, reason TEXT, source TEXT, time
    INTEGER, snapshot TEXT);
CREATE INDEX outcome_lead ON outcome(lead);
CREATE INDEX outcome_time ON outcome(time);
CREATE INDEX lead_merged ON lead(merged_into) WHERE merged_into IS NOT NULL;
CREATE TABLE meta(name TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID;
CREATE TABLE forgotten(hash TEXT PRIMARY KEY, time INTEGER) WITHOUT ROWID;
