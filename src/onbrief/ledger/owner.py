"""Who works on a run: a token that another process can tell to be dead before its lease runs out."""

from __future__ import annotations

import os
import secrets
import socket
from functools import cache
from pathlib import Path


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


@cache
def _host() -> str:
    """This host since it was started: pids of another boot, or of another container, say nothing about ours."""
    boot = Path("/proc/sys/kernel/random/boot_id")
    space = Path("/proc/self/ns/pid")
    parts = [socket.gethostname()]
    parts += [boot.read_text().strip()] if boot.exists() else []
    parts += [str(space.stat().st_ino)] if space.exists() else []
    return "/".join(parts)
