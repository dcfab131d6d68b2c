"""What the services share that work in a queue: jobs, accepted and billed at once and done later, and their pictures."""

from __future__ import annotations

import asyncio
import base64
import binascii
import json
import math
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, cast

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from onbrief.brief import Size
from onbrief_sandbox.server import easel
from onbrief_sandbox.server.wires.catalogue import WireModel
from onbrief_sandbox.server.wires.desk import Declined, Desk, WireCall

MEGAPIXEL = 1024 * 1024
End = Literal["picture", "empty", "prompt refused", "picture refused", "failed", "invalid", "cancelled"]
"""How a job ends: with a picture, without one, with a filter that refused the prompt or the picture, with an error of the
service, because its input was invalid, or because the client cancelled it.
"""


@dataclass(frozen=True, slots=True)
class Order:
    """What a job draws: a picture for a prompt, or one with a change."""

    prompt: str = ""
    negative: str = ""
    size: Size = (1024, 1024)
    seed: int = 0
    kind: easel.Format = "png"
    image: bytes | None = None


@dataclass(slots=True)
class Job:
    """One accepted request. `given` is its input as it was sent; `at` and `done` are seconds since 1970."""

    id: str
    call: WireCall
    given: Mapping[str, Any]
    order: Order
    at: float
    done: float
    end: End = "picture"
    about: Any = None
    picture: bytes | None = None
    painting: asyncio.Lock = field(default_factory=asyncio.Lock)


class Jobs:
    """The jobs of one service, oldest first."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self._jobs: dict[str, Job] = {}

    @property
    def now(self) -> float:
        """The seconds since 1970, by the clock of the server."""
        return self.desk.terms.clock()

    def call(self, operation: str, model: WireModel, body: bytes = b"") -> WireCall:
        """Count a call that is answered at once: only the work takes the time of its model."""
        call = self.desk.call(operation, model, body)
        return replace(call, seconds=call.fault.delay if call.fault else 0.0)

    def accept(self, identifier: str, call: WireCall, given: Mapping[str, Any], order: Order, end: End) -> Job:
        """Take a request into the queue."""
        job = Job(identifier, call, given, order, self.now, self.now + self.desk.terms.seconds(call.model), end)
        self._jobs[identifier] = job
        return job

    def find(self, identifier: str) -> Job | None:
        """Return the job with this id."""
        return self._jobs.get(identifier)

    def ended(self, job: Job) -> bool:
        """Return whether the work on a job is over."""
        return self.now >= job.done

    def age(self, job: Job) -> float:
        """Return the seconds since the work on a job was over."""
        return self.now - job.done

    def newest(self) -> Iterator[Job]:
        """Yield all jobs, the newest first."""
        return reversed(self._jobs.values())

    async def answered(self, operation: str, job: Job, make: Callable[[], Awaitable[Response]]) -> Response:
        """Return the answer to a request about a job, which costs nothing, or what a fault makes of it."""
        return await self.desk.answered(self.call(operation, job.call.model), make)

    async def picture(self, job: Job) -> Response:
        """Return the picture of a job, as its delivery sends it."""
        async with job.painting:
            if job.picture is None:
                job.picture = job.call.spoilt(await _painted(job.order))
        return Response(job.picture, media_type=f"image/{job.order.kind}")


def end_of(call: WireCall) -> End:
    """Return how a job ends whose request is this one, by the script of faults."""
    if call.fault is None or call.fault.does not in ("filtered", "empty"):
        return "picture"
    if call.fault.does == "empty":
        return "empty"
    match call.fault.reason:
        case "Inference error":
            return "failed"
        case "output image":
            return "picture refused"
        case _:
            return "prompt refused"


def megapixels(size: Size) -> int:
    """Return the megapixels that a picture counts as."""
    return math.ceil(math.prod(size) / MEGAPIXEL)


def price(model: WireModel, size: Size, image: Size | None = None) -> float:
    """Return the price of a picture in US dollars: for its first megapixel, each further one, and each of what it changes."""
    more = megapixels(size) - 1 + (megapixels(image) if image else 0)
    return round(model.usd + model.facts.get("usd_more", 0.0) * more, 6)


def address(request: Request) -> str:
    """Return the address of the service, as the client of this request knows it, also behind a proxy that ends TLS."""
    scheme = "https" if request.headers.get("x-forwarded-proto") == "https" else "http"
    return f"{scheme}://{request.url.netloc}{request.scope['root_path']}"


def reply(document: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Return a response in JSON."""
    return JSONResponse(document, status, dict(headers or {}))


@dataclass(frozen=True, slots=True)
class Problem:
    """An invalid field of a request, as a validator names it."""

    name: str
    message: str
    type: str

    def detail(self, *, given: object = None) -> dict[str, object]:
        """Return it as these services write it."""
        return {"type": self.type, "loc": ["body", self.name], "msg": self.message, "input": given}


@dataclass(frozen=True, slots=True)
class Rule:
    """A field: its type, its bounds, which are the number of characters of a text, and its allowed values."""

    kind: type
    low: float = -math.inf
    high: float = math.inf
    one_of: tuple[object, ...] = ()
    step: int = 1
    required: bool = False

    def problem(self, name: str, value: object) -> Problem | None:
        """Return what is wrong with a value."""
        kinds: tuple[type, ...] = (int, float) if self.kind is float else (self.kind,)
        if not isinstance(value, kinds) or (isinstance(value, bool) and self.kind is not bool):
            word = {str: "string", int: "integer", float: "number", bool: "boolean", dict: "dictionary", list: "list"}[
                self.kind
            ]
            return Problem(name, f"Input should be a valid {word}", f"{word}_type")
        if self.one_of and value not in self.one_of:
            return Problem(name, f"Input should be {' or '.join(map(repr, self.one_of))}", "literal_error")
        measure: Any = len(cast("str", value)) if self.kind in (str, list) else value
        if self.kind in (str, list, int, float) and not self.low <= measure <= self.high:
            what, limit = ("less than", self.high) if measure > self.high else ("greater than", self.low)
            return Problem(name, f"Input should be {what} or equal to {limit:g}", f"{what.replace(' ', '_')}_equal")
        if self.kind is int and measure % self.step:
            return Problem(name, f"Input should be a multiple of {self.step}", "multiple_of")
        return None


def problems(given: Mapping[str, Any], rules: Mapping[str, Rule], *, strict: bool = True) -> list[Problem]:
    """Return what is wrong with the fields of a request; null counts as missing."""
    found = [Problem(name, "Field required", "missing") for name, rule in rules.items() if rule.required and name not in given]
    for name, value in given.items():
        rule = rules.get(name)
        if rule is None:
            if strict:
                found.append(Problem(name, "Extra inputs are not permitted", "extra_forbidden"))
        elif (value is not None or rule.required) and (problem := rule.problem(name, value)):
            found.append(problem)
    return found


def parsed(body: bytes, sorry: Callable[[], Response]) -> dict[str, Any]:
    """Return the JSON object in a body.

    Raises:
        Declined: it is none.
    """
    try:
        document: Any = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise Declined(sorry()) from error
    if not isinstance(document, dict):
        raise Declined(sorry())
    return cast("dict[str, Any]", document)


def in_base64(text: str) -> bytes | None:
    """Return the bytes that a text encodes, as a `data:` URL or plainly; None if it does neither."""
    plain = text.partition(";base64,")[2] if text.startswith("data:") else text
    try:
        return base64.b64decode(plain, validate=True) or None
    except (binascii.Error, ValueError):
        return None


async def _painted(order: Order) -> bytes:
    if order.image is not None:
        png = await easel.edit(order.image, order.prompt, order.seed)
    else:
        png = await easel.draw(order.prompt, order.negative, order.size, order.seed)
    return await easel.encoded(png, order.kind)
