"""The tables of a ledger in PostgreSQL, as ordered migrations; see migrations.py, which has the same tables for SQLite."""

from __future__ import annotations

from typing import Final

from onbrief.ledger.migrations import Migration

# COLLATE "C": runs and keys are ordered as in every other ledger, whatever the language of the database.
_RUNS = """\
CREATE TABLE runs (
    run_id TEXT COLLATE "C" PRIMARY KEY,
    request TEXT NOT NULL,
    settings TEXT NOT NULL,
    started TEXT COLLATE "C" NOT NULL,
    outcome TEXT,
    ended TEXT,
    owner TEXT,
    lease_until FLOAT NOT NULL,
    fund TEXT,
    held BIGINT NOT NULL DEFAULT 0
)"""
_RUNS_OF = "CREATE INDEX runs_of_request ON runs USING hash (request)"

_CALLS = """\
CREATE TABLE calls (
    run_id TEXT COLLATE "C" NOT NULL REFERENCES runs ON DELETE CASCADE,
    "key" TEXT COLLATE "C" NOT NULL,
    number INTEGER NOT NULL,
    kind TEXT NOT NULL,
    revision INTEGER NOT NULL,
    attempt INTEGER NOT NULL,
    part TEXT NOT NULL,
    model TEXT NOT NULL,
    digest TEXT NOT NULL,
    price FLOAT,
    state TEXT NOT NULL,
    usd FLOAT,
    seconds FLOAT NOT NULL,
    input_tokens BIGINT NOT NULL,
    output_tokens BIGINT NOT NULL,
    result TEXT NOT NULL,
    message TEXT NOT NULL,
    handle TEXT NOT NULL,
    began TEXT COLLATE "C" NOT NULL,
    finished TEXT,
    PRIMARY KEY (run_id, "key", number)
)"""

_DECISIONS = """\
CREATE TABLE decisions (
    run_id TEXT COLLATE "C" NOT NULL REFERENCES runs ON DELETE CASCADE,
    number INTEGER NOT NULL,
    kind TEXT NOT NULL,
    inputs TEXT NOT NULL,
    reason TEXT NOT NULL,
    seconds FLOAT NOT NULL,
    usd FLOAT,
    at TEXT NOT NULL,
    PRIMARY KEY (run_id, number)
)"""

_LABELS = """\
CREATE TABLE labels (
    run_id TEXT COLLATE "C" NOT NULL REFERENCES runs ON DELETE CASCADE,
    revision INTEGER NOT NULL,
    attempt INTEGER NOT NULL,
    requirement TEXT COLLATE "C" NOT NULL,
    label TEXT NOT NULL,
    "by" TEXT COLLATE "C" NOT NULL,
    note TEXT NOT NULL,
    at TEXT NOT NULL,
    PRIMARY KEY (run_id, revision, attempt, requirement, "by")
)"""

# Amounts in nano-dollars.
_FUNDS = """\
CREATE TABLE funds (
    name TEXT PRIMARY KEY,
    nano BIGINT NOT NULL,
    unknown BIGINT NOT NULL,
    held BIGINT NOT NULL
)"""

# The number of the last transaction that each writer has committed: it asks for it when the answer to a COMMIT is lost.
_WRITERS = """\
CREATE TABLE writers (
    writer TEXT PRIMARY KEY,
    number BIGINT NOT NULL,
    at TIMESTAMPTZ NOT NULL
)"""

MIGRATIONS: Final = (Migration("all tables", (_RUNS, _RUNS_OF, _CALLS, _DECISIONS, _LABELS, _FUNDS, _WRITERS)),)
SCHEMA: Final = len(MIGRATIONS)
"""The version: the number of migrations that a ledger has run."""
