"""Changes that need no model: a crop to a shape, an exact size, another colour for a plain background."""

from __future__ import annotations

import io

from PIL import Image, ImageChops, ImageDraw, ImageFilter

from onbrief.errors import Failed
from onbrief.pictures.colours import OTHER, RGB, delta_e, lab, sample
from onbrief.pictures.decoding import decoding, opened
from onbrief.pictures.flattening import flatten
from onbrief.pictures.formats import decode, parse
from onbrief.pictures.judge_copy import upright
from onbrief.pictures.measuring import PLAIN, border, most_frequent
from onbrief.questions.measures import Aspect, Exact, Ground, Pixels, shape_of
from onbrief.questions.repairs import part_of

_NEAR = 24  # of 255: how far each channel of a background pixel may be from the background's colour
_MAP = 256  # pixels of the longer side of the map in which the background is followed from the edges
_REACHED = 128


def retouched(data: bytes, wanted: Exact | Ground) -> bytes:
    """Return a PNG of the picture that is as `wanted`. The middle of the picture is kept. Blocks.

    Raises:
        PictureError: the bytes are not a picture.
        Failed: its background is not of one colour, or nothing is known to be of the wanted one. Costs nothing.
    """
    parts = parse(data)
    with decoding((parts.width, parts.height)):
        profile = opened(data, ["PNG", "JPEG", "WEBP"]).info.get("icc_profile")
        image = upright(flatten(decode(parts), "white", alpha=parts.alpha)[0], parts).convert("RGB")
        match wanted:
            case Ground():
                image = _on_ground(image, wanted)
            case Pixels():
                size = wanted.width, wanted.height
                image = _cropped(image, Aspect(*size)).resize(size, Image.Resampling.LANCZOS)
            case _:
                image = _cropped(image, shape_of(wanted))
        file = io.BytesIO()
        image.save(file, "PNG", icc_profile=profile)
        return file.getvalue()


def _cropped(image: Image.Image, shape: Aspect) -> Image.Image:
    width, height = part_of(image.size, shape)
    left, top = (image.width - width) // 2, (image.height - height) // 2
    return image.crop((left, top, left + width, top + height))


def _on_ground(image: Image.Image, wanted: Ground) -> Image.Image:
    """Give the background another colour. Its pixels are shifted, so that noise and soft edges stay as they are."""
    edges = border(image)
    main, colour = most_frequent(edges), wanted.colour and sample(wanted.colour)
    plain = sum(n for pixel, n in edges.items() if delta_e(lab(main), lab(pixel)) <= OTHER) / edges.total()
    if colour is None or plain < PLAIN:
        raise Failed("the background is not of one colour" if colour else "no such colour is known", usd=0.0)
    shift = (colour[0] - main[0], colour[1] - main[1], colour[2] - main[2])
    bands = [band.point([min(255, max(0, n + by)) for n in range(256)]) for band, by in zip(image.split(), shift, strict=True)]
    mask = _background(image, main).filter(ImageFilter.GaussianBlur(1))
    return Image.composite(Image.merge("RGB", bands), image, mask)


def _background(image: Image.Image, main: RGB) -> Image.Image:
    """Return a mask of the pixels of the background's colour that are connected with an edge of the picture."""
    red, green, blue = ImageChops.difference(image, Image.new("RGB", image.size, main)).split()
    off = ImageChops.lighter(ImageChops.lighter(red, green), blue)
    near = off.point([255] * (_NEAR + 1) + [0] * (255 - _NEAR))
    scale = min(1.0, _MAP / max(image.size))
    size = max(1, round(image.width * scale)), max(1, round(image.height * scale))
    chart = near.resize(size, Image.Resampling.BOX).point([0] * 128 + [255] * 128)
    width, height = size
    around = [(x, y) for x in range(width) for y in (0, height - 1)] + [(x, y) for y in range(height) for x in (0, width - 1)]
    for at in around:
        if chart.getpixel(at) == 255:
            ImageDraw.floodfill(chart, at, _REACHED)
    reached = chart.point([255 * (n == _REACHED) for n in range(256)]).filter(ImageFilter.MaxFilter(3))
    return ImageChops.darker(near, reached.resize(image.size, Image.Resampling.NEAREST))
