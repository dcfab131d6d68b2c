"""The statements of a ledger in a database, and its rows.

The SQL is what SQLite and PostgreSQL both understand, with parameters as `:name`; what they do differently (how they connect,
begin a transaction and lock) is left to the module of each. migrations.py has the tables.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final, Protocol

from onbrief.ledger import rows
from onbrief.ledger.owner import now
from onbrief.ports import Decision, Entry, Label, RunRow

Parameters = dict[str, str | int | float | None]


class Row(Protocol):
    """A result row: values by column name."""

    def __getitem__(self, column: str, /) -> Any:
        """The value of a column."""


class Cursor(Protocol):
    """The rows of a statement."""

    def fetchone(self) -> Any:
        """Return the next row, or None."""
        ...

    def __iter__(self) -> Iterator[Any]:
        """Yield the other rows."""
        ...


class Connection(Protocol):
    """A connection, as the statements need it."""

    def execute(self, sql: str, parameters: Mapping[str, Any] = ..., /) -> Cursor:
        """Execute a statement with parameters written as `:name`."""
        ...


_RUN: Final = "SELECT run_id, request, settings, started, outcome, ended, owner, lease_until FROM runs"
_NEWEST_FIRST: Final = "ORDER BY started DESC, run_id DESC"

SELECT_RUN: Final = f"{_RUN} WHERE run_id = :run_id"
SELECT_RUNS: Final = f"{_RUN} {_NEWEST_FIRST}"
SELECT_RUNS_OF: Final = f"{_RUN} WHERE request = :request {_NEWEST_FIRST}"
SELECT_MEMBER: Final = "SELECT run_id, fund, held FROM runs WHERE run_id = :run_id"
SELECT_OWNED: Final = f"{SELECT_MEMBER} AND owner = :token"
INSERT_RUN: Final = """\
INSERT INTO runs (run_id, request, settings, started, outcome, ended, owner, lease_until)
VALUES (:run_id, :request, :settings, :started, NULL, NULL, :token, :lease_until)"""
TAKE_OVER_RUN: Final = """\
UPDATE runs SET settings = :settings, outcome = NULL, ended = NULL, owner = :token, lease_until = :lease_until
WHERE run_id = :run_id"""
RENEW_RUN: Final = "UPDATE runs SET lease_until = :lease_until WHERE run_id = :run_id"
RELEASE_RUN: Final = """\
UPDATE runs SET outcome = :outcome, ended = :ended, owner = NULL, lease_until = 0 WHERE run_id = :run_id"""
DELETE_RUN: Final = "DELETE FROM runs WHERE run_id = :run_id"

SELECT_CALLS: Final = """\
SELECT run_id, "key", number, kind, revision, attempt, part, model, digest, price,
    state, usd, seconds, input_tokens, output_tokens, result, message, handle, began, finished
FROM calls WHERE run_id = :run_id ORDER BY began, number, "key\""""
INSERT_CALL: Final = """\
INSERT INTO calls (run_id, "key", number, kind, revision, attempt, part, model, digest, price,
    state, usd, seconds, input_tokens, output_tokens, result, message, handle, began, finished)
VALUES (:run_id, :key, :number, :kind, :revision, :attempt, :part, :model, :digest, :price,
    :state, :usd, :seconds, :input_tokens, :output_tokens, :result, :message, :handle, :began, NULL)"""
FINISH_CALL: Final = """\
UPDATE calls SET state = :state, usd = :usd, seconds = :seconds, input_tokens = :input_tokens, output_tokens = :output_tokens,
    result = :result, message = :message, handle = :handle, finished = :finished
WHERE run_id = :run_id AND "key" = :key AND number = :number"""

SELECT_DECISIONS: Final = """\
SELECT run_id, number, kind, inputs, reason, seconds, usd, at FROM decisions WHERE run_id = :run_id ORDER BY number"""
INSERT_DECISION: Final = """\
INSERT INTO decisions (run_id, number, kind, inputs, reason, seconds, usd, at)
VALUES (:run_id, :number, :kind, :inputs, :reason, :seconds, :usd, :at)
ON CONFLICT (run_id, number) DO NOTHING"""
"""A decision may exist already, from a write whose caller did not learn that it succeeded."""

SELECT_LABELS: Final = """\
SELECT run_id, revision, attempt, requirement, label, "by", note, at FROM labels WHERE run_id = :run_id
ORDER BY revision, attempt, requirement, "by\""""
INSERT_LABEL: Final = """\
INSERT INTO labels (run_id, revision, attempt, requirement, label, "by", note, at)
VALUES (:run_id, :revision, :attempt, :requirement, :label, :by, :note, :at)
ON CONFLICT (run_id, revision, attempt, requirement, "by") DO UPDATE SET
    label = excluded.label, note = excluded.note, at = excluded.at"""

INSERT_FUND: Final = "INSERT INTO funds (name, nano, unknown, held) VALUES (:name, 0, 0, 0) ON CONFLICT (name) DO NOTHING"
JOIN_FUND: Final = "UPDATE runs SET fund = :fund, held = 0 WHERE run_id = :run_id"
SELECT_FUND: Final = "SELECT nano, unknown, held FROM funds WHERE name = :name"
CHANGE_FUND: Final = """\
UPDATE funds SET nano = nano + :nano, unknown = unknown + :unknown, held = held + :held WHERE name = :name"""
HOLD: Final = "UPDATE runs SET held = :held WHERE run_id = :run_id"
SELECT_USD: Final = """\
SELECT usd FROM calls WHERE run_id = :run_id AND "key" = :key AND number = :number"""

# -- rows ------------------------------------------------------------------------------------------------------------------


def call_row(run_id: str, entry: Entry) -> Parameters:
    """The parameters of INSERT_CALL."""
    call = entry.call
    return {
        **_try(run_id, entry),
        "kind": call.kind,
        "revision": call.revision,
        "attempt": call.attempt,
        "part": call.part,
        "model": call.model,
        "digest": call.digest,
        "price": call.price,
        "began": now("microseconds"),  # calls are ordered by it
        **_outcome(entry),
    }


def finished_row(run_id: str, entry: Entry) -> Parameters:
    """The parameters of FINISH_CALL."""
    return {**_try(run_id, entry), **_outcome(entry), "finished": None if entry.state == "started" else now()}


def _try(run_id: str, entry: Entry) -> Parameters:
    return {"run_id": run_id, "key": entry.call.key, "number": entry.number}


def _outcome(entry: Entry) -> Parameters:
    return {
        "state": entry.state,
        "usd": entry.usd,
        "seconds": entry.seconds,
        "input_tokens": entry.tokens.input,
        "output_tokens": entry.tokens.output,
        "result": entry.result,
        "message": entry.message,
        "handle": entry.handle,
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
    """A row of SELECT_CALLS.

    Raises:
        LedgerError: it cannot be read.
    """
    call = {name: row[name] for name in ("kind", "revision", "attempt", "model", "digest", "price", "part")}
    tokens = {"input": row["input_tokens"], "output": row["output_tokens"]}
    about = {name: row[name] for name in ("number", "state", "usd", "seconds", "result", "message", "handle")}
    return rows.entry_of(row["run_id"], call, tokens, about)


def decision_of(row: Row) -> Decision:
    """A row of SELECT_DECISIONS.

    Raises:
        LedgerError: it cannot be read.
    """
    fields = {name: row[name] for name in ("number", "kind", "reason", "seconds", "usd")}
    return rows.decision_of(row["run_id"], {**fields, "inputs": rows.document(row["inputs"])})


def label_of(row: Row) -> Label:
    """A row of SELECT_LABELS.

    Raises:
        LedgerError: it cannot be read.
    """
    names = ("revision", "attempt", "requirement", "label", "by", "note", "at")
    return rows.label_of(row["run_id"], {name: row[name] for name in names})


def run_of(row: Row, ahead: float = 0.0) -> RunRow:
    """A row of SELECT_RUN, SELECT_RUNS or SELECT_RUNS_OF. `ahead` is by how many seconds the clock of the leases is ahead of
    this machine's.
    """
    about = {name: row[name] for name in ("request", "settings", "started", "outcome", "ended")}
    until = row["lease_until"]
    return rows.run_row(row["run_id"], row["owner"], until - ahead if ahead else until, about)
