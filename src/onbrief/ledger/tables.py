"""The tables of a ledger in a database, and its statements: the same for every dialect of SQL."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

import sqlalchemy as sa

from onbrief.ledger.owner import is_live, now
from onbrief.ports import Call, Decision, Entry, RunRow, Tokens

Row = Mapping[Any, Any]
Parameters = dict[str, Any]

_metadata = sa.MetaData()
RUNS: Final = sa.Table(
    "runs",
    _metadata,
    sa.Column("run_id", sa.Text, primary_key=True),
    sa.Column("request", sa.Text, nullable=False),
    sa.Column("settings", sa.Text, nullable=False),
    sa.Column("started", sa.Text, nullable=False),
    sa.Column("outcome", sa.Text),
    sa.Column("ended", sa.Text),
    sa.Column("owner", sa.Text),
    sa.Column("lease_until", sa.Float, nullable=False),
)
CALLS: Final = sa.Table(
    "calls",
    _metadata,
    sa.Column("run_id", sa.Text, sa.ForeignKey("runs.run_id", ondelete="CASCADE"), primary_key=True),
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("revision", sa.Integer, nullable=False),
    sa.Column("attempt", sa.Integer, nullable=False),
    sa.Column("model", sa.Text, nullable=False),
    sa.Column("digest", sa.Text, nullable=False),
    sa.Column("price", sa.Float),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("usd", sa.Float),
    sa.Column("seconds", sa.Float, nullable=False),
    sa.Column("input_tokens", sa.Integer, nullable=False),
    sa.Column("output_tokens", sa.Integer, nullable=False),
    sa.Column("result", sa.Text, nullable=False),
    sa.Column("message", sa.Text, nullable=False),
    sa.Column("began", sa.Text, nullable=False),
    sa.Column("finished", sa.Text),
    sa.Column("part", sa.Text, nullable=False, server_default=""),
)
DECISIONS: Final = sa.Table(
    "decisions",
    _metadata,
    sa.Column("run_id", sa.Text, sa.ForeignKey("runs.run_id", ondelete="CASCADE"), primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("inputs", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("seconds", sa.Float, nullable=False),
    sa.Column("usd", sa.Float),
    sa.Column("at", sa.Text, nullable=False),
)

# -- statements: built once, since building one takes longer than running it -----------------------------------------------

_this_run = RUNS.c.run_id == sa.bindparam("of_run")
_this_try = (
    (CALLS.c.run_id == sa.bindparam("of_run"))
    & (CALLS.c.key == sa.bindparam("of_key"))
    & (CALLS.c.number == sa.bindparam("of_number"))
)
SELECT_RUN: Final = sa.select(RUNS).where(_this_run)
SELECT_RUNS: Final = sa.select(RUNS).order_by(RUNS.c.started.desc(), RUNS.c.run_id.desc())
SELECT_RUNS_OF: Final = SELECT_RUNS.where(RUNS.c.request == sa.bindparam("of_request"))
SELECT_OWNED: Final = (  # locks the run's row, where there are row locks; SQLite has one lock for all
    sa.select(RUNS.c.run_id).where(_this_run & (RUNS.c.owner == sa.bindparam("of_owner"))).with_for_update()
)
SELECT_CALLS: Final = (
    sa.select(CALLS).where(CALLS.c.run_id == sa.bindparam("of_run")).order_by(CALLS.c.began, CALLS.c.number, CALLS.c.key)
)
SELECT_DECISIONS: Final = sa.select(DECISIONS).where(DECISIONS.c.run_id == sa.bindparam("of_run")).order_by(DECISIONS.c.number)
SELECT_DECIDED: Final = sa.select(DECISIONS.c.number).where(DECISIONS.c.run_id == sa.bindparam("of_run"))
INSERT_RUN: Final = sa.insert(RUNS)
UPDATE_RUN: Final = sa.update(RUNS).where(_this_run)
DELETE_RUN: Final = sa.delete(RUNS).where(_this_run)
INSERT_CALL: Final = sa.insert(CALLS)
UPDATE_CALL: Final = sa.update(CALLS).where(_this_try)
OUTCOME: Final = ("state", "usd", "seconds", "input_tokens", "output_tokens", "result", "message")  # the columns of `finish`
INSERT_DECISION: Final = sa.insert(DECISIONS)

# -- rows ------------------------------------------------------------------------------------------------------------------


def call_row(run_id: str, entry: Entry) -> Parameters:
    """The parameters of INSERT_CALL."""
    call = entry.call
    return {
        "run_id": run_id,
        "key": call.key,
        "number": entry.number,
        "kind": call.kind,
        "revision": call.revision,
        "attempt": call.attempt,
        "part": call.part,
        "model": call.model,
        "digest": call.digest,
        "price": call.price,
        "began": now("microseconds"),  # calls are ordered by it
        "finished": None,
        **_outcome(entry),
    }


def finished_row(run_id: str, entry: Entry) -> Parameters:
    """The parameters of UPDATE_CALL."""
    this = {"of_run": run_id, "of_key": entry.call.key, "of_number": entry.number}
    return {**this, "finished": now(), **_outcome(entry)}


def _outcome(entry: Entry) -> Parameters:
    """The values of OUTCOME."""
    return {
        "state": entry.state,
        "usd": entry.usd,
        "seconds": entry.seconds,
        "input_tokens": entry.tokens.input,
        "output_tokens": entry.tokens.output,
        "result": entry.result,
        "message": entry.message,
    }


def decision_row(run_id: str, decision: Decision) -> Parameters:
    """The parameters of INSERT_DECISION."""
    return {
        "run_id": run_id,
        "number": decision.number,
        "kind": decision.kind,
        "inputs": json.dumps(dict(decision.inputs), sort_keys=True, separators=(",", ":")),
        "reason": decision.reason,
        "seconds": decision.seconds,
        "usd": decision.usd,
        "at": now(),
    }


def entry_of(row: Row) -> Entry:
    """A row of CALLS."""
    call = Call(row["kind"], row["revision"], row["attempt"], row["model"], row["digest"], row["price"], row["part"])
    tokens = Tokens(row["input_tokens"], row["output_tokens"])
    return Entry(call, row["number"], row["state"], row["usd"], row["seconds"], tokens, row["result"], row["message"])


def decision_of(row: Row) -> Decision:
    """A row of DECISIONS."""
    return Decision(row["number"], row["kind"], json.loads(row["inputs"]), row["reason"], row["seconds"], row["usd"])


def run_of(row: Row) -> RunRow:
    """A row of RUNS."""
    return RunRow(
        row["run_id"],
        row["request"],
        row["settings"],
        row["started"],
        row["outcome"],
        row["ended"],
        is_live(row["owner"], row["lease_until"]),
    )
