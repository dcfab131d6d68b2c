"""Messages between two processes of one machine, over a socket: each packet is a list of messages, pickled, behind its length.

Whoever can write to such a socket can run code: both ends are processes of the same command.
"""

from __future__ import annotations

import asyncio
import io
import pickle
import socket
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from functools import cache
from operator import attrgetter
from typing import Any, Final, cast

_LENGTH: Final = 4  # bytes of the number before a packet


class Channel(asyncio.Protocol):
    """One end. Messages of one turn of the event loop travel together. `received` is called with each message of the other end,
    and `lost` once, when there will be no more.
    """

    def __init__(self, received: Callable[[Any], None], lost: Callable[[], None]) -> None:
        self._received, self._lost = received, lost
        self._outgoing: list[object] = []
        self._incoming = bytearray()
        self._transport: asyncio.Transport | None = None

    @classmethod
    async def over(cls, end: socket.socket, received: Callable[[Any], None], lost: Callable[[], None]) -> Channel:
        """Open a channel over this end of a pair of sockets, which it closes."""
        end.setblocking(False)
        return (await asyncio.get_running_loop().create_connection(lambda: cls(received, lost), sock=end))[1]

    def send(self, message: object) -> None:
        """Send a message, soon. It is not sent if the other end has gone."""
        if not self._outgoing:
            asyncio.get_running_loop().call_soon(self._flush)
        self._outgoing.append(message)

    def close(self) -> None:
        """Send what is waiting, and close this end."""
        self._flush()
        if self._transport:
            self._transport.close()

    def _flush(self) -> None:
        messages, self._outgoing = self._outgoing, []
        if messages and self._transport and not self._transport.is_closing():
            packet = _pickled(messages)
            self._transport.write(len(packet).to_bytes(_LENGTH, "big") + packet)

    # -- as asyncio calls it -----------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See asyncio.Protocol."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """See asyncio.Protocol."""
        self._incoming += data
        at = 0
        while len(self._incoming) >= (begin := at + _LENGTH):
            end = begin + int.from_bytes(self._incoming[at:begin], "big")
            if len(self._incoming) < end:
                break
            for message in pickle.loads(bytes(self._incoming[begin:end])):  # noqa: S301 - see above
                self._received(message)
            at = end
        del self._incoming[:at]

    def connection_lost(self, exc: Exception | None) -> None:
        """See asyncio.Protocol."""
        self._lost()


# -- how messages are pickled ----------------------------------------------------------------------------------------------

_Reduced = tuple[Callable[..., object], tuple[object, ...]]


class _Reducers(dict[type, Callable[[Any], _Reduced]]):
    """How objects are pickled, by their class. Events and records are frozen dataclasses with slots, for which dataclasses
    itself looks up the fields each time.
    """

    def __missing__(self, kind: type) -> Callable[[Any], _Reduced]:
        if len(names := _names(kind)) < 2:  # of one name, attrgetter returns no tuple
            raise KeyError(kind)
        values = attrgetter(*names)

        def reduced(value: Any) -> _Reduced:
            return _made, (kind, values(value))

        self[kind] = reduced
        return reduced


_REDUCERS: Final = _Reducers()


def _pickled(messages: list[object]) -> bytes:
    out = io.BytesIO()
    pickler = pickle.Pickler(out, pickle.HIGHEST_PROTOCOL)
    pickler.dispatch_table = _REDUCERS
    pickler.dump(messages)
    return out.getvalue()


@cache
def _names(kind: Any) -> tuple[str, ...]:
    return tuple(each.name for each in fields(kind)) if is_dataclass(kind) and hasattr(kind, "__slots__") else ()


def _made(kind: Any, values: tuple[object, ...]) -> object:
    made: object = object.__new__(kind)
    for name, value in zip(_names(kind), values, strict=True):
        object.__setattr__(made, name, value)
    return made
