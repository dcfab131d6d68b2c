"""Black Forest Labs below /bfl: FLUX.2 at /v1/MODEL, results at /v1/get_result, and pictures for ten minutes."""

from __future__ import annotations

import io
import secrets
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from PIL import Image
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from onbrief.brief import Size
from onbrief_sandbox.server.wires import jobs
from onbrief_sandbox.server.wires.catalogue import SERVICES, WireModel
from onbrief_sandbox.server.wires.desk import Declined, Desk, Wire
from onbrief_sandbox.server.wires.jobs import Job, Jobs, Order, Rule

_KEPT = 600.0  # seconds that the URL of a picture is valid
_REMEMBERED = 86_400.0  # seconds that the result of a job can be asked for; not documented
_PIXELS = 4_000_000 + jobs.MEGAPIXEL // 4  # 2048 x 2048 is accepted
_FIELDS: Mapping[str, Rule] = {
    "prompt": Rule(str, required=True, low=1),
    "width": Rule(int, low=64, high=4096, step=16),
    "height": Rule(int, low=64, high=4096, step=16),
    "seed": Rule(int, low=0, high=2**32 - 1),
    "safety_tolerance": Rule(int, low=0, high=5),
    "output_format": Rule(str, one_of=("jpeg", "png")),
    "webhook_url": Rule(str),
    "webhook_secret": Rule(str),
    **{f"input_image{suffix}": Rule(str, low=1) for suffix in ("", *(f"_{number}" for number in range(2, 9)))},
}
_FLEX: Mapping[str, Rule] = {"steps": Rule(int, low=1, high=50), "guidance": Rule(float, low=1.5, high=10)}


def sorry(status: int, message: str) -> Response:
    """Return an error response of the service."""
    return jobs.reply({"detail": message}, status)


def _invalid(problems: Sequence[jobs.Problem], given: Mapping[str, Any]) -> Declined:
    return Declined(jobs.reply({"detail": [one.detail(given=given.get(one.name)) for one in problems]}, 422))


@dataclass(frozen=True, slots=True)
class Bfl:
    """The service: what it accepts, and what it answers."""

    jobs: Jobs

    async def submit(self, request: Request, body: bytes) -> Response:
        """Take a request for a picture, or for a change of one."""
        _admit(request)
        model = SERVICES["bfl"].models.get(request.path_params["model"])
        if model is None:
            raise Declined(sorry(404, "Not Found"))
        given = jobs.parsed(body, lambda: sorry(422, "There was an error parsing the body"))
        order, image = _ordered(model, given)
        call = self.jobs.call("submit", model, body)
        end = jobs.end_of(call)
        usd = 0.0 if end in ("prompt refused", "failed") else jobs.price(model, order.size, image)
        address = jobs.address(request)

        async def make() -> Response:
            job = self.jobs.accept(str(uuid.UUID(call.id)), call, given, order, end)
            job.about = usd
            return jobs.reply({"id": job.id, "polling_url": f"{address}/v1/get_result?id={job.id}"})

        return await self.jobs.desk.answered(call, make, usd)

    async def poll(self, request: Request, body: bytes) -> Response:
        """Return the state of a job."""
        _admit(request)
        identifier = request.query_params.get("id", "")
        job = self.jobs.find(identifier)
        if job is None or self.jobs.age(job) > _REMEMBERED:
            return jobs.reply({"id": identifier, "status": "Task not found", "result": None, "progress": None}, 404)
        address = jobs.address(request)

        async def make() -> Response:
            return jobs.reply(self._state(job, address))

        return await self.jobs.answered("poll", job, make)

    async def fetch(self, request: Request, body: bytes) -> Response:
        """Return a picture at its signed URL."""
        job = self.jobs.find(request.path_params["id"])
        signed = job is not None and request.query_params.get("sig") == _signature(job)
        if job is None or not signed or self.jobs.age(job) > _KEPT:
            return Response("<Error><Code>AuthenticationFailed</Code></Error>", 403, media_type="application/xml")
        return await self.jobs.answered("fetch", job, lambda: self.jobs.picture(job))

    def _state(self, job: Job, address: str) -> dict[str, object]:
        state: dict[str, object] = {"id": job.id, "status": "Pending", "result": None, "progress": 0.5, "details": None}
        if not self.jobs.ended(job):
            return state
        state |= {"progress": 1.0, "cost": round(100 * job.about, 4)}
        match job.end:
            case "prompt refused":
                return state | {"status": "Request Moderated", "details": {"Moderation Reasons": ["Content Policy"]}}
            case "picture refused":
                return state | {"status": "Content Moderated", "details": {"Moderation Reasons": ["Content Policy"]}}
            case "failed":
                return state | {"status": "Error", "error": "Generation Error"}
            case "empty":
                return state | {"status": "Ready", "result": {"prompt": job.order.prompt, "seed": job.order.seed}}
            case _:
                sample = f"{address}/results/{job.id}/sample.{job.order.kind}?sig={_signature(job)}"
                times = {"start_time": _iso(job.at), "end_time": _iso(job.done), "duration": job.done - job.at}
                result = {"sample": sample, "prompt": job.order.prompt, "seed": job.order.seed, **times}
                return state | {"status": "Ready", "result": result}


def _admit(request: Request) -> None:
    """Refuse a request without a key."""
    if not request.headers.get("x-key"):
        raise Declined(sorry(403, "Not authenticated - X-Key header is missing"))


def _ordered(model: WireModel, given: Mapping[str, Any]) -> tuple[Order, Size | None]:
    """Return what a request asks for, and the size of the picture that it changes."""
    fields = {**_FIELDS, **(_FLEX if model.facts.get("flexible") else {})}
    if found := jobs.problems(given, fields):
        raise _invalid(found, given)
    image = None
    if text := given.get("input_image"):
        image = jobs.in_base64(text)
        if image is None:
            raise _invalid([jobs.Problem("input_image", "Input should be an image in base64", "value_error")], given)
    before = _size_of(image, given) if image else None
    size = (given.get("width") or (before or (1024, 1024))[0], given.get("height") or (before or (1024, 1024))[1])
    if size[0] * size[1] > _PIXELS:
        raise _invalid([jobs.Problem("width", "The picture must have at most 4 megapixels", "value_error")], given)
    seed = given.get("seed")
    kind = given.get("output_format") or "jpeg"
    order = Order(given["prompt"], size=size, seed=secrets.randbelow(2**32) if seed is None else seed, kind=kind)
    return replace(order, image=image), before


def _size_of(image: bytes, given: Mapping[str, Any]) -> Size:
    try:
        with Image.open(io.BytesIO(image), formats=["PNG", "JPEG", "WEBP"]) as opened:
            return opened.size
    except (OSError, ValueError) as error:
        raise _invalid([jobs.Problem("input_image", "Unable to decode the image", "value_error")], given) from error


def _signature(job: Job) -> str:
    return job.call.sha256[:16]


def _iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat()


def _routes(desk: Desk) -> Sequence[BaseRoute]:
    service = Bfl(Jobs(desk))
    return [
        Route("/v1/get_result", desk.endpoint(service.poll), methods=["GET"]),
        Route("/v1/{model}", desk.endpoint(service.submit), methods=["POST"]),
        Route("/results/{id}/{file}", desk.endpoint(service.fetch), methods=["GET"]),
    ]


def _exports(url: str) -> Mapping[str, str]:
    return {"ONBRIEF_BFL_BASE_URL": url, "BFL_API_KEY": "sandbox"}


WIRE = Wire("bfl", sorry, _routes, _exports)
