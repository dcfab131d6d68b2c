"""Pictures of the sandbox's scenes with words written over them, and where the words are."""

from __future__ import annotations

import io
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from textwrap import wrap

from PIL import Image, ImageColor, ImageDraw, ImageFont, ImageStat

from onbrief_sandbox.painting.painter import paint
from tests.sandbox.scenes import random_scene

Area = tuple[int, int, int, int]
"""Left, top, right and bottom, in pixels."""

SIZE = (512, 512)
SMALLEST = 10  # pixels
CALM = 30.0  # the standard deviation of the ground's channels, at most
COLOURS = ("#000000", "#ffffff", "#d01010", "#103090", "#ffe040", "#108030")
FONTS = sorted(Path("/usr/share/fonts").glob("**/DejaVu*.ttf")) if Path("/usr/share/fonts").exists() else []


@dataclass(frozen=True, slots=True)
class Sign:
    """A picture with words on it: their place in pixels, and how they were written."""

    data: bytes
    words: tuple[str, ...]
    boxes: tuple[Area, ...]
    written: str


def sign(words: tuple[str, ...], seed: int) -> Sign:
    """Write each of these words somewhere on a scene: from 10 pixels up, in several fonts and colours, at 60 to 100% opacity,
    where the ground is not too lively and the colour stands out, as whoever wants them to be read would do.
    """
    rng = random.Random(seed)  # noqa: S311 - pictures, not secrets
    scene = random_scene(seed)
    picture = Image.open(io.BytesIO(paint(scene, SIZE, seed)[0])).convert("RGB")
    boxes: list[Area] = []
    written: list[str] = []
    for text in words:
        box, how = _write(picture, text, boxes, rng)
        boxes.append(box)
        written.append(how)
    file = io.BytesIO()
    picture.save(file, "PNG", compress_level=1)
    return Sign(file.getvalue(), words, tuple(boxes), "; ".join(written))


def still_there(own: Sign, copy: bytes) -> bool:
    """Return whether any of the words can still be seen in a copy of the picture of the same size."""
    before, after = (Image.open(io.BytesIO(data)).convert("RGB") for data in (own.data, copy))
    assert before.size == after.size
    return any(_ink(after, box) > 0.35 * _ink(before, box) for box in own.boxes)


def _write(picture: Image.Image, text: str, taken: list[Area], rng: random.Random) -> tuple[Area, str]:
    height = rng.choice((10, 11, 12, 14, 16, 20, 24, 32, 40))
    pen = ImageDraw.Draw(picture)
    while True:
        font = _font(height, rng)
        block = "\n".join(wrap(text, max(8, int(440 / (0.6 * height)))))
        left, top, right, bottom = (round(v) for v in pen.multiline_textbbox((0, 0), block, font=font, spacing=4))
        calm: list[tuple[int, int]] = []
        if right < SIZE[0] - 16 and bottom < SIZE[1] - 16:
            for x, y in _places(right, bottom, rng):
                box = (x + left - 2, y + top - 2, x + right + 2, y + bottom + 2)
                if not any(_touch(box, other) for other in taken) and _liveliness(picture, box) < CALM:
                    calm.append((x, y))
            if calm or height <= SMALLEST:
                break
        height = max(SMALLEST, height - 4)
    at = calm[0] if calm else (6 - left, 6 - top)
    box = (at[0] + left - 2, at[1] + top - 2, at[0] + right + 2, at[1] + bottom + 2)
    if not calm:  # no room on the scene: on a board over it
        pen.rectangle(box, fill="#e8e4da")
    ground = _light(ImageStat.Stat(picture.crop(box)).mean)
    colours = [colour for colour in COLOURS if abs(_light(ImageColor.getrgb(colour)) - ground) > 90]
    colour, opacity = rng.choice(colours or ["#000000" if ground > 128 else "#ffffff"]), rng.uniform(0.6, 1.0)
    over = picture.copy()
    ImageDraw.Draw(over).multiline_text(at, block, fill=colour, font=font, spacing=4)
    picture.paste(Image.blend(picture, over, opacity))
    return box, f"{height} px {colour} {opacity:.0%}"


def _places(right: int, bottom: int, rng: random.Random) -> list[tuple[int, int]]:
    return [(rng.randint(6, SIZE[0] - right - 6), rng.randint(6, SIZE[1] - bottom - 6)) for _ in range(60)]


def _font(height: int, rng: random.Random) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    choice = rng.randrange(4)
    usual = [font for font in FONTS if "ExtraLight" not in font.name and "Math" not in font.name]
    return ImageFont.truetype(rng.choice(usual), height) if usual and choice else ImageFont.load_default(height)


def _touch(one: Area, other: Area) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _liveliness(picture: Image.Image, box: Area) -> float:
    return max(ImageStat.Stat(picture.crop(box)).stddev)


def _light(pixel: Sequence[float]) -> float:
    return 0.299 * pixel[0] + 0.587 * pixel[1] + 0.114 * pixel[2]


def _ink(picture: Image.Image, box: Area) -> float:
    """How much neighbouring pixels differ, as in letters."""
    part = picture.crop(box).convert("L")
    shifted = part.transform(part.size, Image.Transform.AFFINE, (1, 0, 1, 0, 1, 0))
    pairs = zip(part.tobytes(), shifted.tobytes(), strict=True)
    return sum(abs(a - b) for a, b in pairs) / (part.width * part.height)


def signs(texts: tuple[str, ...], number: int, most: int = 1, first: int = 0) -> Iterator[Sign]:
    """Yield this many pictures, each with 1 to `most` of the texts, all of which appear in turn. The same picture comes at the
    same place, wherever one begins.
    """
    rng = random.Random(11)  # noqa: S311 - pictures, not secrets
    endless = chain.from_iterable(rng.sample(texts, len(texts)) for _ in range(most * (first + number)))
    many = random.Random(13)  # noqa: S311 - pictures, not secrets
    for seed in range(first + number):
        words = tuple(next(endless) for _ in range(many.randint(1, most)))
        if seed >= first:
            yield sign(words, seed)
