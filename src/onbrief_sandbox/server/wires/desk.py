"""What the services share that the server answers as: receive a call, apply the script of faults, write the bill, reply."""

from __future__ import annotations

import asyncio
import sys
import time
import uuid
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from onbrief_sandbox.server import answers, easel, limits, receiving
from onbrief_sandbox.server.bill import Entry, digest
from onbrief_sandbox.server.faults import Fault
from onbrief_sandbox.server.limits import Standing
from onbrief_sandbox.server.refusals import Refusal
from onbrief_sandbox.server.terms import Terms
from onbrief_sandbox.server.wires.catalogue import WireModel

Endpoint = Callable[[Request], Awaitable[Response]]
Sorry = Callable[[int, str], Response]
"""Makes an error response of a service from a status and a message."""
Limited = Callable[[str, Standing], Response]
"""Makes the response of a service to a call above a limit, from the id of the model and where the limit stands."""


class Declined(Exception):
    """The service does not accept a request; `response` says so in its format."""

    def __init__(self, response: Response) -> None:
        super().__init__(response.status_code)
        self.response = response


@dataclass(frozen=True, slots=True)
class WireCall:
    """One valid call. `seconds` is its minimum duration, from `began`. `fault` is what a script wants to go wrong."""

    id: str
    operation: str
    model: WireModel
    sha256: str
    fault: Fault | None
    began: float
    seconds: float

    def spoilt(self, picture: bytes) -> bytes:
        """Return the picture, or what a fault makes of it."""
        does = self.fault.does if self.fault else None
        return easel.spoil(picture, does) if does in ("blank", "truncated", "text") else picture

    def has(self, does: str) -> bool:
        """Return whether the fault is of this kind, for services that answer it in a way of their own."""
        return self.fault is not None and self.fault.does == does


@dataclass(frozen=True, slots=True)
class Desk:
    """The desk of one service, with the settings of the server. `sorry` makes its error responses, and `limited` those to calls
    above a limit, if they have a form of their own. With `tells_limits`, all answers say where the limits stand.
    """

    service: str
    terms: Terms
    sorry: Sorry
    limited: Limited | None = None
    tells_limits: bool = False

    def endpoint(self, work: Callable[[Request, bytes], Awaitable[Response]]) -> Endpoint:
        """Return an endpoint that gets a request and its whole body. Whatever it raises becomes an error of the service."""

        async def endpoint(request: Request) -> Response:
            try:
                body = await receiving.whole_body(request)
                return await work(request, body)
            except Declined as declined:
                return declined.response
            except Refusal as refused:
                return self.sorry(refused.status, refused.message)
            except ClientDisconnect:
                return Response()  # the client is gone
            except asyncio.CancelledError:  # the server is shutting down during the call
                return self.sorry(503, "The service is shutting down.")
            except Exception as error:  # noqa: BLE001 - clients always get an error in the service's format
                print(f"sandbox: {self.service}: {type(error).__name__}: {error}", file=sys.stderr)
                return self.sorry(500, "The server had an error while processing the request.")

        return endpoint

    def call(self, operation: str, model: WireModel, body: bytes) -> WireCall:
        """Count a valid call, and return it with the fault that applies to it."""
        fault = self.terms.script.next(model, f"{self.service}.{operation}")
        seconds = self.terms.seconds(model) + (fault.delay if fault else 0.0)
        return WireCall(str(uuid.uuid4()), operation, model, digest(body), fault, time.monotonic(), seconds)

    async def answered(
        self,
        call: WireCall,
        make: Callable[[], Awaitable[Response]],
        usd: float | None = None,
        kind: str = "picture",
        tokens: int = 0,
    ) -> Response:
        """Return the answer to a call, or what its fault makes of it. A call that the service accepts is billed for `usd`
        before it is answered, unless that is None: it costs nothing, and no limit holds for it. `tokens` are those that it
        uses. An accepted call is done even if its answer is lost.
        """
        fault, standings = call.fault, list[Standing]()
        if usd is not None and (fault is None or fault.accepted):
            operation = f"{self.service}.{call.operation}"
            standings = self.terms.limits.take(call.model, operation, tokens, self.terms.clock, call.model.id)
            if late := limits.exceeded(standings):
                return self._refused(call, late, standings)
        if fault and fault.does == "status":
            if fault.accepted and usd is not None:
                self.bill(call, 0.0, "status")
            await self.wait(call)
            answer = self.sorry(fault.status, fault.message)
            for name, value in fault.headers.items():
                answer.headers[name] = value
            return answer
        if usd is not None:
            self.bill(call, usd, kind if fault is None or fault.does == "delay" else fault.does)
        whole = await make()
        if self.tells_limits:
            whole.headers.update(limits.headers(standings, "x-ratelimit"))
        await self.wait(call)
        if fault and fault.does == "reset":
            return answers.Reset()
        return answers.Cut(whole, fault.byte_of(len(whole.body))) if fault and fault.does == "cut" else whole

    def _refused(self, call: WireCall, late: Standing, standings: Sequence[Standing]) -> Response:
        """Return the answer to a call above a limit."""
        words = f"Request was throttled. The limit of {late.rate} is reached; retry in {late.wait:.1f} seconds."
        answer = self.limited(call.model.id, late) if self.limited else self.sorry(429, words)
        answer.headers.update(limits.retry_after(late))
        if self.tells_limits:
            answer.headers.update(limits.headers(standings, "x-ratelimit"))
        return answer

    def bill(self, call: WireCall, usd: float, kind: str) -> None:
        """Write a line on the bill."""
        self.terms.bill.add(Entry(call.id, call.model.id, f"{self.service}.{call.operation}", call.sha256, usd, kind))

    async def wait(self, call: WireCall) -> None:
        """Wait until a call has taken its minimum duration."""
        await asyncio.sleep(max(0.0, call.began + call.seconds - time.monotonic()))


@dataclass(frozen=True, slots=True)
class Wire:
    """A service that the server answers as, below the path /NAME. `routes` makes its routes, without that path; `exports` the
    environment variables that lead its clients, and ours, to the given address of the service; `notes` says what the official
    client must be given instead, if it reads none. `limited` and `tells_limits` as in Desk.
    """

    name: str
    sorry: Sorry
    routes: Callable[[Desk], Sequence[BaseRoute]]
    exports: Callable[[str], Mapping[str, str]]
    notes: str = ""
    limited: Limited | None = None
    tells_limits: bool = False

    def desk(self, terms: Terms) -> Desk:
        """Return the desk of the service, with the settings of a server."""
        return Desk(self.name, terms, self.sorry, self.limited, self.tells_limits)
