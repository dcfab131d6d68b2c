"""Ports for servers that start later, or stop and start again."""

from __future__ import annotations

import random
from contextlib import suppress
from socket import create_server

_LOWEST, _HIGHEST = 20_000, 32_000
"""Below the ports that Linux gives to connections and to servers that ask for any port, which begin at 32768."""


def free_port() -> int:
    """Return a port that the system gives to nobody else while the server is away."""
    while True:
        port = random.randrange(_LOWEST, _HIGHEST)  # noqa: S311 - no secret
        with suppress(OSError), create_server(("127.0.0.1", port)):
            return port
