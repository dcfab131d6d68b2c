"""Image models of services that work in a queue: the first reply names a job, which is asked for until it is done.

What the first reply names is written down before anything else, so that any later session can ask for the picture. Of a
service that lists its requests, the time of sending is written down first: if the first reply is lost, the request is found in
that list by what was sent and when.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol, cast

from onbrief.brief import Size
from onbrief.errors import CallError, ConfigError, Unknown
from onbrief.ports import CannotTell, Dialect, Found, Note, NotThere, Pending, Picture, Recovery, Sent, unnoted
from onbrief.ports.recovery import Answer
from onbrief.providers.drawing import Chosen, Drawn
from onbrief.providers.http import short
from onbrief.providers.wire import Reply, Service, Session, naming
from onbrief.record import Prompt

SKEW = 30.0  # seconds that the clock of a service may differ from ours
_LOOK = 60.0  # seconds for all of a look for a lost picture
_NEW = 15.0  # seconds in which a service may not yet know a job that it has just accepted
_KNOWN = 10_000  # requests whose tries are remembered

_of_tries: dict[str, str] = {}
"""Which try each request of a service belongs to, by the id of the request, as far as this process knows: the newest last. A
request that is found in a list belongs to one try only.
"""


@dataclass(frozen=True, slots=True)
class Job:
    """A request that a service has accepted: its id, and the URL that tells its state."""

    id: str
    url: str


@dataclass(frozen=True, slots=True)
class Listed:
    """A request in a service's list: its job, and when it was accepted, in seconds since 1970."""

    job: Job
    at: float


@dataclass(frozen=True, slots=True)
class Ready:
    """The picture of a finished job: its URL, facts about it, and its cost in US dollars if the service says it."""

    url: str
    facts: Mapping[str, str] = field(default_factory=dict[str, str])
    usd: float | None = None


State = Ready | Pending | NotThere | CannotTell | CallError | ConfigError
"""What a service says of a job. An error is how the job has ended."""


class Queue(Protocol):
    """What is different in each service."""

    @property
    def recovery(self) -> Recovery:
        """How the service can give a picture back."""
        ...

    @property
    def lag(self) -> float:
        """How many seconds after it was accepted a request may still be missing in the service's list."""
        ...

    def submission(self, drawn: Drawn) -> tuple[str, dict[str, Any]]:
        """Return the path and the JSON body of the request that pays."""
        ...

    def accepted(self, document: Mapping[str, Any]) -> Job:
        """Return the job in the first reply. Raises KeyError or TypeError if it names none."""
        ...

    async def look(self, session: Session, job: Job) -> State:
        """Ask once for the state of a job. Raises CallError or ConfigError if the look itself goes wrong."""
        ...

    async def listed(self, session: Session, body: Mapping[str, Any], since: float, until: float) -> Sequence[Listed]:
        """Return the requests with exactly this body that the service accepted between these times, in seconds since 1970.
        Raises as `look`.
        """
        ...


@dataclass(frozen=True, slots=True)
class JobImageModel:
    """An image model of a service that works in a queue. Implements ports.Recovers and ports.PricedByRequest."""

    name: str
    price: float | None
    chosen: Chosen
    service: Service = field(compare=False, repr=False)
    queue: Queue = field(compare=False, repr=False)

    @property
    def recovery(self) -> Recovery:
        """See ports.Recovers."""
        return self.queue.recovery

    @property
    def dialect(self) -> Dialect:
        """See ports.HasDialect."""
        return self.chosen.facts.dialect

    def check(self, size: Size) -> tuple[str, ...]:
        """See ports.ImageModel."""
        return self.chosen.check(size)

    def price_of(self, prompt: Prompt, size: Size, seed: int) -> float | None:
        """Return the most that this picture costs in US dollars; see ports.PricedByRequest."""
        return self.chosen.price(size)

    async def generate(self, prompt: Prompt, size: Size, seed: int) -> Picture:
        """See ports.ImageModel."""
        return await self.generate_as(Sent.once(), unnoted, prompt, size, seed)

    async def generate_as(self, sent: Sent, note: Note, prompt: Prompt, size: Size, seed: int) -> Picture:
        """See ports.Recovers."""
        drawn = self.chosen.drawn(prompt, size, seed)
        path, body = self.queue.submission(drawn)
        with naming(self.name):
            return await made(self.service, self.queue, path, body, drawn.warnings, sent, note)

    async def find(self, sent: Sent, prompt: Prompt, size: Size, seed: int) -> Answer:
        """See ports.Recovers. No list proves that a request was not accepted: it may be late, or the request under way."""
        drawn = self.chosen.drawn(prompt, size, seed)
        at, job = _read(sent.handle)
        with naming(self.name):
            return await self._found(sent, drawn, at, job)

    async def _found(self, sent: Sent, drawn: Drawn, at: float | None, job: Job | None) -> Answer:
        async with self.service.session(min(_LOOK, self.service.timeout)) as session:
            if job is None:
                found = await self._listed(session, sent, drawn, at)
                if not isinstance(found, Job):
                    return found
                job = found
            elif at is not None:
                _belongs(job, _owner(sent, at))  # so that no other try finds it in the list
            state = await self.queue.look(session, job)
            match state:
                case Ready():
                    return Found(await _picture(session, state, drawn.warnings))
                case CallError() | ConfigError():
                    raise state
                case _:
                    return state

    async def _listed(self, session: Session, sent: Sent, drawn: Drawn, at: float | None) -> Job | Answer:
        """Find the request of a try whose first reply was lost."""
        if self.queue.recovery != "listing" or at is None:
            return CannotTell("the connection was lost before the service gave the request an id")
        _, body = self.queue.submission(drawn)
        listed = await self.queue.listed(session, body, at - SKEW, at + self.service.timeout + SKEW)
        owner = _owner(sent, at)
        own = [one for one in listed if _of_tries.get(one.job.id, owner) == owner]
        if len(own) > 1 and drawn.seed is None:
            return CannotTell(f"{len(own)} requests of that time are the same, and without seeds their pictures are not")
        if own:
            # Of several, any would do: they asked for the same picture with the same seed. The nearest one is most likely ours.
            job = min(own, key=lambda one: abs(one.at - at)).job
            _belongs(job, owner)
            return job
        if 0 <= time.time() - at < self.queue.lag:
            return Pending(2.0)
        return NotThere("the service's list of requests does not have it")


async def made(
    service: Service, queue: Queue, path: str, body: Mapping[str, Any], warnings: tuple[str, ...], sent: Sent, note: Note
) -> Picture:
    """Return the picture that a request asks for: sent once, and asked for until it is done.

    Raises:
        CallError: one of its four classes. ConfigError: something must be changed before any call can succeed.
    """
    async with service.session() as session:
        began = time.time()
        if queue.recovery == "listing":
            await note(json.dumps({"at": began}))
        reply = await session.pay(path, json=body)
        job = _job(queue, reply)
        _belongs(job, _owner(sent, began))
        await note(json.dumps({"at": began, "id": job.id, "url": job.url}))

        async def look() -> Ready | CallError | ConfigError | None:
            state = await queue.look(session, job)
            if isinstance(state, (NotThere, CannotTell)) and time.time() - began > _NEW:
                return Unknown(state.why)
            return None if isinstance(state, (Pending, NotThere, CannotTell)) else state

        state = await session.patiently(look)
        if isinstance(state, Ready):
            return await _picture(session, state, warnings)
        raise state


def objects(document: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    """Return the objects in a list of a document, whatever else is there."""
    given: Any = document.get(name)
    found = cast("list[Any]", given) if isinstance(given, list) else []
    return [cast("dict[str, Any]", one) for one in found if isinstance(one, dict)]


def seconds_of(text: object) -> float | None:
    """Return the seconds since 1970 of a time in a list, which is in UTC unless it says otherwise; None if it is not a time."""
    try:
        at = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()


async def _picture(session: Session, ready: Ready, warnings: tuple[str, ...]) -> Picture:
    return Picture(await session.fetch(ready.url), dict(ready.facts), warnings, ready.usd)


def _job(queue: Queue, reply: Reply) -> Job:
    try:
        return queue.accepted(reply.object())
    except (KeyError, TypeError) as error:
        raise Unknown(f"the request was accepted, but its answer names no job: {short(reply.body[:200])}") from error


def _owner(sent: Sent, at: float) -> str:
    """Return what tells a try from all others, also from those of another place that has the same run."""
    return f"{sent.id} {at}"


def _belongs(job: Job, owner: str) -> None:
    _of_tries[job.id] = owner
    while len(_of_tries) > _KNOWN:
        _of_tries.pop(next(iter(_of_tries)), None)


def _read(handle: str) -> tuple[float | None, Job | None]:
    """Return when a try was sent and the job in its handle, as far as they were noted."""
    try:
        about: Any = json.loads(handle)
    except ValueError:
        return None, None
    if not isinstance(about, dict):
        return None, None
    noted = cast("dict[str, Any]", about)
    at, identifier, url = noted.get("at"), noted.get("id"), noted.get("url")
    job = Job(identifier, url) if isinstance(identifier, str) and isinstance(url, str) else None
    return (float(at) if isinstance(at, (int, float)) else None), job
