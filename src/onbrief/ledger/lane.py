"""The calls of one model: their queue, how much of its limits they use, and what its refusals teach about them."""

from __future__ import annotations

import math
from bisect import bisect_left, insort
from collections.abc import Callable

from onbrief.ledger.windows import LEAST, Window
from onbrief.ports import ASK_AGAIN, MINUTE, NO_LIMIT, Allowance, Noted, Rate, RateLimit, Turn

FIRST_TOKENS = 4096  # of a call whose tokens nothing is known about: a picture, a page of text and an answer
FLIGHT = 900.0  # seconds after which a call is no longer in progress, though nobody has noted its end
GONE = 15.0  # seconds after which a ticket that has not asked again loses its place: its process is dead

_ARRIVAL = 0.5  # seconds after a call is sent by which its service has counted it; grows if that is too little
_MAX_ARRIVAL = 1.8
_SHARE = 0.05  # of the period of a limit: no later than that
_FASTER = 1.05  # calls follow each other this much faster than their rate, so that a delay is made up for
_SPACING = 1.0  # seconds; no longer time is needed between two calls for a limit a second that a limit a minute hides
_CREDIT, _MAX_CREDIT = 0.25, 1.0  # seconds by which late calls may follow each other at once; more on a busy machine
_BRIEF = 5.0  # seconds; a shorter wait is that of a limit a second
_WHOLE = 0.75  # of a minute with calls: what was accepted in it is the limit
_SOON, _LATER, _LATEST = MINUTE, 10 * MINUTE, 60 * MINUTE  # seconds without a refusal after which more is tried
_FULL = 0.97  # of the limit, from which on it counts as used up
_QUICK, _SLOW = 2.0, 1.1  # by which factor in a minute
_STEP = 10.0  # seconds; growth after an idle time is not made up for
_WEIGHT = 0.2  # of the latest call in averages


class Lane:
    """The calls of one model, or of several that share their limits. Times are seconds of one clock.

    Calls take their turns in the order in which they first asked. The time of each turn is computed from its place, so nobody
    is woken for a turn that another one takes.
    """

    def __init__(self, name: str, limit: RateLimit = NO_LIMIT) -> None:
        self.name = name
        self._at_once = limit.at_once
        self._minute = Window(math.inf, MINUTE)  # of requests, also counted if there is no limit: a refusal may teach one
        self._others: list[Window] = []
        self._tokens: list[Window] = []
        for rate in limit.rates:
            if rate.counted == "requests" and rate.seconds == MINUTE:
                self._minute.most = min(self._minute.most, rate.most)
            else:
                (self._tokens if rate.counted == "tokens" else self._others).append(Window(rate.most, rate.seconds))
        self._given = frozenset(rate.counted for rate in limit.rates)
        self._ceiling = self._minute.most
        self._paused_until = -math.inf
        self._next = -math.inf  # when the next call may be sent so that calls are spread
        self._flying: dict[str, float] = {}
        self._waiting: list[int] = []
        self._places: dict[str, int] = {}
        self._tickets: dict[int, str] = {}
        self._expected: dict[str, float] = {}  # when a waiting ticket asks again at the latest
        self._wakes: dict[str, Callable[[], None]] = {}
        self._returning: set[str] = set()
        self._last_place = 0
        self._average: dict[str, float] = {}
        self._arrival = _ARRIVAL
        self._usual = 0.0  # seconds that a call takes, on average
        self._answered_at = math.inf  # when the first call was
        self._late = 0.0  # by how much calls have asked again late: on a busy machine they also arrive late
        self._ease = 1.0  # by how much calls are spread further than by their rate
        self._accepted, self._span = 0, 0.0  # the calls in the minute before the latest lesson, and its seconds with calls
        self._lesson_at, self._lesson, self._before = -math.inf, math.inf, math.inf
        self._calm, self._growth, self._grown_at = _SOON, _QUICK, math.inf

    @property
    def known(self) -> RateLimit | None:
        """The limit of requests as it is known now, None if there is none."""
        windows = [w for w in (self._minute, *self._others) if math.isfinite(w.most)]
        if not windows and self._at_once is None:
            return None
        return RateLimit(tuple(Rate(max(1, int(w.most)), seconds=w.period) for w in windows), self._at_once)

    def pause(self, seconds: float, now: float) -> None:
        """Send nothing for this time."""
        self._paused_until = max(self._paused_until, now + seconds)

    def take(self, ticket: str, kind: str, tokens: int, wake: Callable[[], None] | None, now: float) -> Turn | None:
        """See ports.Turns. A `ticket` that is empty waits behind all others, and keeps no place."""
        amount = self._average.get(kind) or tokens or FIRST_TOKENS
        self._late = max(0.95 * self._late, now - self._expected.get(ticket, math.inf) + GONE)
        turn = self._turn(self._place(ticket, now), amount, now)
        if turn is None:
            self._leave(ticket)
            self._take(ticket or f" {self._new_place()}", amount, now)
        elif ticket:
            self._expected[ticket] = now + min(turn.seconds, ASK_AGAIN) + GONE
            if wake:
                self._wakes[ticket] = wake
        return turn

    def count(self, ticket: str, kind: str, tokens: int, now: float) -> None:
        """See Rates.count."""
        self._leave(ticket)
        self._take(ticket, self._average.get(kind) or tokens or FIRST_TOKENS, now)

    def is_free(self, now: float) -> bool:
        """See Rates.is_free."""
        limited = self._at_once is not None or any(math.isfinite(window.most) for window in self._windows)
        return not limited and self._paused_until <= now

    def note(self, ticket: str, kind: str, what: Noted, now: float) -> None:
        """See ports.Turns."""
        self._hear(what.heard, now)
        match what.state:
            case "left":
                self._returning.discard(_call_of(ticket))
                self._leave(ticket)
                self._landed(ticket)
                for window in self._windows:
                    window.remove(ticket)
                self._wake()
            case "sent":
                arrival = min(max(self._arrival, 2 * self._late), _MAX_ARRIVAL)
                for window in self._windows:  # the service counts it when it arrives there
                    window.move(ticket, now + min(arrival, _SHARE * window.period))
            case "done":
                self._answered(ticket, now)
                self._landed(ticket)
                if what.tokens:
                    self._used(ticket, kind, what.tokens)
            case "refused":
                self._landed(ticket)
                self._returning.add(_call_of(ticket))
                self._refused(ticket, what, now)

    # -- turns -------------------------------------------------------------------------------------------------------------

    @property
    def _windows(self) -> list[Window]:
        return [self._minute, *self._others, *self._tokens]

    def _take(self, ticket: str, tokens: float, now: float) -> None:
        for window in self._windows:
            window.forget(now)
        for window in (self._minute, *self._others):
            window.add(ticket, now, 1)
        for window in self._tokens:
            window.add(ticket, now, tokens)
        self._flying[ticket] = now
        credit = min(max(_CREDIT, self._late), _MAX_CREDIT) if self._ease == 1.0 else 0.0
        self._next = max(self._next, now - credit) + self._pace

    def _turn(self, place: int, tokens: float, now: float) -> Turn | None:
        """Return how long the call at this place of the queue must wait."""
        if (left := self._paused_until - now) >= LEAST:
            return Turn(left + place * self._pace, f"{self.name} asked for a pause", asked=left)
        self._grow(now)
        waits = [(self._next + place * self._pace - now, f"requests to {self.name} are spread over its limit")]
        for window, amount, counted in self._amounts(tokens):
            if not math.isfinite(window.most):
                continue
            behind = place - max(0, window.free(amount, now) - 1)
            if behind > 0 or not window.free(amount, now):
                wait = window.free_in(amount, now) + max(0, behind) * window.period * amount / window.most / _FASTER
                waits.append((wait, self._why(window, counted)))
        if self._at_once is not None and (more := self._in_progress(now) + place + 1 - self._at_once) > 0:
            waits.append((ASK_AGAIN * more / self._at_once, f"{self.name} is limited to {self._at_once} requests at once"))
        seconds, reason = max(waits)
        return Turn(seconds, reason) if seconds >= LEAST else None

    def _amounts(self, tokens: float) -> list[tuple[Window, float, str]]:
        requests = [(window, 1.0, "requests") for window in (self._minute, *self._others)]
        return [*requests, *((window, tokens, "tokens") for window in self._tokens)]

    def _why(self, window: Window, counted: str) -> str:
        learnt = window is self._minute and window.most < self._ceiling
        unit = {1.0: "second", MINUTE: "minute", 60 * MINUTE: "hour"}.get(window.period, f"{window.period:g} seconds")
        most = f"{'about ' if learnt else ''}{int(window.most)}"
        what = "requests to" if counted == "requests" else "tokens of"
        return f"{what} {self.name} are limited to {most} per {unit}"

    @property
    def _pace(self) -> float:
        """The seconds between two calls, so that they do not come all at once."""
        windows = [window for window in (self._minute, *self._others) if math.isfinite(window.most)]
        rates = (min(_SPACING, window.period / window.most) for window in windows)
        return max(rates, default=0.0) / _FASTER * self._ease

    def _in_progress(self, now: float) -> int:
        while self._flying:
            ticket, began = next(iter(self._flying.items()))
            if began > now - FLIGHT:
                break
            del self._flying[ticket]
        return len(self._flying)

    def _answered(self, ticket: str, now: float) -> None:
        """Count a call as late as its answer, which is when its service may have counted it: unless calls usually take long. Of
        those that were sent before the first answer, it is not known yet how long they usually take.
        """
        began = self._flying.get(ticket, -math.inf)
        took, self._answered_at = now - began, min(now, self._answered_at)
        if self._usual <= _MAX_ARRIVAL or took > 2 * self._usual or began < self._answered_at:
            for window in self._windows:
                if took <= _SHARE * window.period:
                    window.move(ticket, now)
        if math.isfinite(took):
            self._usual += (took - self._usual) * (_WEIGHT if self._usual else 1.0)

    def _landed(self, ticket: str) -> None:
        if self._flying.pop(ticket, None) is not None and self._at_once is not None:
            self._wake()

    # -- the queue ---------------------------------------------------------------------------------------------------------

    def _place(self, ticket: str, now: float) -> int:
        """Return how many are before this ticket, which gets the last place if it has none: or the first one, if it has had its
        turn and was refused.
        """
        while self._waiting and (first := self._tickets[self._waiting[0]]) != ticket and self._expected.get(first, now) < now:
            self._leave(first)
        if not ticket:
            return len(self._waiting)
        if ticket not in self._places:
            again = (call := _call_of(ticket)) in self._returning
            self._returning.discard(call)
            place = self._waiting[0] - 1 if again and self._waiting else self._new_place()
            self._places[ticket], self._tickets[place] = place, ticket
            insort(self._waiting, place)
        return bisect_left(self._waiting, self._places[ticket])

    def _new_place(self) -> int:
        self._last_place += 1
        return self._last_place

    def _leave(self, ticket: str) -> None:
        self._expected.pop(ticket, None)
        self._wakes.pop(ticket, None)
        if (place := self._places.pop(ticket, None)) is not None:
            del self._tickets[place]
            del self._waiting[bisect_left(self._waiting, place)]

    def _wake(self) -> None:
        """Let the first in the queue ask again, because its turn may have come."""
        if self._waiting and (wake := self._wakes.pop(self._tickets[self._waiting[0]], None)):
            wake()

    # -- what is learnt ----------------------------------------------------------------------------------------------------

    def _used(self, ticket: str, kind: str, tokens: int) -> None:
        for window in self._tokens:
            window.amend(ticket, tokens)
        before = self._average.get(kind, tokens)
        self._average[kind] = before + _WEIGHT * (tokens - before)

    def _hear(self, heard: tuple[Allowance, ...], now: float) -> None:
        """Observe what the service says about its limits, unless the user has set them."""
        for one in heard:
            if one.most and one.counted not in self._given:
                self._limit(one.counted, one.most)
            if one.left == 0 and one.seconds is not None:  # others may use the same account
                self.pause(min(one.seconds, MINUTE / one.most if one.most else math.inf), now)

    def _limit(self, counted: str, most: int) -> None:
        if counted == "tokens":
            if not self._tokens:
                self._tokens.append(Window(most, MINUTE))
            self._tokens[0].most = most
        elif most != self._ceiling:
            lowered = self._minute.most < self._ceiling and math.isfinite(self._ceiling)
            self._ceiling = most
            self._minute.most = min(self._minute.most, most) if lowered else most

    def _refused(self, ticket: str, what: Noted, now: float) -> None:
        """Count a call that was refused no longer. If that was because of a limit, lower it to what was accepted in the last
        minute. All calls that were sent before the first of them was refused are one lesson.
        """
        counted = [window.remove(ticket) for window in self._windows]
        others = any(one.counted == "requests" and one.left for one in what.heard)  # such as tokens
        if not what.limited or others or (taken := counted[0]) is None:
            return
        at = taken[0]
        if new := at - _MAX_ARRIVAL > self._lesson_at:
            self._lesson_at, self._before = now, self._minute.most
            sent = sorted(self._minute.times(at - MINUTE, now + self._arrival))
            self._accepted, self._span = len(sent), max(0.0, at - sent[0]) if sent else 0.0
        else:
            self._accepted -= 1
        period = MINUTE if what.wait is None else min(MINUTE, max(self._span + what.wait, LEAST))
        whole = self._span >= _WHOLE * MINUTE or (what.wait is not None and period >= _WHOLE * MINUTE)
        accepted = self._accepted - self._accepted // 100  # the first of them may be a moment older for the service
        most = max(1, accepted) * MINUTE / period  # with none accepted, one when the service says so
        if math.isfinite(self._before):
            most = self._corrected(most, what.wait, new=new, whole=whole)
        self._minute.most = min(most, self._before)
        if new:
            self._plan_growth(self._minute.most, now, whole=whole)
        self._lesson = self._minute.most

    def _corrected(self, most: float, wait: float | None, *, new: bool, whole: bool) -> float:
        """Return the new limit where there was one before."""
        if most >= _FULL * self._before:
            if self._before > self._lesson:  # more was tried, and that was too much
                return max(self._lesson, _FULL * self._before)
            if new and self._arrival < _MAX_ARRIVAL:  # the service counts calls later than we do
                self._arrival = min(2 * self._arrival, _MAX_ARRIVAL)
                return self._before
            return _FULL * self._before
        if wait is not None and wait <= _BRIEF and not whole:  # a limit a second that the limit a minute hides
            self._ease = min(1.1 * self._ease, 2.0) if new else self._ease
            return self._before
        return most

    def _plan_growth(self, most: float, now: float, *, whole: bool) -> None:
        """Decide when and how fast more is tried: soon and quickly if it is not sure that this is the limit of a minute, later
        and later if it was refused again.
        """
        again = math.isfinite(self._lesson) and abs(most - self._lesson) <= 0.2 * self._lesson
        self._calm = min(2 * self._calm, _LATEST) if again else _LATER if whole else _SOON
        self._growth = _SLOW if again or whole else _QUICK
        self._grown_at = now + self._calm

    def _grow(self, now: float) -> None:
        """Try more, after a calm time, if there are calls that wait for it."""
        passed = now - self._grown_at
        if passed < 1.0 or not (self._ease > 1.0 or self._minute.most < self._ceiling):
            return
        self._grown_at = now
        factor = self._growth ** (min(passed, _STEP) / MINUTE)
        self._ease = max(1.0, self._ease / factor)
        if len(self._waiting) > 1 or not self._minute.free(1.0, now):
            self._minute.most = min(self._minute.most * factor, self._ceiling)


def _call_of(ticket: str) -> str:
    """Return what the tickets of all tries of a call begin with."""
    return ticket.rpartition("#")[0] or ticket
