"""A relay between a client and a server on loopback that counts messages and can stop at any of them."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Literal

HOST = "127.0.0.1"
_PIECE = 65_536  # bytes

Side = Literal["request", "answer"]


@dataclass(slots=True)
class Moments:
    """Counts the messages of all relays that share it, in the order in which they begin. After `pieces` pieces of message `at`
    have passed, it calls `strike`. If that `stops` everything, nothing passes any more until the next `reset`.
    """

    at: int | None = None
    pieces: int = 0
    strike: Callable[[], None] = lambda: None
    stops: bool = True
    messages: int = 0
    _struck: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def reset(
        self, at: int | None = None, pieces: int = 0, strike: Callable[[], None] = lambda: None, *, stops: bool = True
    ) -> None:
        """Restart the count, with a strike after `pieces` pieces of message `at`; without `at`, only count."""
        with self._lock:
            self.at, self.pieces, self.strike, self.stops = at, pieces, strike, stops
            self.messages, self._struck = 0, False

    def passes(self, begins: bool, number: int, send: Callable[[], None]) -> int | None:
        """Send a piece of this message, or of the next one if it `begins` one. Return the number of the message, or None after
        the strike, when nothing is sent.
        """
        with self._lock:
            if self._struck:
                return None
            if begins:
                self.messages = number = self.messages + 1
            if number != self.at:
                send()
                return number
            if self.pieces:
                self.pieces -= 1
                send()
            if self.pieces == 0:
                self.at, self._struck = None, self.stops
                self.strike()
            return number


@contextmanager
def relay(port: int, moments: Moments) -> Generator[int]:
    """Open a port that forwards to this one."""
    with socket.create_server((HOST, 0)) as plug:
        thread = threading.Thread(target=_accept, args=(plug, port, moments), daemon=True)
        thread.start()
        yield plug.getsockname()[1]
        plug.shutdown(socket.SHUT_RDWR)
        thread.join()


def _accept(plug: socket.socket, port: int, moments: Moments) -> None:
    while True:
        try:
            client, _ = plug.accept()
        except OSError:  # the socket has been closed
            return
        _Connection(client, socket.create_connection((HOST, port)), moments)


class _Connection:
    """A message begins when the sending side changes: no client here sends a second request before the first is answered."""

    def __init__(self, client: socket.socket, server: socket.socket, moments: Moments) -> None:
        self.ends: dict[Side, tuple[socket.socket, socket.socket]] = {"request": (client, server), "answer": (server, client)}
        self.moments = moments
        self.speaks: Side = "answer"
        self.message = 0
        for end in (client, server):
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for side in self.ends:
            threading.Thread(target=self._carry, args=(side,), daemon=True).start()

    def _carry(self, side: Side) -> None:
        source, target = self.ends[side]
        with suppress(OSError):  # either end may be gone at any time
            while data := source.recv(_PIECE):
                begins, self.speaks = self.speaks != side, side
                number = self.moments.passes(begins, self.message, lambda data=data: target.sendall(data))
                if number is None:
                    break
                self.message = number
        for end in (source, target):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        source.close()
