"""The painter behind the image models: draws, edits, and hands pictures out in the format that was asked for."""

from __future__ import annotations

import asyncio
import io
import math
from typing import Literal

from PIL import Image, ImageStat

from onbrief.brief import Size
from onbrief.errors import Failed
from onbrief.record import Prompt
from onbrief.sandbox.models import SIDES, SandboxImageModel
from onbrief.sandbox.scene import Place, Thing
from onbrief.sandbox.seeing.eye import look
from onbrief.sandbox.world.room import in_third

Format = Literal["png", "jpeg", "webp"]
Spoilt = Literal["blank", "truncated", "text"]

_QUALITY = 95
_COVERED = 0.4  # of a thing's box; a mask that touches less means something else
_PLACES: dict[Place, str] = {
    "left": "on the left",
    "right": "on the right",
    "top": "at the top",
    "bottom": "at the bottom",
    "middle": "in the middle",
}


async def draw(prompt: str, negative: str, size: Size, seed: int, model: str = "") -> bytes:
    """A PNG of this size, in pixels. What the painter cannot do at this size it does at another, and scales."""
    picture = await SandboxImageModel.named(model, {}).generate(Prompt(0, prompt, negative), _canvas(size), seed)
    if _canvas(size) == size:
        return picture.data
    return await asyncio.to_thread(_scaled, picture.data, size)


async def edit(image: bytes, instruction: str, seed: int) -> bytes:
    """A PNG of the picture with one thing changed, as the instruction says; with nothing changed where it says nothing that
    can be done, since that is what a service is paid for as well.
    """
    try:
        edited = await SandboxImageModel.named("", {}).edit(image, instruction, seed)
    except Failed:
        return await asyncio.to_thread(_scaled, image, None)
    return edited.data


async def erase(image: bytes, mask: bytes, seed: int) -> bytes:
    """A PNG of the picture without the thing that lies under the white of the mask, wherever the mask lies on one."""
    instruction = await asyncio.to_thread(_removal, image, mask)
    return await edit(image, instruction, seed) if instruction else await asyncio.to_thread(_scaled, image, None)


async def encoded(png: bytes, format: Format) -> bytes:  # noqa: A002 - the service's word
    """The same picture in another format."""
    return png if format == "png" else await asyncio.to_thread(_encoded, png, format)


def spoil(picture: bytes, how: Spoilt) -> bytes:
    """What a provider on a bad day sends instead: one colour, half a file, or no picture at all."""
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
    """The nearest size of the same shape that the painter takes."""
    low, high = SIDES
    scale = max(1.0, low / min(size)) * min(1.0, high / max(size))
    width, height = (min(high, max(low, round(side * scale))) for side in size)
    return width, height


def _scaled(picture: bytes, size: Size | None) -> bytes:
    image = Image.open(io.BytesIO(picture)).convert("RGB")
    return _saved(image.resize(size, Image.Resampling.LANCZOS) if size else image, "png")


def _removal(image: bytes, mask: bytes) -> str:
    """The instruction that removes the thing whose box the mask covers most; empty where it covers none."""
    white = Image.open(io.BytesIO(mask)).convert("L")
    width, height = white.size

    def covered(thing: Thing) -> float:
        left, top = int(thing.box.left * width), int(thing.box.top * height)
        right, bottom = math.ceil(thing.box.right * width), math.ceil(thing.box.bottom * height)
        return ImageStat.Stat(white.crop((left, top, max(right, left + 1), max(bottom, top + 1)))).mean[0] / 255

    things = look(image).things
    thing = max(things, key=covered, default=None)
    if thing is None or covered(thing) < _COVERED:
        return ""
    name = f"{thing.colour} {thing.noun}" if thing.colour else thing.noun
    alike = [other for other in things if (other.noun, other.colour) == (thing.noun, thing.colour)]
    if len(alike) == 1:
        return f"remove the {name}"
    for place, words in _PLACES.items():
        if [other for other in alike if in_third(place).holds(other.box)] == [thing]:
            return f"remove the {name} {words}"
    return f"remove one {name}"


def _encoded(png: bytes, format: Format) -> bytes:  # noqa: A002
    return _saved(Image.open(io.BytesIO(png)).convert("RGB"), format)


def _saved(image: Image.Image, format: Format) -> bytes:  # noqa: A002
    out = io.BytesIO()
    if format == "png":
        image.save(out, "PNG", compress_level=3)
    else:
        image.save(out, format.upper(), quality=_QUALITY)
    return out.getvalue()
