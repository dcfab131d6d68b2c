"""Who works on a run: a token that another process can tell to be dead before its lease runs out, and who is refused."""

from __future__ import annotations

import os
import secrets
import socket
import time
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Literal

from onbrief.errors import LeaseLost, LedgerBusy, OtherRequest


def new_token() -> str:
    """A token for this process, different each time: `host/pid/nonce`."""
    return f"{_host()}/{os.getpid()}/{secrets.token_hex(8)}"


def is_dead(token: str) -> bool:
    """Whether the process of this token is certainly gone. A process on another host is never certain."""
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
    """Whether somebody owns a run who may be alive. `lease_until` is in seconds since 1970."""
    return owner is not None and lease_until > time.time() and not is_dead(owner)


def refuse_if_live(run_id: str, owner: str | None, lease_until: float) -> None:
    """Keep out whoever is not the owner.

    Raises:
        LedgerBusy: there is one who may be alive.
    """
    if is_live(owner, lease_until):
        left = lease_until - time.time()
        raise LedgerBusy(
            f"run {run_id} is being worked on by another process",
            hint=f"wait for it to end, or {left:.0f} seconds if it has crashed on another machine",
        )


def refuse_other_request(run_id: str, recorded: str, request: str) -> None:
    """Keep a run to what was asked for when it was begun.

    Raises:
        OtherRequest: it is something else.
    """
    if recorded != request:
        raise OtherRequest(
            f"run id {run_id} is taken: it stands for another brief, seed, policy or other models",
            hint="leave --run-id away, or give another one",
        )


def lease_lost(run_id: str) -> LeaseLost:
    """The error of a write whose token is no longer the owner's."""
    return LeaseLost(f"run {run_id} has been taken over by another process")


def now(timespec: Literal["milliseconds", "microseconds"] = "milliseconds") -> str:
    """The time as the ledger writes it: ISO 8601, UTC."""
    return datetime.now(UTC).isoformat(timespec=timespec).replace("+00:00", "Z")


@cache
def _host() -> str:
    """This host since it was started: pids of another boot, or of another container, say nothing about ours."""
    boot = Path("/proc/sys/kernel/random/boot_id")
    space = Path("/proc/self/ns/pid")
    parts = [socket.gethostname()]
    parts += [boot.read_text().strip()] if boot.exists() else []
    parts += [str(space.stat().st_ino)] if space.exists() else []
    return "/".join(parts)
