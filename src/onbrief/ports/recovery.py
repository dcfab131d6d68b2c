"""The contract of image models that can find a picture again whose answer was lost on its way."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Literal, Protocol, Self, runtime_checkable

from onbrief.brief import Size
from onbrief.ports.models import ImageModel, Picture
from onbrief.record import Prompt

Recovery = Literal["own id", "own tag", "listing", "first reply"]
"""How a service can give a picture back: by an id that we chose before the call was sent, by a tag that was sent with the call,
by searching its list of requests, or by an id in its first reply, after which it works on.
"""

Note = Callable[[str], Awaitable[None]]
"""Writes down, before it returns, under which handle the try that is being sent can be found again."""


@dataclass(frozen=True, slots=True)
class Sent:
    """One try of a call, as its service can know it. `id` is a UUID that is different for each try and always the same for this
    one; `run_id` and `key` say which step of which run it is; `handle` is what was noted while it was sent.
    """

    id: str
    run_id: str
    key: str
    handle: str = ""

    @classmethod
    def of(cls, run_id: str, key: str, digest: str, number: int, handle: str = "") -> Self:
        """Return try `number` of the call with this key and this digest of its request."""
        own = hashlib.sha256(f"{run_id}\n{key}\n{digest}\n{number}".encode()).digest()
        return cls(str(uuid.UUID(bytes=own[:16], version=4)), run_id, key, handle)

    @classmethod
    def once(cls) -> Self:
        """Return a try that belongs to no run, with an id that nobody has used."""
        return cls(str(uuid.uuid4()), "", "")


async def unnoted(handle: str) -> None:
    """A Note for calls that nobody will look for."""


@dataclass(frozen=True, slots=True)
class Found:
    """The picture of a call whose answer was lost."""

    picture: Picture


@dataclass(frozen=True, slots=True)
class Pending:
    """The service has the call and is still working on it; ask again after so many seconds."""

    seconds: float = 1.0


@dataclass(frozen=True, slots=True)
class NotThere:
    """The service does not have the call. `final`: it never will, and charges nothing for it."""

    why: str
    final: bool = False


@dataclass(frozen=True, slots=True)
class CannotTell:
    """Whether the service has the call cannot be known now."""

    why: str


Answer = Found | Pending | NotThere | CannotTell


@runtime_checkable
class Recovers(ImageModel, Protocol):
    """An image model whose service can give a picture back. `find` is asked whenever the outcome of a call is unknown, before
    anything else is decided, in this session and in later ones.
    """

    @property
    def recovery(self) -> Recovery:
        """How it is done."""
        ...

    async def generate_as(self, sent: Sent, note: Note, prompt: Prompt, size: Size, seed: int) -> Picture:
        """Return one picture, as `generate` does, in such a way that `find` can find it."""
        ...

    async def find(self, sent: Sent, prompt: Prompt, size: Size, seed: int) -> Answer:
        """Look for the picture of a try that was sent, or may have been. It pays for nothing, and asks for nothing to be made.

        Raises:
            Failed, Blocked: the service says that the call has ended like this.
            Refused, Unknown, ConfigError: the look itself went wrong, so this model cannot tell.
        """
        ...
