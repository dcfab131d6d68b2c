"""The predictions of Replicate, and the list of them, where one is found whose first reply was lost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from onbrief.errors import Blocked, Failed
from onbrief.ports import CannotTell, ModelName, NotThere, Pending, Recovery
from onbrief.providers import http, wire
from onbrief.providers.drawing import Drawn
from onbrief.providers.http import short
from onbrief.providers.jobs import Job, Listed, Ready, State, objects, seconds_of
from onbrief.providers.replicate import KEY, KEYS_AT, TITLE
from onbrief.providers.wire import Service, Session

_PAGES = 30  # of 100 predictions; a list that has more since one call is not searched further
_SENSITIVE = "(E005)"  # the code of an input or output that was flagged


def service(name: ModelName, base_url: str) -> Service:
    """Return the service at this address.

    Raises:
        UsageError: the option `timeout` is not allowed. ConfigError: there is no token.
    """
    token = wire.key(KEY, TITLE, KEYS_AT)
    address = wire.base_url("replicate.base_url", base_url)
    headers = {"Authorization": f"Bearer {token}"}
    return Service(address, headers, wire.timeout(name), domains=("api.replicate.com",))


@dataclass(frozen=True, slots=True)
class ReplicateQueue:
    """One model of the service, OWNER/NAME."""

    service: Service
    model: str
    recovery: Recovery = "listing"
    lag: float = 20.0

    def submission(self, drawn: Drawn) -> tuple[str, dict[str, Any]]:
        """See jobs.Queue. Without the header Prefer, the first reply comes at once, and has the id."""
        given: dict[str, Any] = {"prompt": drawn.text}
        if drawn.negative:
            given["negative_prompt"] = drawn.negative
        if isinstance(drawn.shape, str):
            given["aspect_ratio"] = drawn.shape
        else:
            given |= {"aspect_ratio": "custom", "width": drawn.shape[0], "height": drawn.shape[1]}
        if drawn.seed is not None:
            given["seed"] = drawn.seed
        return f"v1/models/{self.model}/predictions", {"input": given | dict(drawn.options)}

    def accepted(self, document: Mapping[str, Any]) -> Job:
        """See jobs.Queue."""
        identifier, urls = str(document["id"]), document.get("urls")
        url = str(cast("dict[str, Any]", urls).get("get") or "") if isinstance(urls, dict) else ""
        return Job(identifier, url if self.service.owns(url) else f"v1/predictions/{identifier}")

    async def look(self, session: Session, job: Job) -> State:
        """See jobs.Queue."""
        reply = await session.ask(job.url, missing=True)
        if reply.status == 404:
            return NotThere("the service does not know this prediction any more")
        document = reply.object()
        error = short(str(document.get("error") or document.get("status")))
        match document.get("status"):
            case "succeeded":
                return _ready(document)
            case "failed" if _SENSITIVE in error or http.speaks_of_content(error):
                return Blocked(error)
            case "failed" | "canceled":
                return Failed(error)
            case "aborted":  # before it was begun
                return Failed(error, usd=0.0)
            case _:
                return Pending(1.0)

    async def listed(self, session: Session, body: Mapping[str, Any], since: float, until: float) -> Sequence[Listed]:
        """See jobs.Queue. The newest come first, a hundred on a page."""
        found: list[Listed] = []
        page = "v1/predictions"
        for _ in range(_PAGES):
            document = (await session.ask(page)).object()
            for item in objects(document, "results"):
                at = seconds_of(item.get("created_at"))
                if at is not None and at < since:
                    return found
                same = item.get("input") == body["input"] and item.get("model") == self.model
                if same and at is not None and at <= until and "id" in item:
                    found.append(Listed(self.accepted(item), at))
            page = str(document.get("next") or "")
            if not self.service.owns(page):
                break
        return found


def _ready(document: Mapping[str, Any]) -> State:
    """Return the picture of a prediction that succeeded: its output is a URL, or a list of URLs."""
    if document.get("data_removed"):
        return CannotTell("the service has deleted the picture: it keeps the output of a prediction for an hour")
    output: Any = document.get("output")
    url: Any = next(iter(cast("list[Any]", output)), None) if isinstance(output, list) else output
    if not isinstance(url, str) or not url:
        return Failed(f"the prediction has no picture: {short(str(cast('object', output)))}")
    return Ready(url)
