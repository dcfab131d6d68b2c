"""The durable record of every paid call: the intent before it is sent, the outcome after.

`account.py` sends the paid calls of a run, for every kind of ledger, under the limits of `rules.py`, `budget.py`, `rates.py`
and `deadline.py`. Calls wait for their turn in `places.py`, as `rates.py` gives it, with a lane of `lane.py` for each model
and a window of `windows.py` for each of its limits. `sqlite.py` is a ledger in a database, built on `tables.py`,
`migrations.py` and `writer.py`; `objects.py` is a ledger in a bucket, built on `log.py`.
"""
