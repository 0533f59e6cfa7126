-- What version 2 knows besides: a card merged into another and one forgotten, accounts, owners, customers,
-- outcomes, summaries, what adapters did.
UPDATE lead SET source_referrer='https://search.example/', duplicate_reasons='name', addresses='ada@home.example',
  task='answer', task_due=5000, due=5000, scores='default 12.5 2.5 10 0 50 B warm' WHERE number=1;
UPDATE lead SET customer='CRM-7', apart='ld_ada' WHERE number=2;
INSERT INTO lead(number, id, normalised, account, created, updated, address, name, name_key, stage, stage_since,
  source, first_inbound, last_inbound, inbound_count, touch_count, merged_into, total, grade, temperature) VALUES
 (4, 'ld_ada2', 'ada@home.example', NULL, 1100, 2500, 'ada@home.example', 'Ada B.', 'ada b.', 'eql', 1100, 'sales',
  1100, 1100, 1, 0, 'ld_ada', 5, 'C', 'cold'),
 (5, 'ld_gone', NULL, NULL, 1200, 2600, NULL, NULL, NULL, 'interest', 1200, NULL, 0, 0, 0, 0, '', 0, '', 'cold');
INSERT INTO identity VALUES('example.home @ada', 1, NULL, NULL);
INSERT INTO touch(id, name, direction, time, message_key, message_id, subject, mailbox, latency, contributions,
  author, origin, working_latency) VALUES
 (1048579, 'mail', 'inbound', 1100, 'k5', 'm5@home.example', 'from home', 'sales@example.com', -1,
  '[{"c":"default","r":"reply","n":10,"h":30,"t":1100}]', 'ada@home.example', 'ld_ada2', -1);
INSERT INTO message VALUES(5, 'm5@home.example', 1100, 1100, 'inbound', 4, 'sales@example.com', 'ada@home.example',
  'human', 'nothing', 5, 'C', 'eql', x'06000000000000000700000000000000', 'folder sales');
INSERT INTO conversation VALUES(6, 7, 5);
UPDATE touch SET working_latency=30, author='ada@customer.example' WHERE id=1048578;
UPDATE endpoint SET mark='m' WHERE number=2;
UPDATE tally SET touches=5, messages=5;
INSERT INTO journal VALUES(2049, 'contact', '{"id":"77"}');
INSERT INTO remembered VALUES(1, 1, 'contact', '"77"');
INSERT INTO summary VALUES(1, 1048576, '[]', 'mail 1');
INSERT INTO account VALUES(1, 'customer.example', 'Customer Ltd', 'metal', 'GB', 'anna@example.com', 120, 5e6, 1, 0,
  900, 'customer.example
customer.test');
INSERT INTO account_domain VALUES('customer.example', 1), ('customer.test', 1);
UPDATE owner SET name='Anna', team='east', capacity=50, weight=2, languages='en
ro', imported=1 WHERE address='anna@example.com';
INSERT INTO owner(address, name, weight, load, imported, absent_from, absent_until, substitute) VALUES
 ('bert@example.com', 'Bert', 1, 0, 1, 100, 9000, 'anna@example.com');
INSERT INTO credit VALUES('', 'anna@example.com', 0.5), ('east', 'anna@example.com', -1);
INSERT INTO customer VALUES(1, 'CRM-7', 2, 1500);
INSERT INTO contact VALUES('example.customer @dora', 'Dora@customer.example', 'Dora', 1, 1000, 2000, 2),
 ('example.customer @emil', 'emil@customer.example', NULL, NULL, 1000, 1000, 1);
INSERT INTO outcome VALUES(1, 2, 'won', 'price', 'crm', 1500, '{"total":5}');
INSERT INTO meta VALUES('salt', '0123456789abcdef');
INSERT INTO forgotten VALUES('c0ffee', 2600);
PRAGMA application_id=1280142452;
PRAGMA user_version=2;
