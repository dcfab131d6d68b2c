"""OpenAI's API below /openai: pictures and edits, and the list of models. Its language models are routes of another file."""

from __future__ import annotations

import asyncio
import base64
import io
import re
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from PIL import Image
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from onbrief.brief import Size
from onbrief_sandbox.language import editing
from onbrief_sandbox.server import easel
from onbrief_sandbox.server.tokens import tokens
from onbrief_sandbox.server.wires import openai_errors, openai_pictures
from onbrief_sandbox.server.wires.catalogue import SERVICES, WireModel
from onbrief_sandbox.server.wires.desk import Desk, Wire, WireCall
from onbrief_sandbox.server.wires.openai_language import admit, coded, language_routes
from onbrief_sandbox.server.wires.openai_pictures import MODELS, Ask

_BLOCKED = (
    "Your request was rejected by the safety system. If you believe this is an error, contact us at help.openai.com and "
    "include the request ID {id}. safety_violations=[sexual]."
)
_TILE = 512  # pixels
_LISTED = {**MODELS, **SERVICES["openai_language"].models}
_CREATED = 1_776_729_600


def _of_pictures(desk: Desk) -> Sequence[BaseRoute]:
    async def draw(request: Request, body: bytes) -> Response:
        admit(request)
        return await _answered(desk, "draw", await asyncio.to_thread(openai_pictures.for_drawing, request, body), body)

    async def edit(request: Request, body: bytes) -> Response:
        admit(request)
        return await _answered(desk, "edit", await asyncio.to_thread(openai_pictures.for_edit, request, body), body)

    async def listed(request: Request, body: bytes) -> Response:
        admit(request)
        found = [_about(model) for model in _LISTED.values() if not _ended(desk, model)]
        return openai_errors.document({"object": "list", "data": found})

    async def described(request: Request, body: bytes) -> Response:
        admit(request)
        name = request.path_params["model"]
        if name not in _LISTED or _ended(desk, _LISTED[name]):
            message = f"The model '{name}' does not exist or you do not have access to it."
            openai_pictures.refuse(message, "model_not_found", "model", 404)
        return openai_errors.document(_about(_LISTED[name]))

    return [
        Route("/v1/images/generations", desk.endpoint(draw), methods=["POST"]),
        Route("/v1/images/edits", desk.endpoint(edit), methods=["POST"]),
        Route("/v1/models", desk.endpoint(listed), methods=["GET"]),
        Route("/v1/models/{model:path}", desk.endpoint(described), methods=["GET"]),
    ]


PARTS: Final[tuple[Callable[[Desk], Sequence[BaseRoute]], ...]] = (_of_pictures, language_routes)
"""What makes the routes below the path of OpenAI."""


def _routes(desk: Desk) -> Sequence[BaseRoute]:
    return [route for part in PARTS for route in part(desk)]


async def _answered(desk: Desk, operation: str, ask: Ask, body: bytes) -> Response:
    if _ended(desk, ask.model):
        message = f"The model `{ask.model.id}` has been deprecated and is no longer available."
        openai_pictures.refuse(message, "model_not_found", "model", 404)
    call = desk.call(operation, ask.model, body)
    texts, originals = tokens(ask.prompt), sum(map(_tokens_of, ask.originals))
    facts = ask.model.facts
    sent = facts["usd_text"] * texts + facts["usd_image"] * originals
    usd = round((sent + facts["usd_out"] * ask.drawn * ask.number) / 1e6, 9)
    if call.has("filtered"):
        assert call.fault is not None
        stage = "output" if call.fault.reason in ("output image", "Inference error") else "input"
        usd = usd if stage == "output" else None

        async def blocked() -> Response:
            return _blocked(call, stage)

        return await coded(desk, call).answered(call, blocked, usd, tokens=texts + originals)

    async def made() -> Response:
        pictures = [] if call.has("empty") else [await _made(call, ask) for _ in range(ask.number)]
        return _reply(call, ask, pictures, texts, originals)

    return await coded(desk, call).answered(call, made, usd, tokens=texts + originals + ask.drawn * ask.number)


async def _made(call: WireCall, ask: Ask) -> bytes:
    seed = secrets.randbelow(2**31)
    if not ask.originals:
        picture = await easel.draw(ask.prompt, "", ask.size, seed)
    elif ask.mask is None:
        picture = await easel.edit(ask.originals[0], _instruction(ask.prompt), seed)
    else:
        picture = await _under_mask(ask.originals[0], ask.mask, _instruction(ask.prompt), seed)
    return call.spoilt(await easel.encoded(await asyncio.to_thread(_in_size, picture, ask.size), ask.kind))


async def _under_mask(original: bytes, mask: bytes, instruction: str, seed: int) -> bytes:
    """Return a picture that is changed only where the mask is transparent."""
    white = await asyncio.to_thread(_white_where_transparent, mask)
    edited = await easel.edit(original, instruction, seed, white)
    return await asyncio.to_thread(_composite, original, edited, white)


def _white_where_transparent(mask: bytes) -> bytes:
    with Image.open(io.BytesIO(mask)) as opened:
        return _png(opened.convert("RGBA").getchannel("A").point([255 * (level == 0) for level in range(256)]))


def _composite(original: bytes, edited: bytes, white: bytes) -> bytes:
    with (
        Image.open(io.BytesIO(original)) as before,
        Image.open(io.BytesIO(edited)) as after,
        Image.open(io.BytesIO(white)) as mask,
    ):
        return _png(Image.composite(after.convert("RGB").resize(before.size), before.convert("RGB"), mask.convert("L")))


def _reply(call: WireCall, ask: Ask, pictures: Sequence[bytes], texts: int, originals: int) -> Response:
    drawn = ask.drawn * ask.number
    usage = {
        "input_tokens": texts + originals,
        "input_tokens_details": {"image_tokens": originals, "text_tokens": texts},
        "output_tokens": drawn,
        "output_tokens_details": {"image_tokens": drawn, "text_tokens": 0},
        "total_tokens": texts + originals + drawn,
    }
    answer = openai_errors.document(
        {
            "created": int(time.time()),
            "background": "transparent" if ask.background == "transparent" else "opaque",
            "data": [{"b64_json": base64.b64encode(picture).decode()} for picture in pictures],
            "output_format": ask.kind,
            "quality": ask.quality,
            "size": f"{ask.size[0]}x{ask.size[1]}",
            "usage": usage,
        }
    )
    answer.headers["x-request-id"] = call.id
    return answer


def _blocked(call: WireCall, stage: str) -> Response:
    error = {
        "message": _BLOCKED.format(id=call.id),
        "type": "image_generation_user_error",
        "param": None,
        "code": "moderation_blocked",
        "moderation_details": {"moderation_stage": stage, "categories": ["sexual"]},
    }
    return openai_errors.document({"error": error}, 400)


def _ended(desk: Desk, model: WireModel) -> bool:
    return bool(model.facts.get("ended")) or any(model.fits(pattern) for pattern in desk.terms.ended)


def _about(model: WireModel) -> dict[str, object]:
    return {"id": model.id, "object": "model", "created": _CREATED, "owned_by": "system"}


def _instruction(prompt: str) -> str:
    """Return the sentence of a prompt that asks for a change of the picture, or the whole prompt."""
    sentences = [prompt, *filter(str.strip, re.split(r"(?<=[.!?])\s+|\n", prompt))]
    return next((sentence for sentence in sentences if editing.read(sentence)), prompt)


def _tokens_of(original: bytes) -> int:
    """Return the tokens of a picture to be edited."""
    with Image.open(io.BytesIO(original)) as opened:
        width, height = opened.size
    scale = min(1.0, _TILE * 4 / max(width, height))
    return 65 + 129 * max(1, round(width * scale / _TILE)) * max(1, round(height * scale / _TILE)) + 4160


def _in_size(picture: bytes, size: Size) -> bytes:
    with Image.open(io.BytesIO(picture)) as opened:
        return picture if opened.size == size else _png(opened.convert("RGB").resize(size, Image.Resampling.LANCZOS))


def _png(image: Image.Image) -> bytes:
    out = io.BytesIO()
    image.save(out, "PNG", compress_level=3)
    return out.getvalue()


def _exports(url: str) -> Mapping[str, str]:
    return {"OPENAI_BASE_URL": f"{url}/v1", "OPENAI_API_KEY": "sandbox"}


WIRE: Final = Wire("openai", openai_errors.response, _routes, _exports, limited=openai_errors.limited, tells_limits=True)
