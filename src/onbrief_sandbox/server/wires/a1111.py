"""The API of AUTOMATIC1111's web UI: pictures and inpainting by the checkpoint that is loaded, or by another one."""

from __future__ import annotations

import base64
import binascii
import io
import json
import struct
import zlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, cast

from PIL import Image
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from onbrief.brief import Size
from onbrief.errors import PictureError
from onbrief_sandbox.files import FORMATS, size_of
from onbrief_sandbox.server import easel
from onbrief_sandbox.server.images import drawn_seed
from onbrief_sandbox.server.wires.catalogue import SERVICES, WireModel
from onbrief_sandbox.server.wires.desk import Declined, Desk, Wire, WireCall

_MODELS = SERVICES["a1111"].models
_LOADED = next(iter(_MODELS))
_AUTH = "sandbox:sandbox"
_SAMPLERS = ("DPM++ 2M", "DPM++ SDE", "DPM++ 2M SDE", "Euler a", "Euler", "LMS", "Heun", "DPM2", "DDIM", "UniPC", "LCM")
_TYPES: Mapping[str, tuple[type, ...]] = {
    **dict.fromkeys(("prompt", "negative_prompt", "sampler_name", "scheduler", "mask"), (str,)),
    **dict.fromkeys(("seed", "steps", "width", "height", "batch_size", "n_iter", "mask_blur", "inpainting_fill"), (int,)),
    **dict.fromkeys(("resize_mode", "inpaint_full_res_padding", "inpainting_mask_invert"), (int,)),
    **dict.fromkeys(("cfg_scale", "denoising_strength"), (int, float)),
    **dict.fromkeys(("inpaint_full_res", "send_images", "save_images", "override_settings_restore_afterwards"), (bool,)),
    "override_settings": (dict,),
    "init_images": (list,),
}
_KINDS: Mapping[type, str] = {str: "string", int: "integer", float: "number", bool: "boolean", dict: "dictionary", list: "list"}


def _sorry(status: int, message: str) -> Response:
    kind = "HTTPException" if status < 500 else "RuntimeError"
    detail, errors = (message, "") if status < 500 else ("", message)
    return JSONResponse({"error": kind, "detail": detail, "body": "", "errors": errors}, status)


def _routes(desk: Desk) -> Sequence[BaseRoute]:
    async def txt2img(request: Request, body: bytes) -> Response:
        asked = _asked(request, body)
        seed, size = _seed(asked), _size(asked)

        async def paint() -> bytes:
            return await easel.draw(asked.get("prompt", ""), asked.get("negative_prompt", ""), size, seed)

        return await _painted(desk, "txt2img", body, asked, seed, paint)

    async def img2img(request: Request, body: bytes) -> Response:
        asked = _asked(request, body)
        seed, size = _seed(asked), _size(asked)
        if not asked.get("init_images"):
            raise Declined(_sorry(404, "Init image not found"))
        original = _resized(_image(asked["init_images"][0]), size)
        mask = _resized(_image(asked["mask"]), size) if asked.get("mask") else b""

        async def paint() -> bytes:
            if mask:
                return await easel.inpaint(original, mask, asked.get("prompt", ""), seed)
            return await easel.draw(asked.get("prompt", ""), asked.get("negative_prompt", ""), size, seed)

        return await _painted(desk, "img2img", body, asked, seed, paint)

    def telling(operation: str, tell: Callable[[], object]) -> Route:
        async def told(request: Request, body: bytes) -> Response:
            _authorized(request)

            async def answer() -> Response:
                return JSONResponse(tell())

            return await desk.answered(desk.call(operation, WireModel(desk.service, operation), body), answer)

        return Route(f"/sdapi/v1/{operation}", desk.endpoint(told), methods=["GET"])

    return [
        Route("/sdapi/v1/txt2img", desk.endpoint(txt2img), methods=["POST"]),
        Route("/sdapi/v1/img2img", desk.endpoint(img2img), methods=["POST"]),
        telling("sd-models", lambda: [_listed(model) for model in _MODELS.values()]),
        telling("options", lambda: {"samples_format": "png", "sd_model_checkpoint": _title(_MODELS[_LOADED])}),
        telling("progress", _progress),
        telling("samplers", lambda: [_sampler(name) for name in _SAMPLERS]),
    ]


def _authorized(request: Request) -> None:
    """Refuse a wrong user or password. Without any, the server was started without `--api-auth`."""
    given = request.headers.get("authorization")
    if given is not None and given != f"Basic {base64.b64encode(_AUTH.encode()).decode()}":
        raise Declined(_sorry(401, "Incorrect username or password"))


def _asked(request: Request, body: bytes) -> dict[str, Any]:
    """Return the fields of a request that has the right types. Fields that the server does not know are ignored by it, too."""
    _authorized(request)
    try:
        document: Any = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise Declined(_unprocessable("json_invalid", ["body", 0], f"JSON decode error: {error}")) from error
    if not isinstance(document, dict):
        raise Declined(_unprocessable("model_attributes_type", ["body"], "Input should be a valid dictionary"))
    asked = cast("dict[str, Any]", document)
    for name, value in asked.items():
        types = _TYPES.get(name)
        if types and value is not None and (not isinstance(value, types) or (isinstance(value, bool) and bool not in types)):
            kind = _KINDS[types[-1]]
            raise Declined(_unprocessable(f"{kind}_type", ["body", name], f"Input should be a valid {kind}"))
    if asked.get("sampler_name", "Euler") not in _SAMPLERS:
        raise Declined(_sorry(400, "Sampler not found"))
    return asked


def _unprocessable(kind: str, where: list[str | int], message: str) -> Response:
    return JSONResponse({"detail": [{"type": kind, "loc": where, "msg": message}]}, 422)


def _seed(asked: Mapping[str, Any]) -> int:
    seed = asked.get("seed", -1)
    return drawn_seed(0) if seed == -1 else seed % 2**32


def _size(asked: Mapping[str, Any]) -> Size:
    """Return the size, which the server rounds down to multiples of 8."""
    width, height = (asked.get(side, 512) // 8 * 8 for side in ("width", "height"))
    if min(width, height) < 8:
        raise Declined(_sorry(500, "Trying to create tensor with negative dimension"))
    if width * height > 4096 * 4096:
        document = {"error": "OutOfMemoryError", "detail": "", "body": "", "errors": "CUDA out of memory."}
        raise Declined(JSONResponse(document, 500))
    return width, height


def _image(text: object) -> bytes:
    encoded = text.partition(",")[2] if isinstance(text, str) and text.startswith("data:image/") else text
    try:
        data = base64.b64decode(encoded if isinstance(encoded, str) else "", validate=True)
        size_of(data)
    except (binascii.Error, ValueError, PictureError):
        raise Declined(_sorry(500, "Invalid encoded image")) from None
    return data


def _resized(data: bytes, size: Size) -> bytes:
    with Image.open(io.BytesIO(data), formats=FORMATS) as image:
        if image.size == size:
            return data
        out = io.BytesIO()
        image.convert("RGB").resize(size, Image.Resampling.LANCZOS).save(out, "PNG")
        return out.getvalue()


async def _painted(
    desk: Desk, operation: str, body: bytes, asked: dict[str, Any], seed: int, paint: Callable[[], Awaitable[bytes]]
) -> Response:
    """Answer a call for a picture. An unknown checkpoint is left out without a word, as the server does."""
    settings: dict[str, Any] = asked.get("override_settings") or {}
    wanted = settings.get("sd_model_checkpoint")
    model = next((model for model in _MODELS.values() if wanted in _aliases(model)), _MODELS[_LOADED])
    call = desk.call(operation, model, body)

    async def make() -> Response:
        picture = await paint()
        if call.has("filtered"):  # its filter paints the picture black
            picture = easel.spoil(picture, "blank")
        return _reply(call, asked, seed, picture)

    return await desk.answered(call, make, 0.0)


def _reply(call: WireCall, asked: Mapping[str, Any], seed: int, picture: bytes) -> Response:
    text = f"{asked.get('prompt', '')}\nSteps: {asked.get('steps', 50)}, Seed: {seed}, Model: {call.model.id}"
    data = call.spoilt(_with_text(picture, text))
    info = {"seed": seed, "all_seeds": [seed], "sd_model_name": call.model.id, "sd_model_hash": call.model.facts["hash"]}
    images = [] if call.has("empty") else [base64.b64encode(data).decode()]
    parameters = {name: value for name, value in asked.items() if name not in ("init_images", "mask")}
    return JSONResponse({"images": images, "parameters": parameters, "info": json.dumps({**info, "infotexts": [text]})})


def _with_text(png: bytes, text: str) -> bytes:
    """Return a PNG with the parameters of the picture in it, where the server writes them."""
    body = b"iTXtparameters\0\0\0\0\0" + text.encode("utf-8", "replace")
    chunk = struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
    return png[:33] + chunk + png[33:]


def _title(model: WireModel) -> str:
    return f"{model.facts['file']} [{model.facts['hash']}]"


def _aliases(model: WireModel) -> tuple[str, ...]:
    return model.id, model.facts["file"], model.facts["hash"], _title(model)


def _listed(model: WireModel) -> dict[str, object]:
    about = {"title": _title(model), "model_name": model.id, "hash": model.facts["hash"], "sha256": None, "config": None}
    return {**about, "filename": f"/models/Stable-diffusion/{model.facts['file']}"}


def _sampler(name: str) -> dict[str, object]:
    return {"name": name, "aliases": [], "options": {}}


def _progress() -> dict[str, object]:
    state = {"skipped": False, "interrupted": False, "job": "", "job_count": 0, "sampling_step": 0, "sampling_steps": 0}
    return {"progress": 0.0, "eta_relative": 0.0, "state": state, "current_image": None, "textinfo": None}


def _exports(url: str) -> Mapping[str, str]:
    return {"ONBRIEF_A1111_BASE_URL": url}


WIRE = Wire("a1111", _sorry, _routes, _exports)
