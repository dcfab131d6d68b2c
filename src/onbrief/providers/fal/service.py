"""The queue of fal, and its list of requests, where one is found whose first reply was lost."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, cast

from onbrief.errors import Blocked, CallError, ConfigError, Failed, Unknown
from onbrief.ports import ModelName, NotThere, Pending, Recovery
from onbrief.providers import http, wire
from onbrief.providers.catalogue import ImageModelFacts
from onbrief.providers.drawing import Drawn
from onbrief.providers.fal import KEY, KEYS_AT, TITLE
from onbrief.providers.http import short
from onbrief.providers.jobs import Job, Listed, Ready, State, objects, seconds_of
from onbrief.providers.wire import Reply, Service, Session

_PAGES = 20  # of 100 requests; a list that has more in the time of one call is not searched further
_NAMESPACES = ("workflows", "comfy")
_HEADERS = {
    "x-fal-no-retry": "1",  # the queue tries again by itself otherwise, up to ten times
    "x-fal-store-io": "1",  # what was sent stays in the list of requests, where a lost one is found by it
    "x-app-fal-disable-fallback": "true",  # no other model than the one that was asked for
}


def service(name: ModelName, base_url: str) -> Service:
    """Return the service whose queue is at this address.

    Raises:
        UsageError: the option `timeout` is not allowed. ConfigError: there is no key.
    """
    key = wire.key(KEY, TITLE, KEYS_AT)
    address = wire.base_url("fal.base_url", base_url)
    headers = {"Authorization": f"Key {key}", **_HEADERS}
    return Service(address, headers, wire.timeout(name), outcome, domains=("fal.run", "fal.ai"))


def outcome(reply: Reply) -> CallError | ConfigError:
    """Return the outcome of an error response: its `detail` is a text, or a list of errors with a `type` and a `msg` each."""
    try:
        document: Any = reply.json()
    except Unknown:
        return wire.outcome(reply)
    detail: Any = cast("dict[str, Any]", document).get("detail") if isinstance(document, dict) else document
    if not isinstance(detail, list) or not detail:
        return wire.outcome(reply)
    errors = [cast("dict[str, Any]", one) for one in cast("list[Any]", detail) if isinstance(one, dict)]
    types = [str(one.get("type", "")) for one in errors]
    words = "; ".join(f"{'.'.join(map(str, one.get('loc', ())))}: {one.get('msg', '')}".lstrip(": ") for one in errors)
    code = next((one for one in types if one == "content_policy_violation"), types[0] if types else "")
    return http.classify(reply.status, words, code, reply.headers)


@dataclass(frozen=True, slots=True)
class FalQueue:
    """One model of the service. `platform` is the address of its list of requests."""

    service: Service
    platform: str
    facts: ImageModelFacts
    recovery: Recovery = "listing"
    lag: float = 60.0

    def submission(self, drawn: Drawn) -> tuple[str, dict[str, Any]]:
        """See jobs.Queue."""
        body: dict[str, Any] = {"prompt": drawn.text}
        if drawn.negative:
            body["negative_prompt"] = drawn.negative
        if isinstance(drawn.shape, str):
            body["aspect_ratio"] = drawn.shape
        else:
            body["image_size"] = {"width": drawn.shape[0], "height": drawn.shape[1]}
        if drawn.seed is not None:
            body["seed"] = drawn.seed
        return self.facts.id, body | dict(drawn.options)

    def accepted(self, document: Mapping[str, Any]) -> Job:
        """See jobs.Queue."""
        identifier, url = str(document["request_id"]), str(document.get("response_url") or "")
        parts = self.facts.id.split("/")
        app = "/".join(parts[: 3 if parts[0] in _NAMESPACES else 2])  # the rest of an id is a path within the app
        return Job(identifier, url if self.service.owns(url) else f"{self.service.url}/{app}/requests/{identifier}")

    async def look(self, session: Session, job: Job) -> State:
        """See jobs.Queue."""
        status = await session.ask(f"{job.url}/status", missing=True)
        document = status.object()
        if status.status == 404:
            return await self._recorded(session, job)
        if document.get("status") != "COMPLETED":
            return Pending(1.0)
        if error := document.get("error"):
            return _ended(http.classify(500, str(error), str(document.get("error_type") or "")))
        reply = await session.ask(job.url, answers=(400, 404, 422, 500, 502, 504))
        if reply.status == 404:
            return await self._recorded(session, job)
        if reply.status == 400 and b"in progress" in reply.body:
            return Pending(1.0)
        if reply.status >= 500 and "x-fal-error-type" not in reply.headers:
            raise Unknown(str(outcome(reply)))  # the look failed, not the request
        return _result(reply.object()) if reply.status < 300 else _ended(outcome(reply))

    async def listed(self, session: Session, body: Mapping[str, Any], since: float, until: float) -> Sequence[Listed]:
        """See jobs.Queue."""
        found: list[Listed] = []
        cursor = ""
        for _ in range(_PAGES):
            asked = {"start": _iso(since), "limit": "100", **({"cursor": cursor} if cursor else {})}
            if until < time.time():
                asked["end"] = _iso(until)
            document = await self._list(session, asked)
            for item in objects(document, "items"):
                at = seconds_of(item.get("sent_at") or item.get("started_at"))
                if item.get("json_input") == body and at is not None and since <= at <= until and "request_id" in item:
                    found.append(Listed(self.accepted(item), at))
            cursor = document.get("next_cursor") or ""
            if not document.get("has_more") or not cursor:
                break
        return found

    async def _recorded(self, session: Session, job: Job) -> State:
        """Return what the list of requests says of one whose result the queue does not keep any more."""
        document = await self._list(session, {"request_id": job.id})
        item = next((item for item in objects(document, "items") if item.get("request_id") == job.id), None)
        if item is None:
            return NotThere("the service does not know this request any more")
        output, status = item.get("json_output"), item.get("status_code")
        if isinstance(status, int) and status >= 300:
            return _ended(outcome(Reply(status, json.dumps(output).encode())))
        return _result(cast("dict[str, Any]", output)) if isinstance(output, dict) else Pending(1.0)

    async def _list(self, session: Session, asked: Mapping[str, str]) -> dict[str, Any]:
        params = {"endpoint_id": self.facts.id, "expand": "payloads", **asked}
        reply = await session.ask(f"{self.platform}/v1/models/requests/by-endpoint", params=params)
        return reply.object()


def _result(document: Mapping[str, Any]) -> State:
    """Return the picture in the result of a request."""
    images: Any = document.get("images") or [document.get("image")]
    first: Any = cast("list[Any]", images)[0] if isinstance(images, list) else None
    url: Any = cast("dict[str, Any]", first).get("url") if isinstance(first, dict) else None
    flagged: Any = document.get("has_nsfw_concepts")
    if isinstance(flagged, list) and any(cast("list[Any]", flagged)):
        return Blocked("the safety checker of fal found that the picture is not safe for work")
    if not isinstance(url, str) or not url:
        return Failed(f"the answer has no picture: {short(str(dict(document)))}")
    return Ready(url, {"seed": str(document["seed"])} if "seed" in document else {})


def _ended(error: CallError | ConfigError) -> CallError | ConfigError:
    """Return the error with what it costs: requests that fail are free at fal."""
    return Failed(str(error), hint=error.hint, usd=0.0) if isinstance(error, Failed) else error


def _iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
