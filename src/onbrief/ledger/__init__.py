"""The durable record of every paid call: intent before, outcome after.

`account.py` holds the rules, the same for every kind of ledger; `sql.py` is a ledger in a database.
"""
