#!/usr/bin/env python3
"""many.py - make a store large: many.py STORE COUNT

Copies the leads a real archive left, with names, addresses and times of their own, until there are
COUNT; with their words in the search index, so that the daemon has nothing to enter.  No daemon
may run on the store.
"""
import sqlite3
import sys

store = sqlite3.connect(sys.argv[1])
count = int(sys.argv[2])
for pragma in ("synchronous=OFF", "cache_size=-300000", "temp_store=MEMORY"):
    store.execute(f"PRAGMA {pragma}")
templates = [row[0] for row in store.execute(
    "SELECT number FROM lead WHERE merged_into IS NULL AND possible_duplicates IS NULL ORDER BY number")]
first = store.execute("SELECT max(number) + 1 FROM lead").fetchone()[0]
store.execute("CREATE TEMP TABLE template AS SELECT row_number() OVER (ORDER BY number) - 1 AS place, * FROM lead "
              f"WHERE number IN ({','.join(map(str, templates))})")

changed = {
    "number": "i",
    "id": "printf('ld_%026d', i)",
    "normalised": "printf('person.%d@customer%d.example', i, i)",
    "address": "printf('person.%d@customer%d.example', i, i)",
    "account": "printf('customer%d.example', i)",
    "name": "printf('Person Number%d', i)",
    "name_key": "printf('person number%d', i)",
    "company": "printf('Customer %d', i)",
    "phone": "NULL",
    "phones": "NULL",
    # A change each half minute, back through the years, in no order.
    "updated": "t.updated - ((i * 7919) % 1000003) * 30000000",
}
columns = [row[1] for row in store.execute("PRAGMA table_info(lead)")]
values = ", ".join(changed.get(column, f"t.{column}") for column in columns)
numbers = f"WITH RECURSIVE n(i) AS (VALUES({first}) UNION ALL SELECT i + 1 FROM n WHERE i < {count})"
store.execute(f"{numbers} INSERT INTO lead({', '.join(columns)}) SELECT {values} FROM n "
              f"JOIN template t ON t.place = i % {len(templates)}")

words = ["printf('=person number%d', i)", "printf('#customer%d.example', i)", "'person'", "printf('number%d', i)",
         "'customer'", "printf('customer%d.example', i)"]
store.execute(f"{numbers} INSERT OR IGNORE INTO search(word, lead) " +
              " UNION ALL ".join(f"SELECT {word}, i FROM n" for word in words) + " ORDER BY 1, 2")
# Those the archive left too: the store remembers up to which number all are entered.
for number, name, account in store.execute(
        f"SELECT number, coalesce(name_key, normalised), account FROM lead WHERE number < {first}").fetchall():
    rows = [f"={name}", *(name or "").split()] + ([f"#{account}", account] if account else [])
    store.executemany("INSERT OR IGNORE INTO search(word, lead) VALUES(?, ?)", [(word, number) for word in rows])
store.execute("INSERT OR REPLACE INTO meta(name, value) VALUES('search', ?)", (str(max(count, first - 1)),))

stages = dict(store.execute("SELECT stage, count(*) FROM lead WHERE merged_into IS NULL GROUP BY stage"))
for stage, leads in stages.items():
    store.execute(f'UPDATE tally SET "{stage}" = ?', (leads,))
store.commit()
store.execute("PRAGMA wal_checkpoint(TRUNCATE)")

