#!/usr/bin/python3
# A company and a user who may write parties and opportunities: setup.py CONFIG DATABASE PASSWORD
import sys
from trytond.config import config
config.update_etc(sys.argv[1])
from trytond.pool import Pool
from trytond.transaction import Transaction

Pool.start()
with Transaction().start(sys.argv[2], 0, readonly=True):
    Pool(sys.argv[2]).init()
with Transaction().start(sys.argv[2], 1, context={}):
    pool = Pool(sys.argv[2])
    currency, = pool.get('currency.currency').create([dict(name='Euro', symbol='E', code='EUR')])
    party, = pool.get('party.party').create([dict(name='Example Ltd')])
    company, = pool.get('company.company').create([dict(party=party.id, currency=currency.id)])
    groups = pool.get('res.group').search([('name', 'in', ['Sales', 'Sale Opportunity'])])
    pool.get('res.user').create([dict(
        name='leadmilter', login='leadmilter', password=sys.argv[3],
        groups=[('add', [g.id for g in groups])],
        companies=[('add', [company.id])], company=company.id)])
