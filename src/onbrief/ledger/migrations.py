"""The schema of a ledger in a database, as ordered migrations: a new ledger runs all of them, an older one those that it lacks.

A released migration never changes, because ledgers exist that ran it. Its statements are therefore written out here and do not
follow tables.py, which has the tables as they are after the last migration.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Migration:
    """One step from a schema to the next."""

    name: str
    statements: tuple[str, ...]


_RUNS = """\
CREATE TABLE runs (
    run_id TEXT NOT NULL,
    request TEXT NOT NULL,
    settings TEXT NOT NULL,
    started TEXT NOT NULL,
    outcome TEXT,
    ended TEXT,
    owner TEXT,
    lease_until FLOAT NOT NULL,
    PRIMARY KEY (run_id)
)"""

# WITHOUT ROWID: one B-tree instead of two, so half the pages to sync.
_CALLS = """\
CREATE TABLE calls (
    run_id TEXT NOT NULL,
    "key" TEXT NOT NULL,
    number INTEGER NOT NULL,
    kind TEXT NOT NULL,
    revision INTEGER NOT NULL,
    attempt INTEGER NOT NULL,
    model TEXT NOT NULL,
    digest TEXT NOT NULL,
    price FLOAT,
    state TEXT NOT NULL,
    usd FLOAT,
    seconds FLOAT NOT NULL,
    input_tokens INTEGER NOT NULL,
    output_tokens INTEGER NOT NULL,
    result TEXT NOT NULL,
    message TEXT NOT NULL,
    began TEXT NOT NULL,
    finished TEXT,
    PRIMARY KEY (run_id, "key", number),
    FOREIGN KEY(run_id) REFERENCES runs (run_id) ON DELETE CASCADE
) WITHOUT ROWID"""

_DECISIONS = """\
CREATE TABLE decisions (
    run_id TEXT NOT NULL,
    number INTEGER NOT NULL,
    kind TEXT NOT NULL,
    inputs TEXT NOT NULL,
    reason TEXT NOT NULL,
    seconds FLOAT NOT NULL,
    usd FLOAT,
    at TEXT NOT NULL,
    PRIMARY KEY (run_id, number),
    FOREIGN KEY(run_id) REFERENCES runs (run_id) ON DELETE CASCADE
) WITHOUT ROWID"""

# The default is for processes of an older onbrief that have the ledger open: they keep inserting calls without a part.
_PART = "ALTER TABLE calls ADD COLUMN part TEXT NOT NULL DEFAULT ''"

_LABELS = """\
CREATE TABLE labels (
    run_id TEXT NOT NULL,
    revision INTEGER NOT NULL,
    attempt INTEGER NOT NULL,
    requirement TEXT NOT NULL,
    label TEXT NOT NULL,
    "by" TEXT NOT NULL,
    note TEXT NOT NULL,
    at TEXT NOT NULL,
    PRIMARY KEY (run_id, revision, attempt, requirement, "by"),
    FOREIGN KEY(run_id) REFERENCES runs (run_id) ON DELETE CASCADE
) WITHOUT ROWID"""

_HANDLE = "ALTER TABLE calls ADD COLUMN handle TEXT NOT NULL DEFAULT ''"

_FUNDS = """\
CREATE TABLE funds (
    name TEXT NOT NULL,
    nano INTEGER NOT NULL,
    unknown INTEGER NOT NULL,
    held INTEGER NOT NULL,
    PRIMARY KEY (name)
) WITHOUT ROWID"""
_FUND = "ALTER TABLE runs ADD COLUMN fund TEXT"
_HELD = "ALTER TABLE runs ADD COLUMN held INTEGER NOT NULL DEFAULT 0"

# Every order without a run id looks for runs of the same request.
_RUNS_OF = "CREATE INDEX runs_of_request ON runs (request)"

MIGRATIONS: Final = (
    Migration("runs and calls", (_RUNS, _CALLS)),
    Migration("decisions, parts of calls", (_DECISIONS, _PART)),
    Migration("labels", (_LABELS,)),
    Migration("handles of calls", (_HANDLE,)),
    Migration("funds that runs share, runs by request", (_FUNDS, _FUND, _HELD, _RUNS_OF)),
)
SCHEMA: Final = len(MIGRATIONS)
"""The schema version: the number of migrations that a ledger has run."""

LABELS: Final = 3
"""The first schema with labels."""
