"""The queue of Black Forest Labs: a request is posted, asked for at the address that its answer names, and its picture fetched
within ten minutes.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from onbrief.errors import Blocked, Failed
from onbrief.ports import ModelName, NotThere, Pending, Recovery
from onbrief.providers import wire
from onbrief.providers.bfl import KEY, KEYS_AT, TITLE
from onbrief.providers.drawing import Drawn
from onbrief.providers.http import short
from onbrief.providers.jobs import Job, Listed, Ready, State
from onbrief.providers.wire import Service, Session

_CREDIT = 0.01  # US dollars
_BLOCKED = ("Request Moderated", "Content Moderated")


def service(name: ModelName, base_url: str) -> Service:
    """Return the service at this address.

    Raises:
        UsageError: the option `timeout` is not allowed. ConfigError: there is no key.
    """
    key = wire.key(KEY, TITLE, KEYS_AT)
    address = wire.base_url("bfl.base_url", base_url)
    return Service(address, {"x-key": key}, wire.timeout(name), domains=("bfl.ai", "bfl.ml"))


@dataclass(frozen=True, slots=True)
class BflQueue:
    """One model of the service."""

    service: Service
    model: str
    recovery: Recovery = "first reply"
    lag: float = 0.0

    def submission(self, drawn: Drawn) -> tuple[str, dict[str, Any]]:
        """See jobs.Queue."""
        assert not isinstance(drawn.shape, str)  # a grid, in the catalogue
        width, height = drawn.shape
        body: dict[str, Any] = {"prompt": drawn.text, "width": width, "height": height, "seed": drawn.seed, **drawn.options}
        return self.path, body

    @property
    def path(self) -> str:
        """The path of requests for this model."""
        return f"v1/{self.model}"

    def accepted(self, document: Mapping[str, Any]) -> Job:
        """See jobs.Queue. Each region answers for its own jobs, so the address in the answer counts, unless it is elsewhere."""
        identifier, url = str(document["id"]), str(document.get("polling_url") or "")
        return Job(identifier, url if self.service.owns(url) else f"v1/get_result?id={identifier}")

    async def look(self, session: Session, job: Job) -> State:
        """See jobs.Queue."""
        reply = await session.ask(job.url, missing=True)
        document = reply.object()
        status = document.get("status")
        match status:
            case "Ready":
                return _ready(document)
            case "Request Moderated" | "Content Moderated":
                return Blocked(_words(document), usd=_cost(document))
            case "Error":
                return Failed(_words(document), usd=_cost(document))
            case "Task not found":
                return NotThere("the service does not know this request any more")
            case _:
                return NotThere("the service does not know this request any more") if reply.status == 404 else Pending(1.0)

    async def listed(self, session: Session, body: Mapping[str, Any], since: float, until: float) -> Sequence[Listed]:
        """See jobs.Queue. The service has no list."""
        return ()


def _ready(document: Mapping[str, Any]) -> State:
    found: Any = document.get("result")
    result = cast("dict[str, Any]", found) if isinstance(found, dict) else {}
    sample = result.get("sample")
    if not isinstance(sample, str) or not sample:
        return Failed(f"the answer has no picture: {short(str(dict(document)))}", usd=_cost(document))
    return Ready(sample, {"seed": str(result["seed"])} if "seed" in result else {}, _cost(document))


def _cost(document: Mapping[str, Any]) -> float | None:
    """Return the cost in US dollars; the service says it in credits, once a job has ended."""
    cost: Any = document.get("cost")
    sound = isinstance(cost, (int, float)) and not isinstance(cost, bool) and math.isfinite(cost) and cost >= 0
    return cost * _CREDIT if sound else None


def _words(document: Mapping[str, Any]) -> str:
    """Return the status with what is said about it."""
    said = document.get("error") or document.get("details") or document.get("result")
    return short(f"{document.get('status')}: {said}" if said else str(document.get("status")))
