"""A money limit that runs of several processes share: a row of the database, changed in the transactions that write calls.

Amounts are whole nano-dollars, as in budget.py. A fund keeps what was spent from it when its runs are deleted.
"""

from __future__ import annotations

from collections.abc import Iterable

from onbrief.errors import OverBudget
from onbrief.ledger import tables
from onbrief.ledger.budget import NANO, nano
from onbrief.ports import Entry, Fund


def join(connection: tables.Connection, run_id: str, fund: Fund, entries: Iterable[Entry]) -> None:
    """Make a run one of those that spend from a fund. What it has spent before, in any session, is spent from it too."""
    row = connection.execute(tables.SELECT_MEMBER, {"run_id": run_id}).fetchone()
    if row["fund"] == fund.name:
        return
    leave(connection, row)
    connection.execute(tables.INSERT_FUND, {"name": fund.name})
    connection.execute(tables.JOIN_FUND, {"run_id": run_id, "fund": fund.name})
    usd = [entry.usd for entry in entries]
    _add(connection, fund.name, sum(map(_known, usd)), sum(map(_unknown, usd)), 0)


def leave(connection: tables.Connection, row: tables.Row) -> None:
    """Hold nothing any longer for a run, of which this is the row of SELECT_MEMBER."""
    if row["fund"] is not None and row["held"]:
        _add(connection, row["fund"], 0, 0, -row["held"])
        connection.execute(tables.HOLD, {"run_id": row["run_id"], "held": 0})


def reserve(connection: tables.Connection, row: tables.Row, entry: Entry, held: int, fund: Fund | None, locking: str) -> None:
    """Count the price of a call before it is recorded and sent. `row` is that of its run, and `held` is what the run holds from
    then on for calls to come.

    Raises:
        OverBudget: it does not fit in the fund, or a price is unknown. Nothing is changed.
    """
    name: str | None = row["fund"]
    if name is None:
        return
    if fund and fund.name == name and fund.usd is not None:
        now = connection.execute(f"{tables.SELECT_FUND}{locking}", {"name": name}).fetchone()
        _require_room(now, entry, held - row["held"], fund, fund.usd)
    _add(connection, name, _known(entry.usd), _unknown(entry.usd), held - row["held"])
    _keep(connection, row, held)


def settle(connection: tables.Connection, row: tables.Row, key: tables.Parameters, entry: Entry, held: int) -> None:
    """Replace what was counted for a call by its cost, before that is recorded. `key` has the parameters of SELECT_USD."""
    before = connection.execute(tables.SELECT_USD, key).fetchone() if row["fund"] is not None else None
    if before is None:  # it was never begun
        return
    spent, unknown = _known(entry.usd) - _known(before["usd"]), _unknown(entry.usd) - _unknown(before["usd"])
    _add(connection, row["fund"], spent, unknown, held - row["held"])
    _keep(connection, row, held)


def _require_room(now: tables.Row, entry: Entry, more: int, fund: Fund, usd: float) -> None:
    """Check that a call fits, as Budget does: never above the limit, and only into what is not held for others. `more` is held
    beside its price, or less if negative.
    """
    about = f"${usd:g} that all runs of {fund.name} share"
    if now["unknown"] or entry.usd is None:
        subject = entry.call.model if entry.usd is None else "an earlier call"
        raise OverBudget(f"the price of {subject} is unknown, so the limit of {about} cannot be enforced")
    price, limit = nano(entry.usd), nano(usd)
    after = now["nano"] + price
    if after > limit or (price + more > 0 and after + now["held"] + more > limit):
        kept = f", ${now['held'] / NANO:g} is held for calls to come" if now["held"] else ""
        raise OverBudget(f"${now['nano'] / NANO:g} of the {about} is spent{kept}, and the next step may cost ${entry.usd:g}")


def _add(connection: tables.Connection, name: str, spent: int, unknown: int, held: int) -> None:
    if spent or unknown or held:
        connection.execute(tables.CHANGE_FUND, {"name": name, "nano": spent, "unknown": unknown, "held": held})


def _keep(connection: tables.Connection, row: tables.Row, held: int) -> None:
    if held != row["held"]:
        connection.execute(tables.HOLD, {"run_id": row["run_id"], "held": held})


def _known(usd: float | None) -> int:
    return 0 if usd is None else nano(usd)


def _unknown(usd: float | None) -> int:
    return int(usd is None)
