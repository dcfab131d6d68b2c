"""When a model may be called: limits, and the contract of what gives the calls of many runs their turns.

`ledger.rates.Rates` gives them within one process. For several processes, an object that keeps one `Rates` in a place of its
own, such as an actor, implements `Turns` by passing each call on to it.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Generator, Iterable, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Literal, Protocol

from onbrief.errors import UsageError

MINUTE = 60.0  # seconds

Counted = Literal["requests", "tokens"]
RATE_FORM = '"50 requests, 100000 tokens" (a minute), "10 requests/second", "150 requests/10 seconds" or "24 at once"'
"""How a limit is written."""

_PERIODS = {"second": 1.0, "minute": MINUTE, "hour": 3600.0}
_SHORT = {"sec": "second", "s": "second", "min": "minute", "m": "minute", "h": "hour"}
_COUNTED = r"requests?|calls?|images?|tokens?"
_EVERY = r"(?:/|per|an?|every) ?(?P<times>\d{1,4} ?)?(?P<unit>second|minute|hour|sec|min|s|m|h)s?"
_RATE = re.compile(rf"(?P<most>\d{{1,12}})(?: ?(?P<counted>{_COUNTED})(?: ?{_EVERY})?| ?{_EVERY.replace('<', '<_')})")
_AT_ONCE = re.compile(r"(\d{1,6}) at once")


@dataclass(frozen=True, slots=True)
class Rate:
    """At most `most` requests or tokens in any period of this many seconds."""

    most: int
    counted: Counted = "requests"
    seconds: float = MINUTE

    def __str__(self) -> str:
        unit = next((name for name, length in _PERIODS.items() if length == self.seconds), f"{self.seconds:g} seconds")
        return f"{self.most} {self.counted} per {unit}"


@dataclass(frozen=True, slots=True)
class RateLimit:
    """The limits of a model: its rates, which all hold, and the maximum number of calls in progress."""

    rates: tuple[Rate, ...] = ()
    at_once: int | None = None

    @classmethod
    def parse(cls, text: str, setting: str = "rates") -> RateLimit:
        """Return the limit that is written as RATE_FORM says.

        Raises:
            UsageError: it is not written like this, or one of its numbers is 0.
        """
        rates, at_once = list[Rate](), None
        for part in text.replace("_", "").split(","):
            words = " ".join(part.lower().split()).replace(" /", "/").replace("/ ", "/")
            if together := _AT_ONCE.fullmatch(words):
                at_once = int(together[1])
            elif rate := _RATE.fullmatch(words):
                counted: Counted = "tokens" if (rate["counted"] or "").startswith("token") else "requests"
                times, unit = rate["times"] or rate["_times"] or 1, rate["unit"] or rate["_unit"] or "minute"
                rates.append(Rate(int(rate["most"]), counted, int(times) * _PERIODS[_SHORT.get(unit, unit)]))
            else:
                raise UsageError.of(setting, text, RATE_FORM)
        if at_once == 0 or any(rate.most == 0 or rate.seconds == 0 for rate in rates):
            raise UsageError.of(setting, text, "numbers greater than 0")
        return cls(tuple(rates), at_once)

    def has(self, counted: Counted) -> bool:
        """Return whether one of its rates counts this."""
        return any(rate.counted == counted for rate in self.rates)

    @property
    def per_second(self) -> float | None:
        """The requests a second that it allows on average, or None if it has no rate of requests."""
        return min((rate.most / rate.seconds for rate in self.rates if rate.counted == "requests"), default=None)


NO_LIMIT = RateLimit()


@dataclass(frozen=True, slots=True)
class Turn:
    """How many seconds a call must wait, and why. `asked` are those of a pause that the provider asked for."""

    seconds: float
    reason: str
    asked: float = field(default=0.0, compare=False)


@dataclass(frozen=True, slots=True)
class Allowance:
    """What a service says in the headers of an answer about one of its limits a minute: how much it allows, how much of it is
    left, and in how many seconds it is allowed again; None for what it does not say.
    """

    counted: Counted
    most: int | None = None
    left: int | None = None
    seconds: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Noted:
    """What became of a call that has asked for its turn. `state`: it is `sent` now, has an answer (`done`), was `refused`, or
    has `left`, before its turn came or without using it.

    `tokens` is what its answer says that it used. `limited`: it was refused because of a limit, and may be sent again after
    `wait` seconds, None if the service does not say it. `heard` is what the headers of the answer said.
    """

    state: Literal["sent", "done", "refused", "left"]
    tokens: int = 0
    limited: bool = False
    wait: float | None = None
    heard: tuple[Allowance, ...] = ()


class Turns(Protocol):
    """Gives calls their turns, those that asked first before others. Each method may also return an awaitable of its result."""

    def take(
        self, model: str, ticket: str = "", kind: str = "", tokens: int = 0, wake: Callable[[], None] | None = None
    ) -> Turn | Awaitable[Turn | None] | None:
        """Ask to send a call. None: it is counted, and must be sent now. Otherwise, wait as long as the turn says, or until
        `wake` is called, and ask again.

        `ticket` identifies the try of the call, which keeps its place in the queue while it asks again in time (after at most
        ASK_AGAIN seconds). `kind` is what the call is for, and `tokens` the most that it can use, 0 if unknown. One that cannot
        call back ignores `wake`.
        """
        ...

    def pause(self, model: str, seconds: float) -> Awaitable[None] | None:
        """Let no call of this model be sent for this time, because it asked for a pause."""
        ...

    def note(self, model: str, ticket: str, what: Noted, kind: str = "") -> Awaitable[None] | None:
        """Note what became of a call that has asked for its turn with this ticket."""
        ...


ASK_AGAIN = 5.0  # seconds; others may have left the queue, or limits changed


@dataclass(slots=True)
class Heard:
    """What a service says of its limits while a call is made, and of the tokens that the call used, if its answer has no other
    place for them.
    """

    allowances: list[Allowance] = field(default_factory=list[Allowance])
    tokens: int = 0


_listening: ContextVar[Heard | None] = ContextVar("listening", default=None)


@contextmanager
def listening() -> Generator[Heard]:
    """Collect what is said in `hear` during the calls that are made in the block, also in their threads and tasks."""
    heard = Heard()
    token = _listening.set(heard)
    try:
        yield heard
    finally:
        _listening.reset(token)


def hear(allowances: Iterable[Allowance] = (), tokens: int = 0) -> None:
    """Pass on what a service says to whoever makes the call, if that is wanted."""
    if (heard := _listening.get()) is not None:
        heard.allowances.extend(allowances)
        heard.tokens += tokens


def plain(model: str) -> str:
    """Return the name of a model without its options, as they have one limit together."""
    return model.partition("?")[0]


def every(model: str) -> str:
    """Return the name under which the limit of all models of a provider together is set."""
    return f"{model.partition(':')[0]}:*"


RateLimits = Mapping[str, RateLimit]
"""RateLimits by the names of models, with or without options, or of all models of a provider together as `PROVIDER:*`."""
