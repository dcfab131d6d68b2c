"""Connects the server's image models to the painter: draws and edits pictures, and encodes them in the requested format."""

from __future__ import annotations

import asyncio
import io
from functools import lru_cache
from typing import Literal

from PIL import Image

from onbrief.brief import Size
from onbrief.errors import Failed, UsageError
from onbrief.ports import ModelName
from onbrief_sandbox import imagining
from onbrief_sandbox.editing import inpainted
from onbrief_sandbox.models import SIDES, SandboxImageModel
from onbrief_sandbox.world import Model

Format = Literal["png", "jpeg", "webp"]
Spoilt = Literal["blank", "truncated", "text"]

_QUALITY = 95


async def draw(prompt: str, negative: str, size: Size, seed: int, model: str = "") -> bytes:
    """Return a PNG of this size in pixels. If the painter does not support the size, the picture is scaled."""
    painter = SandboxImageModel.named(ModelName("sandbox", model))
    drawn = await asyncio.to_thread(_drawn, prompt, negative, _canvas(size), seed, painter.model)
    return drawn if _canvas(size) == size else await asyncio.to_thread(_scaled, drawn, size)


async def edit(image: bytes, instruction: str, seed: int, mask: bytes | None = None) -> bytes:
    """Return a PNG of the picture with the change that the instruction requests, of things under the white part of the mask if
    there is one. If that change is impossible, the picture is returned unchanged: the real service returns and charges for a
    picture in that case, too.
    """
    try:
        edited = await SandboxImageModel.named(ModelName("sandbox")).edit(image, instruction, seed, mask)
    except (Failed, UsageError):
        return await asyncio.to_thread(_scaled, image, None)
    return edited.data


async def inpaint(image: bytes, mask: bytes, prompt: str, seed: int) -> bytes:
    """Return a PNG of the picture with the things under the white part of the mask removed and, unless the prompt is empty, the
    things that it names drawn there.
    """
    return await asyncio.to_thread(inpainted, image, mask, prompt, seed)


async def encoded(png: bytes, kind: Format) -> bytes:
    """Return the same picture in another format."""
    return png if kind == "png" else await asyncio.to_thread(_encoded, png, kind)


def spoil(picture: bytes, how: Spoilt) -> bytes:
    """Return a broken version of a picture: a single colour, half of the file, or HTML instead of a picture."""
    match how:
        case "blank":
            image = Image.open(io.BytesIO(picture))
            out = io.BytesIO()
            Image.new("RGB", image.size, (127, 127, 127)).save(out, image.format)
            return out.getvalue()
        case "truncated":
            return picture[: len(picture) // 2]
        case "text":
            return b"<html><body>Service temporarily unavailable</body></html>"


def _canvas(size: Size) -> Size:
    """Return the nearest size of the same shape that the painter supports."""
    low, high = SIDES
    scale = max(1.0, low / min(size)) * min(1.0, high / max(size))
    width, height = (min(high, max(low, round(side * scale))) for side in size)
    return width, height


@lru_cache(maxsize=8)
def _drawn(prompt: str, negative: str, size: Size, seed: int, model: Model) -> bytes:
    """Return a PNG. The last ones are kept: a run that is tried again, as tests and demonstrations do, asks for the same."""
    return imagining.picture(prompt, negative, size, seed, model)[0]


def _scaled(picture: bytes, size: Size | None) -> bytes:
    image = Image.open(io.BytesIO(picture)).convert("RGB")
    return _saved(image.resize(size, Image.Resampling.LANCZOS) if size else image, "png")


def _encoded(png: bytes, kind: Format) -> bytes:
    return _saved(Image.open(io.BytesIO(png)).convert("RGB"), kind)


def _saved(image: Image.Image, kind: Format) -> bytes:
    out = io.BytesIO()
    if kind == "png":
        image.save(out, "PNG", compress_level=3)
    else:
        image.save(out, kind.upper(), quality=_QUALITY)
    return out.getvalue()
