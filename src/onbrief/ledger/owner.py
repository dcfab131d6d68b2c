"""Ownership of runs by processes. Each has a token; on the same host, a dead owner is recognized before its lease ends."""

from __future__ import annotations

import os
import secrets
import socket
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Literal

from onbrief.errors import LeaseLost, LedgerBusy, OtherRequest
from onbrief.ports import RunRow


def new_token() -> str:
    """Return a new token of this process, `host/pid/nonce`. It is different each time."""
    return f"{_host()}/{os.getpid()}/{secrets.token_hex(8)}"


def is_dead(token: str) -> bool:
    """Return whether the process of this token has certainly ended. Never true of a process on another host."""
    host, _, rest = token.rpartition("/")[0].rpartition("/")
    if host != _host() or not rest.isdecimal():
        return False
    try:
        os.kill(int(rest), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False


def is_live(owner: str | None, lease_until: float) -> bool:
    """Return whether a run has an owner that may still be running. `lease_until` is in seconds since 1970."""
    return owner is not None and lease_until > time.time() and not is_dead(owner)


def refuse_if_live(run_id: str, owner: str | None, lease_until: float) -> None:
    """Check that a run is not in use.

    Raises:
        LedgerBusy: it has an owner that may still be running.
    """
    if is_live(owner, lease_until):
        left = lease_until - time.time()
        raise LedgerBusy(
            f"run {run_id} is in use by another process",
            hint=f"wait for it to end, or {left:.0f} seconds if it has crashed on another machine",
        )


def refuse_twins(run_id: str, rows: Iterable[RunRow]) -> None:
    """Check that no other of these runs, which have the same request, is in use.

    Raises:
        LedgerBusy: one has an owner that may still be running.
    """
    for row in rows:
        if row.live and row.run_id != run_id:
            raise LedgerBusy(
                f"run {row.run_id} of the same order is in use by another process",
                hint="wait for it to end; to begin another run of this order on purpose, use --run-id or --seed",
            )


def refuse_other_request(run_id: str, recorded: str, request: str) -> None:
    """Check that a request is the one with which the run was begun.

    Raises:
        OtherRequest: it is another one.
    """
    if recorded != request:
        raise OtherRequest(
            f"run id {run_id} is taken: it belongs to another brief, seed, policy or other models",
            hint="omit --run-id, or use another one",
        )


def lease_lost(run_id: str) -> LeaseLost:
    """Return the error for a write whose token is not that of the owner any more."""
    return LeaseLost(f"run {run_id} has been taken over by another process")


def now(timespec: Literal["milliseconds", "microseconds"] = "milliseconds") -> str:
    """Return the current time as the ledger records it: ISO 8601, UTC."""
    return datetime.now(UTC).isoformat(timespec=timespec).replace("+00:00", "Z")


@cache
def _host() -> str:
    """Identify this host, boot and container: process ids are only comparable within the same ones."""
    boot = Path("/proc/sys/kernel/random/boot_id")
    space = Path("/proc/self/ns/pid")
    parts = [socket.gethostname()]
    parts += [boot.read_text().strip()] if boot.exists() else []
    parts += [str(space.stat().st_ino)] if space.exists() else []
    return "/".join(parts)
