"""Recognises the content of a picture, from its pixels alone."""

from __future__ import annotations

import io
import math

import numpy as np
import numpy.typing as npt
from PIL import Image

from onbrief.errors import PictureError
from onbrief_sandbox.files import FORMATS
from onbrief_sandbox.painting.drawings import CARD, CARD_FACE
from onbrief_sandbox.painting.lettering import joined
from onbrief_sandbox.painting.palette import GROUND, RGB
from onbrief_sandbox.scene import Box, Colour, Sight, Thing
from onbrief_sandbox.seeing.outlook import is_landscape, survey
from onbrief_sandbox.seeing.reading import read
from onbrief_sandbox.seeing.recognition import recognise
from onbrief_sandbox.seeing.regions import Labels, Mask, Region, connected, touching_border

_SIDE = 512  # pictures are scaled to about 512 x 512 pixels, keeping their shape
_LARGEST = 64_000_000  # pixels; four times the largest picture that can be requested
_WHITE = 226  # least value of the darkest channel in a halo after JPEG; no colour of a landscape comes close
_PAPER_WHITE = 204  # the same for white paper, including its shades
_SMALLEST = 9  # pixels at the eye's scale: the side of the smallest thing
_MOST = 400  # maximum number of things; more regions are noise
_INKED = 120  # limit for the median brightness of the darker of the two outermost rings of a silhouette
_WIDEST_THING = 2.3  # width divided by height; a wider region is a banner

Pixels = npt.NDArray[np.uint8]


def look(image: bytes) -> Sight:
    """Return the content of the picture. Metadata is ignored.

    Raises:
        PictureError: the bytes are not a readable PNG, JPEG or WebP, or the picture has more than 64 million pixels.
    """
    picture = _decoded(image)
    pixels = np.asarray(_at_eye_size(picture))
    ground = _ground(pixels)
    outside, silhouettes = _things_and_outside(pixels, ground == "white")
    labels, regions = connected(silhouettes)
    things: list[Thing] = []
    words: tuple[str, ...] = ()
    large = [r for r in regions if min(r.width, r.height) >= _SMALLEST and r.area >= 60]
    for region in sorted(large, key=lambda r: -r.area)[:_MOST]:
        if region.width > _WIDEST_THING * region.height:
            words = words or tuple(_banner(picture, region, pixels.shape))
        elif thing := _thing(picture, pixels, labels, region):
            things.append(thing)
    things.sort(key=lambda t: (t.box.y, t.box.x))
    if ground is not None:
        return Sight(tuple(things), ground, words=words)
    elements, styles, boxes = survey(pixels, outside)
    return Sight(tuple(things), None, elements, words, styles, boxes)


def _decoded(image: bytes) -> Image.Image:
    try:
        with Image.open(io.BytesIO(image), formats=FORMATS) as opened:
            if opened.width * opened.height <= _LARGEST:
                return _without_alpha(opened)
            size = f"{opened.width} x {opened.height}"
    except (OSError, SyntaxError, ValueError, EOFError, MemoryError, Image.DecompressionBombError, Warning) as error:
        raise PictureError(f"the picture cannot be read: {error}") from error
    raise PictureError(f"the picture has {size} pixels, more than {_LARGEST}")


def _without_alpha(picture: Image.Image) -> Image.Image:
    """Return the picture as RGB, with transparent parts on white."""
    if picture.mode == "RGB":
        picture.load()
        return picture.copy()
    if picture.mode.startswith("I"):  # 16-bit grey: Pillow's own conversion would keep the lower 8 bits
        return Image.fromarray((np.asarray(picture) >> 8).astype(np.uint8)).convert("RGB")
    whole = picture.convert("RGBA")
    if whole.getchannel("A").getextrema()[0] == 255:
        return whole.convert("RGB")
    flat = Image.new("RGB", whole.size, "white")
    flat.paste(whole, mask=whole.getchannel("A"))
    return flat


def _at_eye_size(picture: Image.Image) -> Image.Image:
    scale = _SIDE / math.sqrt(picture.width * picture.height)
    scale = min(scale, 4.0, 4 * _SIDE / max(picture.size))
    size = max(1, round(picture.width * scale)), max(1, round(picture.height * scale))
    if size == picture.size:
        return picture
    if picture.size == (2 * size[0], 2 * size[1]):
        return picture.reduce(2)
    return picture.resize(size, Image.Resampling.BILINEAR, reducing_gap=2.0)


def _ground(pixels: Pixels) -> Colour | None:
    """Return the colour of a plain background, from the picture's border; None in a landscape."""
    edge = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]]).astype(np.int16)
    middle = np.median(edge, axis=0)
    if is_landscape(pixels):
        return None
    return nearest(GROUND, (int(middle[0]), int(middle[1]), int(middle[2])))


def nearest(colours: dict[Colour, RGB], colour: RGB) -> Colour:
    """Return the name of the nearest of these colours."""
    return min(colours, key=lambda name: sum((a - b) ** 2 for a, b in zip(colours[name], colour, strict=True)))


def _things_and_outside(pixels: Pixels, on_white: bool) -> tuple[Mask, Mask]:
    """Return the area outside all halos, and the silhouettes of the things inside them."""
    least = pixels.min(axis=2)
    if on_white:
        outside = touching_border(least >= _PAPER_WHITE)
        return outside, ~outside
    white = least >= _WHITE
    outside = touching_border(~white)
    return outside, ~touching_border(outside | white)


def _thing(picture: Image.Image, pixels: Pixels, labels: Labels, region: Region) -> Thing | None:
    crop = np.s_[region.top : region.bottom, region.left : region.right]
    silhouette = labels[crop] == region.label
    if not _outlined(pixels[crop], silhouette):
        return None
    match = recognise(pixels[crop], silhouette)
    if match is None:
        return None
    height, width, _ = pixels.shape
    box = Box(region.left / width, region.top / height, region.right / width, region.bottom / height)
    noun = match.name
    if noun == CARD:
        left, top, right, bottom = CARD_FACE
        face = (left - 1) / 98, (top - 15) / 70, (right - 1) / 98, (bottom - 15) / 70
        noun = joined(read(_face(picture, region, pixels.shape, face))).lower()
        if not noun:
            return None
    return Thing(noun, match.colour, box)


def _outlined(crop: Pixels, silhouette: Mask) -> bool:
    """Return whether a silhouette has an ink outline. A region without one is a gap between halos or not a sandbox drawing."""
    inner = _eroded(silhouette)
    rims = silhouette & ~inner, inner & ~_eroded(inner)
    return min(float(np.median(crop[rim].max(axis=1))) if rim.any() else 255.0 for rim in rims) < _INKED


def _eroded(mask: Mask) -> Mask:
    around = np.pad(mask, 1)
    return mask & around[:-2, 1:-1] & around[2:, 1:-1] & around[1:-1, :-2] & around[1:-1, 2:]


def _banner(picture: Image.Image, region: Region, shape: tuple[int, ...]) -> list[str]:
    tail = 0.3 * 1.6 * region.height / region.width
    return read(_face(picture, region, shape, (tail + 0.012, 0.05, 1 - tail - 0.012, 0.82)))


def _face(picture: Image.Image, region: Region, shape: tuple[int, ...], part: tuple[float, float, float, float]) -> Image.Image:
    """Return a part of the region (as fractions of its box) in grey, cut from the original picture, large enough to read."""
    sx, sy = picture.width / shape[1], picture.height / shape[0]
    left, top = region.left * sx, region.top * sy
    wide, high = region.width * sx, region.height * sy
    box = (left + part[0] * wide, top + part[1] * high, left + part[2] * wide, top + part[3] * high)
    scale = min(max(1.0, 360 / (box[2] - box[0])), 4.0, 1200 / (box[2] - box[0]))
    size = max(8, round((box[2] - box[0]) * scale)), max(8, round((box[3] - box[1]) * scale))
    return picture.resize(size, Image.Resampling.LANCZOS, box=box).convert("L")
