"""The durable record of every paid call: intent before, outcome after.

`account.py` is one run's way to a paid call, the same for every kind of ledger; `rules.py`, `budget.py`, `rates.py` and
`deadline.py` are what it asks. `sqlite.py` is a ledger in a database, over `tables.py`, `migrations.py` and `writer.py`;
`objects.py` is one in a bucket, over `log.py`.
"""
