-- The tables of schema version 1, as the first release made them.
CREATE TABLE lead(number INTEGER PRIMARY KEY, id TEXT NOT NULL, normalised TEXT, account TEXT, created
    INTEGER, updated INTEGER, address TEXT, name TEXT, name_key TEXT, prefix TEXT, first_name TEXT, last_name
    TEXT, title TEXT, rank TEXT, company TEXT, country TEXT, language TEXT, phone TEXT, phones TEXT, urls
    TEXT, scorecard TEXT, stage TEXT, stage_since INTEGER, stage_cause TEXT, owner TEXT, owner_reason TEXT,
    source TEXT, source_mailbox TEXT, source_tag TEXT, source_form TEXT, source_campaign TEXT,
    source_forwarder TEXT, first_inbound INTEGER, last_inbound INTEGER, first_response INTEGER, last_outbound
    INTEGER, inbound_count INTEGER, outbound_count INTEGER, touch_count INTEGER, unverified INTEGER,
    unreachable INTEGER, opted_out INTEGER, linked TEXT, possible_duplicates TEXT, total REAL, fit REAL,
    engagement REAL, quality REAL, completeness REAL, grade TEXT, temperature TEXT);
CREATE UNIQUE INDEX lead_id ON lead(id);
CREATE INDEX lead_updated ON lead(updated);
CREATE TABLE identity(key TEXT, lead INTEGER, time INTEGER, owner TEXT, PRIMARY KEY(key, lead)) WITHOUT ROWID;
CREATE TABLE touch(id INTEGER PRIMARY KEY, name TEXT, direction TEXT, time INTEGER, message_key TEXT,
    message_id TEXT, subject TEXT, mailbox TEXT, note TEXT, excerpt TEXT, latency INTEGER, contributions TEXT);
CREATE TABLE stage_change(lead INTEGER, time INTEGER, stage_to TEXT, stage_from TEXT, cause TEXT, PRIMARY
    KEY(lead, time, stage_to)) WITHOUT ROWID;
CREATE TABLE message(number INTEGER PRIMARY KEY, message_id TEXT, time INTEGER, recorded INTEGER, direction
    TEXT, lead INTEGER, mailbox TEXT, author TEXT, kind TEXT, match TEXT, score REAL, grade TEXT, stage TEXT,
    links BLOB);
CREATE TABLE conversation(hash INTEGER, tag INTEGER, message INTEGER, PRIMARY KEY(hash, tag, message)) WITHOUT
    ROWID;
CREATE TABLE endpoint(number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, parked INTEGER NOT NULL DEFAULT
    0, reason TEXT, waiting INTEGER NOT NULL DEFAULT 0, delivered INTEGER NOT NULL DEFAULT 0, dead INTEGER NOT
    NULL DEFAULT 0);
CREATE TABLE event(number INTEGER PRIMARY KEY, id TEXT NOT NULL, type TEXT, lead INTEGER, time INTEGER,
    has_text INTEGER, body TEXT);
CREATE INDEX event_lead ON event(lead);
CREATE TABLE delivery(id INTEGER PRIMARY KEY, endpoint INTEGER, lead INTEGER, state INTEGER, head INTEGER, due
    INTEGER, attempts INTEGER NOT NULL DEFAULT 0, status INTEGER NOT NULL DEFAULT 0, error TEXT, response
    TEXT);
CREATE INDEX delivery_due ON delivery(endpoint, due) WHERE head>0;
CREATE INDEX delivery_claimed ON delivery(endpoint) WHERE head=2;
CREATE INDEX delivery_lead ON delivery(endpoint, lead) WHERE state=0;
CREATE INDEX delivery_dead ON delivery(endpoint) WHERE state=2;
CREATE TABLE tally(number INTEGER PRIMARY KEY, interest INTEGER NOT NULL DEFAULT 0, nql INTEGER NOT NULL
    DEFAULT 0, eql INTEGER NOT NULL DEFAULT 0, mql INTEGER NOT NULL DEFAULT 0, sal INTEGER NOT NULL DEFAULT 0,
    sql INTEGER NOT NULL DEFAULT 0, customer INTEGER NOT NULL DEFAULT 0, disqualified INTEGER NOT NULL DEFAULT
    0, recycled INTEGER NOT NULL DEFAULT 0, touches INTEGER NOT NULL DEFAULT 0, messages INTEGER NOT NULL
    DEFAULT 0);
INSERT INTO tally(number) VALUES(1);
