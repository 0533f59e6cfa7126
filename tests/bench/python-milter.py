#!/usr/bin/python3
"""The same job at its least, as one would write it with python3-milter: parse the message, find or
make the lead in SQLite (WAL, synchronous=FULL), stamp X-Lead-Id.  usage: python-milter.py SOCKET DB"""
import email
import email.policy
import email.utils
import sqlite3
import sys
import threading

import Milter

lock = threading.Lock()
db = sqlite3.connect(sys.argv[2], check_same_thread=False)
db.execute("pragma journal_mode=wal")
db.execute("pragma synchronous=full")
db.execute("create table if not exists lead(id integer primary key, address text unique, name text, score real)")
db.execute("create table if not exists touch(lead integer, message_id text, subject text)")


class Lead(Milter.Base):
    @Milter.noreply
    def connect(self, name, family, address):
        return Milter.CONTINUE

    @Milter.noreply
    def hello(self, name):
        return Milter.CONTINUE

    @Milter.noreply
    def envfrom(self, sender, *args):
        self.parts = []
        return Milter.CONTINUE

    @Milter.noreply
    def envrcpt(self, recipient, *args):
        return Milter.CONTINUE

    @Milter.noreply
    def header(self, name, value):
        self.parts.append(b"%s: %s\n" % (name.encode(), value.encode("utf8", "replace")))
        return Milter.CONTINUE

    @Milter.noreply
    def eoh(self):
        self.parts.append(b"\n")
        return Milter.CONTINUE

    def body(self, chunk):
        self.parts.append(bytes(chunk))
        return Milter.CONTINUE

    def eom(self):
        mail = email.message_from_bytes(b"".join(self.parts), policy=email.policy.default)
        name, address = email.utils.parseaddr(str(mail["From"]))
        text = mail.get_body(("plain", "html")).get_content().lower()
        score = sum(word in text for word in ("price", "offer", "budget", "deadline"))
        with lock:
            db.execute("insert into lead(address, name, score) values(?,?,?) on conflict(address) "
                       "do update set score = score + excluded.score", (address, name, score))
            (lead,) = db.execute("select id from lead where address = ?", (address,)).fetchone()
            db.execute("insert into touch values(?,?,?)", (lead, str(mail["Message-ID"]), str(mail["Subject"])))
            db.commit()
        self.addheader("X-Lead-Id", str(lead))
        return Milter.ACCEPT


Milter.factory = Lead
Milter.set_flags(Milter.ADDHDRS)
Milter.runmilter("python", sys.argv[1], 600)
