"""Runware's REST API: one address that takes lists of tasks, each with an id that its sender chose."""

from __future__ import annotations

import asyncio
import base64
import binascii
import json
import math
import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, cast

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from onbrief.errors import PictureError
from onbrief_sandbox.files import size_of
from onbrief_sandbox.server import easel
from onbrief_sandbox.server.easel import Format
from onbrief_sandbox.server.wires.catalogue import SERVICES, WireModel
from onbrief_sandbox.server.wires.desk import Declined, Desk, Wire, WireCall

_MODELS = SERVICES["runware"].models
_CODES = {
    400: "invalidRequest",
    401: "invalidApiKey",
    402: "insufficientCredits",
    403: "forbidden",
    404: "notFound",
    429: "rateLimitExceeded",
    503: "serviceUnavailable",
    504: "timeoutProvider",
}
_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", re.IGNORECASE)
_FORMATS: Mapping[str, Format] = {"PNG": "png", "JPG": "jpeg", "WEBP": "webp"}
_MAX_SEED = 2**63 - 1
_KNOWN = frozenset(
    {
        *("taskType", "taskUUID", "model", "positivePrompt", "negativePrompt", "width", "height", "seed", "steps", "CFGScale"),
        *("numberResults", "outputType", "outputFormat", "outputQuality", "includeCost", "deliveryMethod", "safety", "ttl"),
        *("scheduler", "clipSkip", "seedImage", "maskImage", "maskMargin", "strength", "webhookURL", "uploadEndpoint"),
    }
)


@dataclass(slots=True)
class _Task:
    """A task that was accepted. `result` is what it has come to; None while it works."""

    request: dict[str, Any]
    work: asyncio.Task[None] | None = None
    result: dict[str, Any] | None = None
    error: dict[str, Any] | None = None


@dataclass(slots=True)
class _Shelf:
    """What the service remembers: tasks by their ids, and pictures by theirs."""

    tasks: dict[str, _Task] = field(default_factory=dict[str, _Task])
    pictures: dict[str, tuple[bytes, str]] = field(default_factory=dict[str, tuple[bytes, str]])


def _sorry(status: int, message: str) -> Response:
    return _errors(status, _CODES.get(status, "internalServerError" if status >= 500 else "invalidRequest"), message)


def _errors(status: int, code: str, message: str, **more: object) -> Response:
    return JSONResponse({"data": [], "errors": [{"code": code, "message": message, **more}]}, status)


def _routes(desk: Desk) -> Sequence[BaseRoute]:
    shelf = _Shelf()

    async def tasks(request: Request, body: bytes) -> Response:
        (task,) = _authorized(request, body)
        kind, identifier = task.get("taskType"), task.get("taskUUID")
        if not isinstance(identifier, str) or not _ID.fullmatch(identifier):
            raise _invalid("taskUUID", "must be a UUID v4", task)
        match kind:
            case "imageInference":
                return await _drawn(desk, shelf, request, body, task)
            case "getResponse" | "getTaskDetails":
                operation = "response" if kind == "getResponse" else "details"
                answer = _response if kind == "getResponse" else _details

                async def told() -> Response:
                    return JSONResponse({"data": []}) if call.has("empty") else answer(shelf, identifier)

                call = desk.call(operation, WireModel(desk.service, operation), body)
                return await desk.answered(call, told)
            case "accountManagement":

                async def account() -> Response:
                    item = {"taskType": kind, "taskUUID": identifier, "operation": "getDetails", "balance": 12.5}
                    return JSONResponse({"data": [item]})

                return await desk.answered(desk.call("account", WireModel(desk.service, "account"), body), account)
            case _:
                raise Declined(_errors(400, "unsupportedTaskType", f"There is no task of type {kind!r}.", parameter="taskType"))

    async def image(request: Request, body: bytes) -> Response:
        found = shelf.pictures.get(request.path_params["name"])

        async def sent() -> Response:
            return Response(found[0], media_type=found[1]) if found else Response("not found", 404)

        return await desk.answered(desk.call("image", WireModel(desk.service, "image"), body), sent)

    return [
        Route("/v1", desk.endpoint(tasks), methods=["POST"]),
        Route("/image/{name}", desk.endpoint(image), methods=["GET"]),
    ]


def _authorized(request: Request, body: bytes) -> list[dict[str, Any]]:
    """Return the one task of a request that has a key, in a header or in a task of its own."""
    try:
        document: Any = json.loads(body)
    except (ValueError, RecursionError):
        document = None
    items = cast("list[Any]", document) if isinstance(document, list) else []
    if not items or not all(isinstance(item, dict) for item in items):
        raise Declined(_errors(400, "invalidJSON", "The payload must be an array of objects, one for each task."))
    given = cast("list[dict[str, Any]]", items)
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    if given[0].get("taskType") == "authentication":
        scheme, key = "bearer", str(given[0].get("apiKey") or "")
        given = given[1:]
    if scheme.lower() != "bearer" or not key.strip():
        message = "Invalid API key. Get one at https://my.runware.ai/signup"
        raise Declined(_errors(401, "invalidApiKey", message, parameter="apiKey", type="string", taskType="authentication"))
    if len(given) != 1:
        raise Declined(_errors(400, "invalidRequest", "This stand-in takes one task in a request."))
    return given


def _invalid(parameter: str, what: str, task: Mapping[str, Any], code: str = "") -> Declined:
    code = code or f"invalid{parameter[:1].upper()}{parameter[1:]}"
    about = {"parameter": parameter, "taskType": task.get("taskType"), "taskUUID": task.get("taskUUID")}
    return Declined(_errors(400, code, f"Invalid value for '{parameter}' parameter: {what}.", **about))


def _checked(task: dict[str, Any]) -> WireModel:
    """Return the model of a task that is valid."""
    for name in task:
        if name not in _KNOWN:
            raise _invalid(name, "there is no such parameter", task, "unknownParameter")
    model = _MODELS.get(task["model"]) if isinstance(task.get("model"), str) else None
    if model is None:
        raise _invalid("model", "no model has this AIR identifier", task)
    for name, required in (("positivePrompt", True), ("negativePrompt", False)):
        text = task.get(name)
        if (required or name in task) and not (isinstance(text, str) and 2 <= len(text) <= 3000):
            raise _invalid(name, "must have 2 to 3000 characters", task)
    if "width" not in task or "height" not in task:
        raise _invalid("width", "width and height are required", task, "missingDimensionParameters")
    _whole(task, "seed", 1, _MAX_SEED)
    _whole(task, "steps", 1, 100)
    _whole(task, "numberResults", 1, 1)
    low, step = model.facts.get("low", 128), model.facts.get("step", 64)
    for name in ("width", "height"):
        _whole(task, name, low, 2048, step)
    for name, allowed in (
        ("outputType", ("URL", "base64Data", "dataURI")),
        ("outputFormat", tuple(_FORMATS)),
        ("deliveryMethod", ("sync", "async")),
    ):
        if name in task and task[name] not in allowed:
            raise _invalid(name, f"must be one of {', '.join(allowed)}", task)
    if not isinstance(task.get("includeCost", False), bool):
        raise _invalid("includeCost", "must be a boolean", task)
    guidance = task.get("CFGScale", 7)
    if isinstance(guidance, bool) or not isinstance(guidance, int | float) or not 0 <= guidance <= 50:
        raise _invalid("CFGScale", "must be a number between 0 and 50", task)
    if not isinstance(task.get("safety", {}), dict) or task.get("safety", {}).get("mode", "none") not in (
        "none",
        "fast",
        "full",
    ):
        raise _invalid("safety", "must be an object with a mode, one of none, fast, full", task)
    if bool(model.facts.get("fills")) != ("seedImage" in task and "maskImage" in task):
        raise _invalid("seedImage", "this model needs a seed image and a mask, and no other takes them", task)
    return model


def _whole(task: Mapping[str, Any], name: str, low: int, high: int, step: int = 1) -> None:
    value = task.get(name, low)
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high or value % step:
        raise _invalid(name, f"must be an integer value between {low} and {high}, in multiples of '{step}'", task)


async def _drawn(desk: Desk, shelf: _Shelf, request: Request, body: bytes, task: dict[str, Any]) -> Response:
    model, identifier = _checked(task), cast("str", task["taskUUID"])
    pictures = [_picture(task, name) for name in ("seedImage", "maskImage") if name in task]
    if identifier in shelf.tasks:
        message = "A task with this taskUUID exists already. The taskUUID must be unique for each task."
        raise Declined(_errors(400, "conflictTaskUUID", message, parameter="taskUUID", taskUUID=identifier))
    call = desk.call("draw", model, body)
    usd = round(model.usd + model.facts["more"] * max(0, math.ceil(task["width"] * task["height"] / 1_000_000) - 1), 6)
    record = _Task(task)

    async def make() -> Response:
        shelf.tasks[identifier] = record
        record.work = asyncio.create_task(
            _worked(desk, shelf, call, record, str(request.url).rpartition("/v1")[0], usd, pictures)
        )
        if task.get("deliveryMethod", "sync") == "async":
            return JSONResponse({"data": [{"taskType": "imageInference", "taskUUID": identifier}]})
        await record.work
        if record.error:
            return JSONResponse({"data": [], "errors": [record.error]}, 400)
        return JSONResponse({"data": [_unstated(record)]})

    at_once = replace(call, seconds=0.0) if task.get("deliveryMethod") == "async" else call
    return await desk.answered(at_once, make, 0.0 if call.has("filtered") else usd)


def _picture(task: Mapping[str, Any], name: str) -> bytes:
    """Return a picture in a task, as a data URI or as base64."""
    text = task[name]
    try:
        data = base64.b64decode(text.rpartition(",")[2] if isinstance(text, str) else "", validate=True)
        size_of(data)
    except (binascii.Error, ValueError, PictureError):
        raise _invalid(name, "must be a UUID, a data URI, base64 or a URL of an image", task) from None
    return data


async def _worked(
    desk: Desk, shelf: _Shelf, call: WireCall, record: _Task, base: str, usd: float, pictures: Sequence[bytes]
) -> None:
    """Do a task. It goes on if its sender is gone."""
    task = record.request
    about = {"taskType": "imageInference", "taskUUID": task["taskUUID"]}
    if call.has("filtered"):
        await desk.wait(call)
        message = "Invalid content detected. The content moderation system flagged the input or the output."
        record.error = {"code": "contentPolicyViolation", "status": "error", "message": message, **about}
        return
    seed = task.get("seed") or 1 + uuid.uuid4().int % (2**32 - 1)
    if pictures:
        png = await easel.inpaint(pictures[0], pictures[1], _words(task), seed)
    else:
        png = await easel.draw(task["positivePrompt"], task.get("negativePrompt", ""), (task["width"], task["height"]), seed)
    kind = _FORMATS[task.get("outputFormat", "JPG")]
    picture = call.spoilt(await easel.encoded(png, kind))
    await desk.wait(call)
    image = str(uuid.uuid4())
    result: dict[str, Any] = {**about, "status": "success", "imageUUID": image, "seed": seed}
    name = f"{image}.{kind}"
    shelf.pictures[name] = picture, f"image/{kind}"
    if not call.has("empty"):
        match task.get("outputType", "URL"):
            case "URL":
                result["imageURL"] = f"{base}/image/{name}"
            case "dataURI":
                result["imageDataURI"] = f"data:image/{kind};base64,{base64.b64encode(picture).decode()}"
            case _:
                result["imageBase64Data"] = base64.b64encode(picture).decode()
    if task.get("includeCost"):
        result["cost"] = usd
    if task.get("safety", {}).get("mode", "none") != "none":
        result["NSFWContent"] = False
    record.result = result


def _words(task: Mapping[str, Any]) -> str:
    """Return what to draw under a mask; nothing for the words that ask for background alone."""
    prompt = cast("str", task["positivePrompt"])
    return "" if "background" in prompt.lower() or prompt == "__BLANK__" else prompt


def _unstated(record: _Task) -> dict[str, Any]:
    """Return a result as it is in an answer at once, and in the details of the task."""
    assert record.result is not None
    return {name: value for name, value in record.result.items() if name != "status"}


def _response(shelf: _Shelf, identifier: str) -> Response:
    task = shelf.tasks.get(identifier)
    if task is None or task.request.get("deliveryMethod", "sync") != "async":
        return JSONResponse({"data": []})
    if task.error:
        return JSONResponse({"data": [], "errors": [task.error]}, 400)
    working = {"taskType": "imageInference", "taskUUID": identifier, "status": "processing"}
    return JSONResponse({"data": [task.result or working]})


def _details(shelf: _Shelf, identifier: str) -> Response:
    task = shelf.tasks.get(identifier)
    if task is None or (task.result is None and task.error is None):
        return _errors(404, "taskNotFound", "No task has this taskUUID.", taskUUID=identifier)
    answer: dict[str, Any] = {"errors": [task.error]} if task.error else {"data": [_unstated(task)]}
    about = {"taskType": "getTaskDetails", "taskUUID": identifier}
    return JSONResponse({"data": [{**about, "request": [task.request], "response": answer}]})


def _exports(url: str) -> Mapping[str, str]:
    return {"RUNWARE_API_KEY": "sandbox", "ONBRIEF_RUNWARE_BASE_URL": url}


WIRE = Wire("runware", _sorry, _routes, _exports)
