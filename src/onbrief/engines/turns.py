"""Turns of calls in several processes: the parent keeps them, so that the limits of models hold for all workers together.

As long as no limit of a model is known, a worker sends its calls without waiting for an answer, and only says so: that costs no
round trip, and the parent has counted them when a refusal teaches a limit.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from typing import Any, Final, NamedTuple

from onbrief.ledger.rates import Rates
from onbrief.ports import ASK_AGAIN, Noted, Turn

_GONE: Final = Turn(ASK_AGAIN, "the command of the batch has ended")


class Ask(NamedTuple):
    """A worker asks for the turn of a call."""

    number: int
    model: str
    ticket: str
    kind: str
    tokens: int


class Answer(NamedTuple):
    """What the parent answers. `free`: no limit of the model is known, so the next calls need not ask."""

    number: int
    model: str
    turn: Turn | None
    free: bool


class Took(NamedTuple):
    """A worker sends a call without asking."""

    model: str
    ticket: str
    kind: str
    tokens: int


class Paused(NamedTuple):
    """A model has asked a worker for a pause, in seconds."""

    model: str
    seconds: float


class CallNoted(NamedTuple):
    """A worker says what became of a call."""

    model: str
    ticket: str
    what: Noted
    kind: str


class Limited(NamedTuple):
    """The parent says that calls of a model must ask from now on."""

    model: str


class Wake(NamedTuple):
    """The parent says that a call should ask again at once."""

    ticket: str


class Desk:
    """Has the turns of all processes, in the parent. It is the Turns of the parent's own calls too."""

    def __init__(self, rates: Rates) -> None:
        self._rates = rates
        self._seats: set[Seat] = set()
        self._free: set[str] = set()  # what workers have been told

    def take(
        self, model: str, ticket: str = "", kind: str = "", tokens: int = 0, wake: Callable[[], None] | None = None
    ) -> Turn | None:
        """See ports.Turns."""
        return self._rates.take(model, ticket, kind, tokens, wake)

    def pause(self, model: str, seconds: float) -> None:
        """See ports.Turns."""
        self._rates.pause(model, seconds)
        self._tell_limited()

    def note(self, model: str, ticket: str, what: Noted, kind: str = "") -> None:
        """See ports.Turns."""
        self._rates.note(model, ticket, what, kind)
        if what.heard or what.state == "refused":
            self._tell_limited()

    def count(self, took: Took) -> None:
        """Count a call that was sent without asking, though a limit may have become known meanwhile."""
        self._rates.count(took.model, took.ticket, took.kind, took.tokens)

    def is_free(self, model: str) -> bool:
        """Return whether calls of a model need not ask. Workers will be told when that changes."""
        if not self._rates.is_free(model):
            return False
        self._free.add(model)
        return True

    def seat(self, send: Callable[[Any], None]) -> Seat:
        """Return the seat of a new worker, to which messages can be sent."""
        seat = Seat(self, send)
        self._seats.add(seat)
        return seat

    def leave(self, seat: Seat) -> None:
        """Remove the seat of a worker that has gone."""
        self._seats.discard(seat)

    def _tell_limited(self) -> None:
        for model in [model for model in self._free if not self._rates.is_free(model)]:
            self._free.discard(model)
            for seat in self._seats:
                seat.send(Limited(model))


class Seat:
    """A worker at the desk, in the parent."""

    def __init__(self, desk: Desk, send: Callable[[Any], None]) -> None:
        self.send = send
        self._desk = desk
        self._open: dict[str, tuple[str, str, bool]] = {}  # by ticket: model, kind, and whether it has had its turn

    def receive(self, message: Ask | Took | Paused | CallNoted) -> None:
        """Do what a message of the worker says."""
        match message:
            case Took(model, ticket, kind, _):
                self._open[ticket] = (model, kind, True)
                self._desk.count(message)
            case Ask(number, model, ticket, kind, tokens):
                turn = self._desk.take(model, ticket, kind, tokens, lambda: self.send(Wake(ticket)))
                self._open[ticket] = (model, kind, turn is None)
                self.send(Answer(number, model, turn, self._desk.is_free(model)))
            case Paused(model, seconds):
                self._desk.pause(model, seconds)
            case CallNoted(model, ticket, what, kind):
                if what.state != "sent":
                    self._open.pop(ticket, None)
                self._desk.note(model, ticket, what, kind)

    def leave(self) -> None:
        """Note that the worker has gone, with all its calls: those that it had sent still count."""
        self._desk.leave(self)
        for ticket, (model, kind, sent) in self._open.items():
            self._desk.note(model, ticket, Noted(state="done" if sent else "left"), kind)
        self._open.clear()


class DeskTurns:
    """The turns of the desk, in a worker; see ports.Turns."""

    def __init__(self, send: Callable[[Any], None]) -> None:
        self._send = send
        self._numbers = itertools.count()
        self._asked: dict[int, asyncio.Future[Turn | None]] = {}
        self._wakes: dict[str, Callable[[], None]] = {}
        self._free: set[str] = set()
        self._gone = False

    def take(
        self, model: str, ticket: str = "", kind: str = "", tokens: int = 0, wake: Callable[[], None] | None = None
    ) -> asyncio.Future[Turn | None] | Turn | None:
        """See ports.Turns."""
        if self._gone:
            return _GONE
        if model in self._free:
            self._send(Took(model, ticket, kind, tokens))
            return None
        number = next(self._numbers)
        if wake:
            self._wakes[ticket] = wake
        self._asked[number] = answer = asyncio.get_running_loop().create_future()
        self._send(Ask(number, model, ticket, kind, tokens))
        return answer

    def pause(self, model: str, seconds: float) -> None:
        """See ports.Turns."""
        self._free.discard(model)  # at once: the next call has to ask
        self._send(Paused(model, seconds))

    def note(self, model: str, ticket: str, what: Noted, kind: str = "") -> None:
        """See ports.Turns."""
        if what.state == "refused":
            self._free.discard(model)
        self._wakes.pop(ticket, None)
        self._send(CallNoted(model, ticket, what, kind))

    def receive(self, message: Answer | Limited | Wake) -> None:
        """Do what a message of the parent says."""
        match message:
            case Answer(number, model, turn, free):
                if free:
                    self._free.add(model)
                if not (answer := self._asked.pop(number)).done():
                    answer.set_result(turn)
            case Limited(model):
                self._free.discard(model)
            case Wake(ticket):
                if wake := self._wakes.get(ticket):
                    wake()

    def leave(self) -> None:
        """Give no more turns: the parent has gone."""
        self._gone = True
        for answer in self._asked.values():
            if not answer.done():
                answer.set_result(_GONE)
        self._asked.clear()
