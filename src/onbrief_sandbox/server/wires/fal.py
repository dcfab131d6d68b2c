"""fal below /fal: its queue at /MODEL and /APP/requests/ID, its list at /v1/models/requests/by-endpoint, and its files."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, cast

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from onbrief.brief import Size
from onbrief_sandbox.server.wires import jobs
from onbrief_sandbox.server.wires.catalogue import SERVICES, WireModel
from onbrief_sandbox.server.wires.desk import Declined, Desk, Wire
from onbrief_sandbox.server.wires.jobs import Job, Jobs, Order, Rule

_KEPT = 3600.0  # seconds that the queue has a result whose input and output are not stored
_KEPT_LARGE, _LARGE = 360.0, 10_000  # seconds, for a result of so many bytes
_STORED = 30 * 86_400.0  # seconds that inputs and outputs are stored
_LISTED = 86_400.0  # seconds that the list goes back, unless it is asked for more
_SIZES: Mapping[str, Size] = {
    "square_hd": (1024, 1024),
    "square": (512, 512),
    "portrait_4_3": (768, 1024),
    "portrait_16_9": (576, 1024),
    "landscape_4_3": (1024, 768),
    "landscape_16_9": (1024, 576),
}
_FIELDS: Mapping[str, Rule] = {
    "prompt": Rule(str, required=True),
    "num_images": Rule(int, low=1, high=1),
    "seed": Rule(int, low=0, high=2**32 - 1),
    "output_format": Rule(str, one_of=("jpeg", "png")),
    "sync_mode": Rule(bool),
}
_MORE: Mapping[str, Rule] = {
    "safety_tolerance": Rule(int, low=1, high=5),
    "enable_safety_checker": Rule(bool),
    "guidance_scale": Rule(float, low=0, high=20),
    "num_inference_steps": Rule(int, low=1, high=250),
    "negative_prompt": Rule(str),
}
_SIDES = (256, 2048)


def sorry(status: int, message: str) -> Response:
    """Return an error response of the service."""
    return jobs.reply({"detail": message}, status)


@dataclass(slots=True)
class _Work:
    """What else belongs to a job: what is wrong with its input, and whether its input and output are stored."""

    problems: Sequence[jobs.Problem]
    stored: bool
    asked_to_store: bool


@dataclass(frozen=True, slots=True)
class Fal:
    """The service: what it accepts, and what it answers."""

    jobs: Jobs

    async def submit(self, request: Request, body: bytes) -> Response:
        """Take a request into the queue. Its input is looked at later."""
        _admit(request)
        path = request.path_params["path"]
        model = SERVICES["fal"].models.get(path)
        if model is None:
            raise Declined(sorry(404, f'Application "{path}" not found'))
        given = jobs.parsed(body, lambda: sorry(422, "Invalid JSON"))
        problems = jobs.problems(given, _fields(model), strict=False) or _problems_of_size(given)
        call = self.jobs.call("submit", model, body)
        order = Order() if problems else _ordered(given)
        end = "invalid" if problems else jobs.end_of(call)
        usd = jobs.price(model, order.size) if end in ("picture", "empty", "picture refused") else 0.0
        store, address = request.headers.get("x-fal-store-io"), jobs.address(request)

        async def make() -> Response:
            job = self.jobs.accept(call.id, call, given, order, end)
            job.about = _Work(problems, store != "0", store == "1")
            url = f"{address}/{_app(path)}/requests/{job.id}"
            urls = {"response_url": url, "status_url": f"{url}/status", "cancel_url": f"{url}/cancel"}
            return jobs.reply({"status": "IN_QUEUE", "request_id": job.id, "queue_position": 0, **urls}, headers=_ids(job))

        return await self.jobs.desk.answered(call, make, usd)

    async def look(self, request: Request, body: bytes) -> Response:
        """Return the state of a request, or its result."""
        _admit(request)
        app, _, rest = request.path_params["path"].partition("/requests/")
        identifier, _, what = rest.partition("/")
        job = self.jobs.find(identifier)
        gone = job is None or _app(job.call.model.id) != app or self.jobs.age(job) > _kept(job)
        if job is None or gone or what not in ("", "status"):
            raise Declined(sorry(404, "Request not found"))
        if what:
            return await self.jobs.answered("status", job, lambda: self._status(job, jobs.address(request)))
        if not self.jobs.ended(job):
            raise Declined(sorry(400, "Request is still in progress"))
        return await self.jobs.answered("result", job, lambda: self._result(job, jobs.address(request)))

    async def cancel(self, request: Request, body: bytes) -> Response:
        """Cancel a request whose work is not over."""
        _admit(request)
        job = self.jobs.find(request.path_params["id"])
        if job is None:
            raise Declined(sorry(404, "Request not found"))
        if self.jobs.ended(job):
            return jobs.reply({"status": "ALREADY_COMPLETED"}, 400)
        job.end, job.done = "cancelled", self.jobs.now
        return jobs.reply({"status": "CANCELLATION_REQUESTED"}, 202)

    async def list(self, request: Request, body: bytes) -> Response:
        """Return the requests for some models that have ended, the last one first."""
        _admit(request)
        asked = request.query_params
        wanted = {one for text in asked.getlist("endpoint_id") for one in text.split(",") if one}
        if not wanted:
            return jobs.reply({"error": {"type": "validation_error", "message": "endpoint_id is required"}}, 400)
        model = SERVICES["fal"].models.get(next(iter(wanted)), WireModel("fal", next(iter(wanted))))
        address = jobs.address(request)
        call = self.jobs.call("list", model)

        async def make() -> Response:
            back = _STORED if "request_id" in asked else _LISTED
            since = _seconds(asked["start"]) if "start" in asked else self.jobs.now - back
            until = _seconds(asked["end"]) if "end" in asked else self.jobs.now + 1
            found = [
                job
                for job in self.jobs.newest()
                if job.call.model.id in wanted
                and self.jobs.ended(job)
                and since <= job.at < until
                and asked.get("request_id", job.id) == job.id
            ]
            limit, page = int(asked.get("limit", "50")), _page(asked.get("cursor", ""))
            shown = found[page * limit : (page + 1) * limit]
            more = len(found) > (page + 1) * limit
            items = [self._item(job, address, "payloads" in asked.getlist("expand")) for job in shown]
            return jobs.reply({"items": items, "next_cursor": _cursor(page + 1) if more else None, "has_more": more})

        return await self.jobs.desk.answered(call, make)

    async def fetch(self, request: Request, body: bytes) -> Response:
        """Return a picture, whose URL anybody can open."""
        job = self.jobs.find(request.path_params["id"])
        if job is None or not self.jobs.ended(job):
            return Response("Not found", 404)
        return await self.jobs.answered("fetch", job, lambda: self.jobs.picture(job))

    async def _status(self, job: Job, address: str) -> Response:
        url = f"{address}/{_app(job.call.model.id)}/requests/{job.id}"
        about: dict[str, object] = {"request_id": job.id, "response_url": url, "status_url": f"{url}/status"}
        if not self.jobs.ended(job):
            return jobs.reply({"status": "IN_PROGRESS", "logs": None, **about}, 202, _ids(job))
        about |= {"status": "COMPLETED", "logs": None, "metrics": {"inference_time": job.done - job.at}}
        if job.end == "failed":
            about |= {"error": "Inference error", "error_type": "internal_error"}
        if job.end == "cancelled":
            about |= {"error": "Request was cancelled", "error_type": "client_cancelled"}
        return jobs.reply(about, headers=_ids(job))

    async def _result(self, job: Job, address: str) -> Response:
        status, document = _output(job, address)
        headers = {**_ids(job), **({"x-fal-error-type": "internal_error"} if status >= 500 else {})}
        return jobs.reply(document, status, headers)

    def _item(self, job: Job, address: str, payloads: bool) -> dict[str, object]:
        status, output = _output(job, address)
        item: dict[str, object] = {
            "request_id": job.id,
            "endpoint_id": job.call.model.id,
            "sent_at": _iso(job.at),
            "started_at": _iso(job.at),
            "ended_at": _iso(job.done),
            "status_code": status,
            "duration": job.done - job.at,
        }
        if payloads and job.about.stored and self.jobs.age(job) <= _STORED:
            item |= {"json_input": job.given, "json_output": output}
        return item


def _admit(request: Request) -> None:
    """Refuse a request without a key."""
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    if scheme not in ("Key", "Bearer") or not key:
        raise Declined(sorry(401, "Authentication is required to access this application."))


def _fields(model: WireModel) -> Mapping[str, Rule]:
    """Return the fields that a model reads; it ignores others."""
    return {**_FIELDS, **{name: _MORE[name] for name in model.facts.get("fields", ())}}


def _problems_of_size(given: Mapping[str, Any]) -> list[jobs.Problem]:
    size = given.get("image_size")
    low, high = _SIDES
    if size is None or (isinstance(size, str) and size in _SIZES):
        return []
    sides = cast("dict[str, object]", size) if isinstance(size, dict) else {}
    if all(isinstance(side := sides.get(name), int) and low <= side <= high for name in ("width", "height")):
        return []
    return [jobs.Problem("image_size", f"Input should be a name, or a width and a height from {low} to {high}", "value_error")]


def _ordered(given: Mapping[str, Any]) -> Order:
    size: Any = given.get("image_size") or "landscape_4_3"
    sides = _SIZES[size] if isinstance(size, str) else (size["width"], size["height"])
    seed: int | None = given.get("seed")
    seed = secrets.randbelow(2**31) if seed is None else seed
    return Order(given["prompt"], given.get("negative_prompt") or "", sides, seed, given.get("output_format") or "jpeg")


def _output(job: Job, address: str) -> tuple[int, dict[str, object]]:
    """Return the status and the document of a result."""
    order = job.order
    match job.end:
        case "invalid":
            return 422, {"detail": [one.detail(given=job.given.get(one.name)) for one in job.about.problems]}
        case "prompt refused":
            words = "The content could not be processed because it contained material flagged by a content checker."
            return 422, {"detail": [jobs.Problem("prompt", words, "content_policy_violation").detail(given=order.prompt)]}
        case "failed":
            return 500, {"detail": [jobs.Problem("", "Internal server error", "internal_server_error").detail()]}
        case "cancelled":
            return 400, {"detail": "Request was cancelled"}
        case _:
            url = f"{address}/files/{job.id}/picture.{order.kind}"
            image = {"url": url, "content_type": f"image/{order.kind}", "width": order.size[0], "height": order.size[1]}
            images = [] if job.end == "empty" else [image]
            flagged = [job.end == "picture refused" for _ in images]
            timings = {"inference": job.done - job.at}
            about = {"seed": order.seed, "prompt": order.prompt, "has_nsfw_concepts": flagged, "timings": timings}
            return 200, {"images": images, **about}


def _kept(job: Job) -> float:
    """Return for how many seconds the queue has the result of a request."""
    if job.about.asked_to_store:
        return _STORED
    return _KEPT_LARGE if len(job.order.prompt) >= _LARGE else _KEPT


def _app(path: str) -> str:
    """Return the part of a model's id that names its app: the rest is a path within it."""
    return "/".join(path.split("/")[:2])


def _ids(job: Job) -> dict[str, str]:
    return {"x-fal-request-id": job.id}


def _iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")


def _seconds(text: str) -> float:
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise Declined(jobs.reply({"error": {"type": "validation_error", "message": f"not a date: {text}"}}, 400)) from error
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()


def _cursor(page: int) -> str:
    return base64.b64encode(str(page).encode()).decode()


def _page(cursor: str) -> int:
    return int(base64.b64decode(cursor)) if cursor else 0


def _routes(desk: Desk) -> Sequence[BaseRoute]:
    service = Fal(Jobs(desk))
    return [
        Route("/v1/models/requests/by-endpoint", desk.endpoint(service.list), methods=["GET"]),
        Route("/files/{id}/{file}", desk.endpoint(service.fetch), methods=["GET"]),
        Route("/{app:path}/requests/{id}/cancel", desk.endpoint(service.cancel), methods=["PUT"]),
        Route("/{path:path}", desk.endpoint(service.look), methods=["GET"]),
        Route("/{path:path}", desk.endpoint(service.submit), methods=["POST"]),
    ]


def _exports(url: str) -> Mapping[str, str]:
    return {"ONBRIEF_FAL_BASE_URL": url, "ONBRIEF_FAL_PLATFORM_URL": url, "FAL_KEY": "sandbox"}


WIRE = Wire(
    "fal",
    sorry,
    _routes,
    _exports,
    "fal-client speaks HTTPS only: FAL_QUEUE_RUN_HOST must name a proxy that ends TLS, followed by /fal",
)
