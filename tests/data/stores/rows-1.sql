-- Ada, owned by anna, wrote twice and has a phone; Bob of the same company is a customer of bert's; Cleo
-- writes in her own script.  One event was delivered, one waits, one was given up.
INSERT INTO lead(number, id, normalised, account, created, updated, address, name, name_key, prefix, first_name,
  last_name, title, rank, company, country, language, phone, phones, urls, scorecard, stage, stage_since,
  stage_cause, owner, owner_reason, source, source_mailbox, source_tag, source_form, source_campaign,
  source_forwarder, first_inbound, last_inbound, first_response, last_outbound, inbound_count, outbound_count,
  touch_count, unverified, unreachable, opted_out, linked, possible_duplicates, total, fit, engagement, quality,
  completeness, grade, temperature) VALUES
 (1, 'ld_ada', 'ada@customer.example', 'customer.example', 1000, 2000, 'Ada@customer.example', 'Ada Byron',
  'ada byron', 'Dr.', 'Ada', 'Byron', 'Head of Purchasing', 'head', 'Customer Ltd', 'GB', 'en', '+40213112233',
  '+40213112233', 'https://customer.example/', 'default', 'eql', 1000, 'wrote', 'anna@example.com',
  'first to answer', 'sales', 'sales@example.com', 'fair', 'contact', 'spring', NULL, 1000, 2000, 1600, 1600, 2, 1,
  2, 0, 0, 0, NULL, 'ld_bob', 12.5, 2.5, 10, 0, 50, 'B', 'warm'),
 (2, 'ld_bob', 'bob@customer.example', 'customer.example', 1500, 1500, 'bob@customer.example', 'Bob Babbage',
  'bob babbage', NULL, 'Bob', 'Babbage', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'default', 'customer',
  1500, 'won', 'bert@example.com', NULL, 'sales', NULL, NULL, NULL, NULL, 'carl@example.com', 1500, 1500, 0, 0, 1,
  0, 1, 0, 0, 1, NULL, NULL, 5, 5, 0, 0, 30, 'C', 'cold'),
 (3, 'ld_cleo', 'cleo@gmail.example', NULL, 1700, 1700, 'cleo@gmail.example', 'Κλειώ', 'κλειώ', NULL, NULL, NULL,
  NULL, NULL, NULL, NULL, 'el', NULL, NULL, NULL, NULL, 'interest', 1700, NULL, NULL, NULL, 'info', NULL, NULL,
  NULL, NULL, NULL, 1700, 1700, 0, 0, 1, 0, 1, 1, 0, 0, NULL, NULL, 0, 0, 0, 0, 0, '', 'cold');
INSERT INTO identity VALUES
 ('example.customer @ada', 1, NULL, NULL), ('example.customer =ada byron', 1, NULL, NULL),
 ('example.customer !7ffffffffffff82f', 1, 2000, 'anna@example.com'), ('+40213112233', 1, NULL, NULL),
 ('example.customer @bob', 2, NULL, NULL), ('example.customer =bob babbage', 2, NULL, NULL),
 ('example.customer !7ffffffffffffa23', 2, 1500, 'bert@example.com'), ('example.gmail @cleo', 3, NULL, NULL);
INSERT INTO touch VALUES
 (1048577, 'mail', 'inbound', 1000, 'k1', 'm1@customer.example', 'first', 'sales@example.com', NULL, 'Please send…',
  -1, '[{"r":"reply","d":1,"n":10,"h":30,"t":1000},{"r":"title","d":0,"n":2.5,"p":1,"e":"Head of Purchasing"}]'),
 (1048578, 'reply', 'inbound', 2000, 'k2', 'm2@customer.example', 'Re: first', 'sales@example.com', 'a note', NULL,
  60, NULL),
 (2097153, 'mail', 'inbound', 1500, 'k3', 'm3@customer.example', 'third', 'sales@example.com', NULL, NULL, -1,
  '[]'),
 (3145729, 'mail', 'inbound', 1700, 'k4', NULL, 'Ερώτηση', 'info@example.com', NULL, NULL, -1, NULL);
INSERT INTO stage_change VALUES
 (1, 1000, 'eql', NULL, 'wrote'), (2, 1500, 'customer', 'mql', 'won'), (3, 1700, 'interest', NULL, NULL);
INSERT INTO message VALUES
 (1, 'm1@customer.example', 1000, 1000, 'inbound', 1, 'sales@example.com', 'Ada@customer.example', 'human',
  'nothing', 10, 'B', 'eql', x'01000000000000000200000000000000'),
 (2, 'r1@example.com', 1600, 1600, 'outbound', 1, NULL, 'anna@example.com', 'human', 'address', 12.5, 'B', 'eql',
  x'0300000000000000c0f9ffffffffffff0400000000000000c0f9ffffffffffff'),
 (3, NULL, 1700, 1701, 'inbound', 3, 'info@example.com', 'cleo@gmail.example', 'human', 'nothing', 0, '',
  'interest', x'fbffffffffffffff0500000000000000'),
 (4, 'n1@news.example', 1800, 1800, 'inbound', NULL, 'info@example.com', 'news@news.example', 'newsletter',
  'nothing', 0, '', NULL, x'');
INSERT INTO conversation VALUES(1, 2, 1), (3, -1600, 2), (4, -1600, 2), (-5, 5, 3);
INSERT INTO endpoint(number, name, parked, reason, waiting, delivered, dead) VALUES
 (1, 'crm', 0, NULL, 1, 1, 0), (2, 'old', 1700, 'answered 410', 0, 0, 1);
INSERT INTO event VALUES
 (1, 'evt_1', 'lead.created', 1, 1000, 0, '{"type":"lead.created"}'),
 (2, 'evt_2', 'lead.touched', 1, 2000, 1, '{"type":"lead.touched"}'),
 (3, 'evt_3', 'lead.created', 3, 1700, 0, '{"type":"lead.created","name":"Κλειώ"}');
INSERT INTO delivery(id, endpoint, lead, state, head, due, attempts, status, error, response) VALUES
 (1025, 1, 1, 1, 0, 1000, 1, 200, NULL, 'ok'),
 (2049, 1, 1, 0, 1, 2000, 3, 503, 'answered 503', 'busy'),
 (3074, 2, 3, 2, 0, 1700, 1, 410, 'answered 410', NULL);
UPDATE tally SET eql=1, customer=1, interest=1, touches=4, messages=4;
PRAGMA application_id=1280142452;
PRAGMA user_version=1;
