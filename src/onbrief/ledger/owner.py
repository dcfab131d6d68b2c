"""Ownership of runs by processes. Each owner has a token.

Whether an owner is still there, its process says where it can be seen: on the same host, a process that has ended is dead and
one that runs is alive, whatever the clock says. A lease decides about all others: owners on other hosts, suspended processes,
and owners in this very process whose account is closed.
"""

from __future__ import annotations

import math
import os
import secrets
import socket
import time
from collections.abc import Generator, Iterable
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Final, Literal

from onbrief.errors import LeaseLost, LedgerBusy, LedgerError, OtherRequest
from onbrief.ports import RunRow

SKEW: Final = 300.0  # seconds by which the clocks of two machines may differ
_open: set[str] = set()  # the tokens of this process's open accounts


def new_token(lease: float | None = None) -> str:
    """Return a new token of this process, different each time: `host/pid/nonce.start.lease`. The start of the process, in ticks
    since the host's boot, distinguishes it from a later process with the same id; `lease` is the length of its leases in
    seconds. Either may be missing, as in tokens of earlier versions.
    """
    found = _process(os.getpid())
    start, length = found[1] if found else "", "" if lease is None else f"{math.ceil(lease)}"
    return f"{_host()}/{os.getpid()}/{secrets.token_hex(8)}.{start}.{length}"


def fence_of(token: str) -> str:
    """Return the part of a token that is different for each owner and can be part of a file name."""
    return token.rpartition("/")[2].partition(".")[0]


@contextmanager
def opened(token: str) -> Generator[None]:
    """Declare that the account of this token is open in this process."""
    _open.add(token)
    try:
        yield
    finally:
        _open.discard(token)


def is_dead(token: str) -> bool:
    """Return whether the process of this token has certainly ended. Never true of a process on another host."""
    return _standing(token) == "ended"


def is_live(owner: str | None, lease_until: float) -> bool:
    """Return whether a run has an owner that may still be running. `lease_until` is in seconds since 1970."""
    if owner is None:
        return False
    match _standing(owner):
        case "running":
            return True
        case "ended":
            return False
        case "unknown":
            # A lease that ends later than it can have been granted was granted before a clock was set back.
            left, (_, _, length) = lease_until - time.time(), _parts(owner)[2]
            return 0 < left <= (int(length) + SKEW if length.isdecimal() else math.inf)


def refuse_if_live(run_id: str, owner: str | None, lease_until: float) -> None:
    """Check that a run is not in use.

    Raises:
        LedgerBusy: it has an owner that may still be running.
    """
    if owner is None or not is_live(owner, lease_until):
        return
    if _standing(owner) == "running":
        raise LedgerBusy(
            f"run {run_id} is in use by another process", hint=f"wait for process {_parts(owner)[1]} to end, or end it"
        )
    raise LedgerBusy(
        f"run {run_id} is in use by another process",
        hint=f"wait for it to end, or {lease_until - time.time():.0f} seconds if it has crashed on another machine",
    )


def _standing(token: str) -> Literal["running", "ended", "unknown"]:
    """Return what can be seen of the process of a token."""
    host, number, (_, start, _) = _parts(token)
    if host != _host() or not number.isdecimal():
        return "unknown"
    found = _process(int(number))
    if found is None:
        return "ended" if _is_gone(int(number)) else "unknown"
    state, started = found
    if state in "ZX" or (start and start != started):
        return "ended"
    if int(number) == os.getpid():
        return "running" if token in _open else "unknown"
    # A suspended process may stay so forever. Of an earlier version's token, the process may be a later one with this id.
    return "unknown" if state in "Tt" or not start else "running"


def _parts(token: str) -> tuple[str, str, tuple[str, str, str]]:
    """Return the host, the process id, and the nonce, start and lease of a token; what it does not have is empty."""
    rest, _, last = token.rpartition("/")
    host, _, number = rest.rpartition("/")
    nonce, _, more = last.partition(".")
    start, _, length = more.partition(".")
    return host, number, (nonce, start, length)


def _process(number: int) -> tuple[str, str] | None:
    """Return the state of a process of this host and its start, or None if they cannot be seen."""
    with suppress(OSError, IndexError):
        fields = Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()
        return fields[0], fields[19]
    return None


def _is_gone(number: int) -> bool:
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return True
    except (PermissionError, OverflowError):
        return False
    return False


def refuse_twins(run_id: str, rows: Iterable[RunRow], *, new: bool) -> None:
    """Check that no other of these runs, which have the same request and of which the newest comes first, is in use; nor an
    earlier one left, of a new run any: the caller did not find it when it looked for one to resume.

    Raises:
        LedgerBusy: there is one.
    """
    earlier = new
    for row in rows:
        if row.run_id == run_id:
            earlier = True
        elif row.live or (earlier and row.left):
            raise LedgerBusy(
                f"run {row.run_id} of the same order is in use by another process",
                hint="give the same command again when it has ended; to begin another one on purpose, use --run-id or --seed",
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


def just_taken(run_id: str) -> LedgerBusy:
    """Return the error for a claim that another process was quicker to make."""
    return LedgerBusy(f"run {run_id} is being claimed by another process", hint="give the same command again in a moment")


def no_such_run(run_id: str) -> LedgerError:
    """Return the error for labels of a run that does not exist."""
    return LedgerError(f"there is no run {run_id} any more")


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
