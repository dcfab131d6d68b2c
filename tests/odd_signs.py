"""Words written over pictures as nobody had in mind who built the reader: turned, tiny, faint, huge, spaced, in outline."""

from __future__ import annotations

import io
import os
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from textwrap import wrap

from PIL import Image, ImageChops, ImageColor, ImageDraw, ImageFilter, ImageFont, ImageStat

from onbrief_sandbox.painting.painter import paint
from tests.sandbox.scenes import random_scene
from tests.signs import COLOURS, FONTS

LOOKS = ("turned", "tiny", "faint", "huge", "spaced", "outlined", "lively")
SIZES = ((512, 512), (768, 1024), (1024, 1024), (1536, 1024))
MORE_FONTS = sorted(Path(os.environ.get("ONBRIEF_TEST_FONTS", "/nowhere")).glob("**/*.ttf"))
"""Fonts beside those of this machine, from the folder that ONBRIEF_TEST_FONTS names."""


@dataclass(frozen=True, slots=True)
class OddSign:
    """A picture with words on it. `drawn` is white where they were written, and `look` is how."""

    data: bytes
    words: str
    drawn: Image.Image
    look: str

    def still_there(self, copy: bytes) -> bool:
        """Return whether the words can still be seen in a copy of the picture, of any size."""
        before, after = (Image.open(io.BytesIO(data)).convert("RGB") for data in (self.data, copy))
        after = after if after.size == before.size else after.resize(before.size)
        return _ink(after, self.drawn) > 0.35 * _ink(before, self.drawn)


def odd_sign(words: str, seed: int) -> OddSign:
    """Write words somewhere on a scene, with one or two looks of LOOKS and otherwise a size that is easily read."""
    rng = random.Random(1000 + seed)  # noqa: S311 - pictures, not secrets
    size = rng.choice(SIZES)
    picture = Image.open(io.BytesIO(paint(random_scene(5000 + seed), size, seed)[0])).convert("RGB")
    looks = sorted(rng.sample(LOOKS, rng.choice((1, 1, 2))))
    if "tiny" in looks and "huge" in looks:
        looks.remove("huge")
    height = rng.choice((8, 9)) if "tiny" in looks else rng.randint(56, 130) if "huge" in looks else rng.randint(12, 36)
    while True:
        layer = _lettering(words, height, size, looks, rng)
        angle = 0
        if "turned" in looks:
            angle = rng.choice((90, -90, 180, rng.randint(6, 45), -rng.randint(6, 45)))
            layer = layer.rotate(angle, Image.Resampling.BICUBIC, expand=True)
        if layer.width < size[0] - 8 and layer.height < size[1] - 8:
            break
        height = max(8, int(height * 0.85))
    places = [(rng.randint(4, size[0] - layer.width - 4), rng.randint(4, size[1] - layer.height - 4)) for _ in range(40)]
    area = {at: (*at, at[0] + layer.width, at[1] + layer.height) for at in places}
    calm = places[0] if "lively" in looks else min(places, key=lambda at: sum(ImageStat.Stat(picture.crop(area[at])).stddev))
    ground = _light(ImageStat.Stat(picture.crop(area[calm])).median)
    colour = max(rng.sample(COLOURS, 3), key=lambda colour: abs(_light(ImageColor.getrgb(colour)) - ground))
    opacity = rng.uniform(0.2, 0.4) if "faint" in looks else rng.uniform(0.75, 1.0)
    if "faint" in looks or abs(_light(ImageColor.getrgb(colour)) - ground) < 70:
        colour = "#000000" if ground > 128 else "#ffffff"
    before = picture.copy()
    picture.paste(Image.new("RGB", layer.size, colour), calm, Image.blend(Image.new("L", layer.size), layer, opacity))
    drawn = ImageChops.difference(before, picture).convert("L").point([255 if value > 12 else 0 for value in range(256)])
    file = io.BytesIO()
    picture.save(file, "PNG", compress_level=1)
    look = f"{' '.join(looks)} {size[0]}x{size[1]} {height} px {angle}° {colour} {opacity:.0%}"
    return OddSign(file.getvalue(), words, drawn.filter(ImageFilter.MaxFilter(3)), look)


def odd_signs(texts: tuple[str, ...], number: int, first: int = 0) -> Iterator[OddSign]:
    """Yield this many pictures, with the texts in turn."""
    rng = random.Random(12)  # noqa: S311 - pictures, not secrets
    endless = chain.from_iterable(rng.sample(texts, len(texts)) for _ in range(first + number))
    for seed, text in zip(range(first + number), endless):  # noqa: B905 - the texts never end
        if seed >= first:
            yield odd_sign(text, seed)


def _lettering(words: str, height: int, size: tuple[int, int], looks: Sequence[str], rng: random.Random) -> Image.Image:
    """Return the words in white on black."""
    usual = [font for font in FONTS if "Math" not in font.name and "ExtraLight" not in font.name]
    fonts = [*MORE_FONTS, *rng.sample(usual, min(len(usual), 6))] if usual or MORE_FONTS else []
    font = ImageFont.truetype(rng.choice(fonts), height) if fonts else ImageFont.load_default(height)
    text = (" " if rng.random() < 0.5 else "\u2009").join(words) if "spaced" in looks else words
    wide = max(8, int(rng.uniform(0.5, 0.9) * size[0] / (0.6 * height)))
    block = "\n".join(wrap(text, wide))
    pen = ImageDraw.Draw(Image.new("L", (1, 1)))
    stroke = max(1, height // 14) if "outlined" in looks else 0
    left, top, right, bottom = (
        round(v) for v in pen.multiline_textbbox((0, 0), block, font=font, spacing=4, stroke_width=stroke)
    )
    layer = Image.new("L", (right - left + 4, bottom - top + 4))
    pen = ImageDraw.Draw(layer)
    at = (2 - left, 2 - top)
    if stroke:
        pen.multiline_text(at, block, fill=255, font=font, spacing=4, stroke_width=stroke, stroke_fill=255)
        if height > 16:
            pen.multiline_text(at, block, fill=0, font=font, spacing=4)
    else:
        pen.multiline_text(at, block, fill=255, font=font, spacing=4)
    return layer


def _light(pixel: list[float] | list[int] | tuple[int, ...]) -> float:
    return 0.299 * pixel[0] + 0.587 * pixel[1] + 0.114 * pixel[2]


def _ink(picture: Image.Image, drawn: Image.Image) -> float:
    """How much neighbouring pixels differ where the words were written."""
    grey = picture.convert("L")
    return sum(
        ImageStat.Stat(ImageChops.difference(grey, ImageChops.offset(grey, *by)), drawn).sum[0] for by in ((1, 0), (0, 1))
    )
