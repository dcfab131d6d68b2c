"""Stability AI's REST API, v2beta: pictures and edits as forms, answered with JSON or with the picture itself."""

from __future__ import annotations

import base64
import io
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace

from PIL import Image, ImageFilter
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from onbrief_sandbox.server import images, services
from onbrief_sandbox.server.form import Form
from onbrief_sandbox.server.images import STYLES, Order
from onbrief_sandbox.server.wires import multipart
from onbrief_sandbox.server.wires.catalogue import SERVICES, WireModel
from onbrief_sandbox.server.wires.desk import Declined, Desk, Wire, WireCall
from onbrief_sandbox.server.wording import INPUTS

_MODELS = SERVICES["stability"].models
_MAX_SEED = 2**32 - 2
_NAMES = {
    400: "bad_request",
    401: "unauthorized",
    402: "payment_required",
    403: "content_moderation",
    404: "not_found",
    413: "payload_too_large",
    422: "unprocessable_entity",
    429: "rate_limit_exceeded",
    503: "service_unavailable",
}
_MODERATED = (
    "Your request was flagged by our content moderation system, as a result your request was denied and you were not charged."
)
_EDITS: Mapping[str, services.Service] = {
    "search-and-replace": "search-replace",
    "search-and-recolor": "search-recolor",
    "inpaint": "inpaint",
    "erase": "erase-object",
}
_WHOLE, _NUMBERS = ("seed", "grow_mask"), ("strength", "cfg_scale")


def _sorry(status: int, message: str) -> Response:
    name = _NAMES.get(status, "internal_error" if status >= 500 else "bad_request")
    return JSONResponse({"id": uuid.uuid4().hex, "name": name, "errors": [message]}, status)


def _routes(desk: Desk) -> Sequence[BaseRoute]:
    async def generate(request: Request, body: bytes) -> Response:
        accept = _authorized(request)
        fields = _fields(request, body)
        model, order = _generated(request.path_params["path"], fields)
        return await _answered(desk, desk.call("generate", model, body), order, accept)

    async def edit(request: Request, body: bytes) -> Response:
        accept = _authorized(request)
        path = request.path_params["path"]
        if path not in _EDITS:
            raise Declined(_sorry(404, f"there is no {path}"))
        order = services.read(_EDITS[path], Form(_fields(request, body), INPUTS))
        return await _answered(desk, desk.call("edit", _MODELS[path], body), order, accept)

    async def balance(request: Request, body: bytes) -> Response:
        _authorized(request)

        async def told() -> Response:
            return JSONResponse({"credits": 1234.5})

        return await desk.answered(desk.call("balance", WireModel(desk.service, "balance"), body), told)

    return [
        Route("/v2beta/stable-image/generate/{path}", desk.endpoint(generate), methods=["POST"]),
        Route("/v2beta/stable-image/edit/{path}", desk.endpoint(edit), methods=["POST"]),
        Route("/v1/user/balance", desk.endpoint(balance), methods=["GET"]),
    ]


def _authorized(request: Request) -> str:
    """Return what the caller accepts, if the call has a key."""
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not key.strip():
        raise Declined(_sorry(401, "authorization: invalid or missing header value"))
    accept = request.headers.get("accept", "image/*")
    if accept not in ("image/*", "application/json", "*/*"):
        raise Declined(_sorry(400, "accept: must be one of image/*, application/json"))
    return accept


def _fields(request: Request, body: bytes) -> dict[str, object]:
    """Return the fields of a form: texts, numbers, and files as base64."""
    found: dict[str, object] = {}
    for name, data in multipart.fields(request, body).items():
        text = base64.b64encode(data).decode() if name in ("image", "mask") else data.decode("utf-8", "replace")
        try:
            found[name] = int(text) if name in _WHOLE else float(text) if name in _NUMBERS else text
        except ValueError:
            raise Declined(_sorry(400, f"{name}: must be a number")) from None
    seed = found.get("seed")
    if isinstance(seed, int) and not 0 <= seed <= _MAX_SEED:
        raise Declined(_sorry(400, f"seed: must be between 0 and {_MAX_SEED}"))
    return found


def _generated(path: str, fields: dict[str, object]) -> tuple[WireModel, Order]:
    """Return the model that a form asks, and the picture that it asks for."""
    own = Form({name: fields.pop(name) for name in ("model", "style_preset", "cfg_scale") if name in fields}, INPUTS)
    names = [name for name, model in _MODELS.items() if model.facts["path"] == f"generate/{path}"]
    if not names:
        raise Declined(_sorry(404, f"there is no {path}"))
    model = own.choice("model", names, "sd3.5-large") if path == "sd3" else names[0]
    if path == "sd3":
        own.number("cfg_scale", 1, 10, default=4)
    if own.has("style_preset"):
        own.choice("style_preset", STYLES)
    own.end()
    chosen = fields.get("output_format")
    if chosen == "webp" and path != "sd3":
        fields["output_format"] = "png"
    order = images.read("sd3" if path == "sd3" else "ultra" if path == "ultra" else "core", Form(fields, INPUTS))
    return _MODELS[model], replace(order, format="webp") if chosen == "webp" else order


async def _answered(desk: Desk, call: WireCall, order: Order, accept: str) -> Response:
    reason = call.fault.reason if call.fault and call.has("filtered") else ""
    if reason in ("prompt", "input image"):

        async def moderated() -> Response:
            return _sorry(403, _MODERATED)

        return await desk.answered(call, moderated)
    if reason == "Inference error":

        async def failed() -> Response:
            return _sorry(500, "An unexpected server error has occurred, please try again later.")

        return await desk.answered(call, failed)

    async def make() -> Response:
        (picture,) = await images.paint(order)
        if reason:  # that of the output: the picture is there, and charged, but blurred
            picture = _blurred(picture, order)
        return _reply(call, order, b"" if call.has("empty") else call.spoilt(picture), accept, filtered=bool(reason))

    return await desk.answered(call, make, call.model.usd)


def _reply(call: WireCall, order: Order, picture: bytes, accept: str, *, filtered: bool) -> Response:
    finish, seed = "CONTENT_FILTERED" if filtered else "SUCCESS", order.seeds[0]
    headers = {"x-request-id": call.id}
    if accept == "application/json":
        document = {"image": base64.b64encode(picture).decode(), "finish_reason": finish, "seed": seed}
        return JSONResponse(document, headers=headers)
    headers |= {"finish-reason": finish, "seed": str(seed)}
    return Response(picture, headers=headers, media_type=f"image/{order.format}")


def _blurred(picture: bytes, order: Order) -> bytes:
    out = io.BytesIO()
    Image.open(io.BytesIO(picture)).convert("RGB").filter(ImageFilter.GaussianBlur(40)).save(out, order.format.upper())
    return out.getvalue()


def _exports(url: str) -> Mapping[str, str]:
    return {"STABILITY_API_KEY": "sandbox", "ONBRIEF_STABILITY_BASE_URL": url}


WIRE = Wire("stability", _sorry, _routes, _exports)
