"""Replicate below /replicate: predictions of official models, their states, the list of them, and their files."""

from __future__ import annotations

import base64
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
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

_KEPT = 3600.0  # seconds that the input and the output of a prediction are kept
_PAGE = 100
_LETTERS = "0123456789abcdefghjkmnpqrstvwxyz"
_RATIOS: Mapping[str, Size] = {
    "1:1": (1024, 1024),
    "16:9": (1344, 768),
    "21:9": (1536, 640),
    "3:2": (1216, 832),
    "2:3": (832, 1216),
    "4:5": (896, 1088),
    "5:4": (1088, 896),
    "3:4": (896, 1152),
    "4:3": (1152, 896),
    "9:16": (768, 1344),
    "9:21": (640, 1536),
}
_FIELDS: Mapping[str, Rule] = {
    "prompt": Rule(str, required=True),
    "aspect_ratio": Rule(str, one_of=(*_RATIOS, "custom")),
    "seed": Rule(int, low=0, high=2**32 - 1),
    "output_format": Rule(str, one_of=("webp", "jpg", "png")),
    "output_quality": Rule(int, low=0, high=100),
}
_MORE: Mapping[str, Rule] = {
    "width": Rule(int, low=256, high=2048),
    "height": Rule(int, low=256, high=2048),
    "safety_tolerance": Rule(int, low=1, high=6),
    "steps": Rule(int, low=1, high=50),
    "guidance": Rule(float, low=0, high=10),
    "num_inference_steps": Rule(int, low=1, high=50),
    "num_outputs": Rule(int, low=1, high=1),
}
_ENDS: Mapping[jobs.End, tuple[str, str | None]] = {
    "prompt refused": (
        "failed",
        "The input or output was flagged as sensitive. Please try again with different inputs. (E005)",
    ),
    "picture refused": ("failed", "NSFW content detected. Try running it again, or try a different prompt."),
    "failed": ("failed", "Prediction failed."),
    "cancelled": ("canceled", None),
}


def sorry(status: int, message: str) -> Response:
    """Return an error response of the service."""
    return jobs.reply({"detail": message, "status": status}, status)


@dataclass(frozen=True, slots=True)
class Replicate:
    """The service: what it accepts, and what it answers."""

    jobs: Jobs

    async def create(self, request: Request, body: bytes) -> Response:
        """Begin a prediction; with `Prefer: wait`, answer when it is done, or after so many seconds."""
        _admit(request)
        name = f"{request.path_params['owner']}/{request.path_params['name']}"
        model = SERVICES["replicate"].models.get(name)
        if model is None:
            raise Declined(sorry(404, "The requested resource could not be found."))
        document = jobs.parsed(body, lambda: sorry(400, "The request body is not valid JSON"))
        given = _checked(model, document)
        call = self.jobs.call("submit", model, body)
        order, end = _ordered(given), jobs.end_of(call)
        usd = jobs.price(model, order.size) if end in ("picture", "empty", "picture refused") else 0.0
        address = jobs.address(request)
        seconds = self.jobs.desk.terms.seconds(model)
        wait = _wait(request)
        waited = wait > 0 and wait >= seconds
        call = replace(call, seconds=call.seconds + min(wait, seconds))

        async def make() -> Response:
            identifier = "".join(secrets.choice(_LETTERS) for _ in range(26))
            job = self.jobs.accept(identifier, call, given, order, end)
            return jobs.reply(self._prediction(job, address, job.done if waited else -1.0), 201)

        return await self.jobs.desk.answered(call, make, usd)

    async def get(self, request: Request, body: bytes) -> Response:
        """Return a prediction."""
        _admit(request)
        job, address = self._job(request), jobs.address(request)

        async def make() -> Response:
            return jobs.reply(self._prediction(job, address))

        return await self.jobs.answered("poll", job, make)

    async def cancel(self, request: Request, body: bytes) -> Response:
        """Cancel a prediction whose work is not over."""
        _admit(request)
        job = self._job(request)
        if not self.jobs.ended(job):
            job.end, job.done = "cancelled", self.jobs.now
        return jobs.reply(self._prediction(job, jobs.address(request)))

    async def list(self, request: Request, body: bytes) -> Response:
        """Return the predictions, the newest first, a hundred on a page."""
        _admit(request)
        address, page = jobs.address(request), _page(request.query_params.get("cursor", ""))
        call = self.jobs.call("list", WireModel("replicate", "*"))

        async def make() -> Response:
            found = list(self.jobs.newest())
            results = [self._prediction(job, address) for job in found[page * _PAGE : (page + 1) * _PAGE]]
            before = f"{address}/v1/predictions?cursor={_cursor(page - 1)}" if page else None
            after = f"{address}/v1/predictions?cursor={_cursor(page + 1)}" if len(found) > (page + 1) * _PAGE else None
            return jobs.reply({"previous": before, "next": after, "results": results})

        return await self.jobs.desk.answered(call, make)

    async def fetch(self, request: Request, body: bytes) -> Response:
        """Return a picture, whose URL anybody can open."""
        job = self.jobs.find(request.path_params["id"])
        if job is None or not self.jobs.ended(job) or self.jobs.age(job) > _KEPT:
            return Response("Not found", 404)
        return await self.jobs.answered("fetch", job, lambda: self.jobs.picture(job))

    def _job(self, request: Request) -> Job:
        job = self.jobs.find(request.path_params["id"])
        if job is None:
            raise Declined(sorry(404, "The requested resource could not be found."))
        return job

    def _prediction(self, job: Job, address: str, at: float | None = None) -> dict[str, object]:
        """Return the prediction, now or at another time; before it was created, it is starting."""
        at = self.jobs.now if at is None else at
        url = f"{address}/v1/predictions/{job.id}"
        about: dict[str, object] = {
            "id": job.id,
            "model": job.call.model.id,
            "version": "hidden",
            "input": job.given,
            "logs": "",
            "output": None,
            "data_removed": False,
            "error": None,
            "source": "api",
            "status": "starting",
            "created_at": _iso(job.at),
            "urls": {"cancel": f"{url}/cancel", "get": url, "stream": f"{url}/stream", "web": f"{address}/p/{job.id}"},
        }
        if at < job.done:
            return about if at < job.at else about | {"status": "processing", "started_at": _iso(job.at)}
        status, error = _ENDS.get(job.end, ("succeeded", None))
        times = {"started_at": _iso(job.at), "completed_at": _iso(job.done)}
        about |= {"status": status, "error": error, "metrics": {"predict_time": job.done - job.at}, **times}
        if self.jobs.age(job) > _KEPT:
            about |= {"input": dict[str, object](), "logs": None, "data_removed": True}
            return about
        if job.end == "picture":
            output = f"{address}/files/{job.id}/out-0.{job.order.kind}"
            about["output"] = [output] if job.call.model.facts.get("several") else output
        return about


def _admit(request: Request) -> None:
    """Refuse a request without a token."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme not in ("Bearer", "Token") or not token:
        words = "You did not pass an authentication token"
        raise Declined(jobs.reply({"title": "Unauthenticated", "detail": words, "status": 401}, 401))


def _checked(model: WireModel, document: Mapping[str, Any]) -> dict[str, Any]:
    """Return the input of a request."""
    given: Any = document.get("input")
    if not isinstance(given, dict):
        raise Declined(_invalid([("input", "input is required")]))
    fields = {**_FIELDS, **{name: _MORE[name] for name in model.facts.get("fields", ())}}
    found = jobs.problems(cast("dict[str, Any]", given), fields, strict=True)
    if found:
        raise Declined(_invalid([(f"input.{one.name}", one.message) for one in found]))
    if given.get("aspect_ratio") == "custom" and not (given.get("width") and given.get("height")):  # pyright: ignore[reportUnknownMemberType]
        raise Declined(_invalid([("input.width", "width and height are required when aspect_ratio is custom")]))
    return cast("dict[str, Any]", given)


def _invalid(problems: Sequence[tuple[str, str]]) -> Response:
    detail = "".join(f"- {name}: {words}\n" for name, words in problems)
    fields = [{"type": "invalid", "field": name, "description": words} for name, words in problems]
    return jobs.reply({"title": "Input validation failed", "detail": detail, "status": 422, "invalid_fields": fields}, 422)


def _ordered(given: Mapping[str, Any]) -> Order:
    ratio = given.get("aspect_ratio") or "1:1"
    size = (_sixteen(given["width"]), _sixteen(given["height"])) if ratio == "custom" else _RATIOS[ratio]
    seed: int | None = given.get("seed")
    kind = {"jpg": "jpeg", "png": "png"}.get(given.get("output_format") or "webp", "webp")
    return Order(given["prompt"], "", size, secrets.randbelow(2**31) if seed is None else seed, cast("Any", kind))


def _sixteen(side: int) -> int:
    return max(256, 16 * round(side / 16))


def _wait(request: Request) -> float:
    """Return the seconds that the client wants to wait for the end of a prediction."""
    found = re.fullmatch(r"wait(?:=(\d+))?", request.headers.get("prefer", ""))
    return float(found[1] or 60) if found else 0.0


def _iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")


def _cursor(page: int) -> str:
    return base64.urlsafe_b64encode(str(page).encode()).decode()


def _page(cursor: str) -> int:
    return int(base64.urlsafe_b64decode(cursor)) if cursor else 0


def _routes(desk: Desk) -> Sequence[BaseRoute]:
    service = Replicate(Jobs(desk))
    return [
        Route("/v1/models/{owner}/{name}/predictions", desk.endpoint(service.create), methods=["POST"]),
        Route("/v1/predictions", desk.endpoint(service.list), methods=["GET"]),
        Route("/v1/predictions/{id}", desk.endpoint(service.get), methods=["GET"]),
        Route("/v1/predictions/{id}/cancel", desk.endpoint(service.cancel), methods=["POST"]),
        Route("/files/{id}/{file}", desk.endpoint(service.fetch), methods=["GET"]),
    ]


def _exports(url: str) -> Mapping[str, str]:
    return {"ONBRIEF_REPLICATE_BASE_URL": url, "REPLICATE_BASE_URL": url, "REPLICATE_API_TOKEN": "sandbox"}


WIRE = Wire("replicate", sorry, _routes, _exports)
