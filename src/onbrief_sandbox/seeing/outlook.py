"""Recognises the elements of a landscape: classifies each pixel outside all things by its colour and height."""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt

from onbrief_sandbox.painting.palette import RGB
from onbrief_sandbox.painting.weather import (
    AURORA,
    AURORA_FRINGE,
    HORIZON,
    HOURS,
    MOON,
    RAINBOW,
    STAR,
    STYLES,
    SUN,
    Weather,
    sky_at,
    weather,
)
from onbrief_sandbox.scene import Box
from onbrief_sandbox.seeing.regions import Labels, Mask, Region, connected

Pixels = npt.NDArray[np.uint8]

_NAMES = (
    *("", "mountains", "hills", "forest", "clouds", "snow", "meadow", "sea", "lake", "shore", "ice"),
    *("sun", "pale", "aurora", "fringe"),
    *(f"rainbow {k}" for k in range(len(RAINBOW))),
)
_ABOVE = ("mountains", "hills", "forest", "clouds", "snow")
_BELOW = ("hills", "forest", "meadow", "sea", "lake", "shore", "ice")
_LEAST = {
    "aurora": 0.003,
    "clouds": 0.004,
    "mountains": 0.008,
    "hills": 0.012,
    "forest": 0.01,
    "lake": 0.01,
    "sea": 0.01,
    "ice": 0.0015,
}
"""The least share of the picture for each element to count as present."""
_LEAST_STARS = 12
_LEAST_SKY = 0.05  # least share of the area above the horizon that must match a sky; other pictures match less
_HEIGHTS = {
    "mountains": (0.5, 1),
    "snow": (0.5, 1),
    "hills": (0.66, 1),
    "forest": (0.6, 1),
    "clouds": (0, 0.75),
    "aurora": (0, 0.7),
}
"""The range of heights in the sky where each can be: 0 is the zenith, 1 the horizon."""
_GLOWS = {"sun": 2.3, "sunrise": 3.2, "moon": 2.1}
"""The radius of the glow around each, in units of its own radius. Everything else inside the glow is ignored."""
_STEP = 14  # largest difference between a sky pixel and the colour expected at its height
_FAR = 30  # largest difference between any other pixel and the colour of its class

Seen = tuple[frozenset[str], frozenset[str], tuple[tuple[str, Box], ...]]


def is_landscape(pixels: Pixels) -> bool:
    """Return whether the picture has a sky and a land: the colours of its top and bottom edges differ."""
    top = np.median(pixels[:2].reshape(-1, 3), axis=0)
    bottom = np.median(pixels[-2:].reshape(-1, 3), axis=0)
    return bool(np.abs(top - bottom).max() > 26)


def survey(pixels: Pixels, outside: Mask) -> Seen:
    """Return the elements, the styles, and the boxes of the elements that have one."""
    height = len(pixels)
    horizon = min(height - 1, round(HORIZON * height))
    air = _weather(pixels, outside, horizon)
    if air is None:
        return frozenset(), frozenset(), ()
    above, below = _tables(air)
    index = _index(pixels)
    classes = np.concatenate([above[index[:horizon]], below[index[horizon:]]])
    expected = np.array([sky_at(air.sky, min(1.0, y / horizon)) for y in range(horizon)], np.int16)
    near_sky = np.abs(pixels[:horizon].astype(np.int16) - expected[:, None]).max(axis=2) <= _STEP
    classes[:horizon][near_sky] = 0
    classes[~outside] = 0
    for name, (highest, lowest) in _HEIGHTS.items():
        for rows in (classes[: round(highest * horizon)], classes[round(lowest * horizon) : horizon]):
            rows[rows == _NAMES.index(name)] = 0
    boxes = _suns(classes == _NAMES.index("sun"), horizon)
    for name, box in boxes:
        _dim(classes[:horizon], box, _GLOWS[name], height)
    bright = _bright(classes == _NAMES.index("pale"), horizon)
    for name, box in bright:
        if name == "moon":
            boxes.append((name, box))
            _dim(classes[:horizon], box, _GLOWS[name], height)
    solid = np.zeros(classes.shape, bool)
    inner = classes[1:-1, 1:-1]
    solid[1:-1, 1:-1] = (
        (inner == classes[:-2, 1:-1])
        & (inner == classes[2:, 1:-1])
        & (inner == classes[1:-1, :-2])
        & (inner == classes[1:-1, 2:])
    )
    shares = np.bincount(classes[solid], minlength=len(_NAMES)) / classes.size
    seen = {name: float(shares[i]) for i, name in enumerate(_NAMES)}
    elements = {air.hour, *(("sunset",) if air.glow else ())}
    elements |= {name for name, _ in boxes}
    elements |= {name for name, least in _LEAST.items() if seen[name] >= least}
    if sum(seen[f"rainbow {k}"] > 0.0006 for k in range(len(RAINBOW))) >= 5:
        elements.add("rainbow")
    counted = [name for name, _ in bright]
    if counted.count("stars") >= _LEAST_STARS:
        elements.add("stars")
    if "meteors" in counted:
        elements.add("meteors")
    return frozenset(elements), frozenset({air.style} - {""}), tuple(boxes)


def _weather(pixels: Pixels, outside: Mask, horizon: int) -> Weather | None:
    """Return the weather whose sky matches most of the area above the horizon; None if almost nothing matches any."""
    sample = pixels[:horizon:4, ::4].astype(np.int16)
    clear = outside[:horizon:4, ::4]
    most, best = _LEAST_SKY * clear.size, None
    for hour in HOURS:
        for glow in (False, True) if hour != "sunset" else (False,):
            for style in STYLES:
                air = weather(hour, glow, style)
                expected = np.array([sky_at(air.sky, y / horizon) for y in range(0, horizon, 4)], np.int16)
                agree = int(((np.abs(sample - expected[:, None]).max(axis=2) <= _STEP) & clear).sum())
                if agree > most:
                    most, best = agree, air
    return best


@cache
def _tables(air: Weather) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]]:
    """Return lookup tables from colours, in steps of eight, to classes: one for above the horizon, one for below."""
    land = [(name.split()[0], colour) for name, colour in air.land.items()]
    sky = [("sun", SUN), ("pale", STAR), ("pale", MOON), ("aurora", AURORA), ("fringe", AURORA_FRINGE)]
    sky += [(f"rainbow {k}", colour) for k, colour in enumerate(RAINBOW)]
    above = [(name, colour) for name, colour in land if name in _ABOVE] + sky
    return _table(above), _table([(name, colour) for name, colour in land if name in _BELOW])


def _table(swatches: list[tuple[str, RGB]]) -> npt.NDArray[np.uint8]:
    steps = np.arange(32, dtype=np.int32) * 8 + 4
    least = np.full((32, 32, 32), _FAR**2, np.int32)
    table = np.zeros((32, 32, 32), np.uint8)
    for name, (red, green, blue) in swatches:
        distance = (
            ((steps - red) ** 2)[:, None, None] + ((steps - green) ** 2)[None, :, None] + ((steps - blue) ** 2)[None, None]
        )
        nearer = distance < least
        least[nearer] = distance[nearer]
        table[nearer] = _NAMES.index(name)
    return table.ravel()


def _index(pixels: Pixels) -> npt.NDArray[np.uint16]:
    coarse = (pixels >> 3).astype(np.uint16)
    return ((coarse[:, :, 0] << 10) | (coarse[:, :, 1] << 5) | coarse[:, :, 2]).astype(np.uint16, copy=False)


def _suns(mask: Mask, horizon: int) -> list[tuple[str, Box]]:
    """Return the suns: a whole disc is a sun in the sky; a disc cut in half by the horizon is a sunrise."""
    found: list[tuple[str, Box]] = []
    _, regions = connected(mask)
    unit = min(mask.shape[1], 1.4 * horizon)
    for region in regions:
        if region.width < 0.045 * unit or region.area < 0.55 * region.width * region.height:
            continue
        half = region.bottom >= horizon - 2 and region.width > 1.5 * region.height
        found.append(("sunrise" if half else "sun", _box(region, mask)))
    return found


def _bright(mask: Mask, horizon: int) -> list[tuple[str, Box]]:
    """What is pale in the sky: a moon is large and round, a meteor long, thin and aslant, a star small."""
    labels, regions = connected(mask)
    unit = min(mask.shape[1], 1.4 * horizon)
    found: list[tuple[str, Box]] = []
    for region in regions:
        if region.bottom > horizon or region.area < 2:
            continue
        long, short = max(region.width, region.height), min(region.width, region.height)
        if short > 0.045 * unit and region.area > 0.5 * region.width * region.height:
            found.append(("moon", _box(region, mask)))
        elif long > 0.06 * unit and short > 0.25 * long and _slender(labels, region):
            found.append(("meteors", _box(region, mask)))
        elif long < 0.035 * unit:
            found.append(("stars", _box(region, mask)))
    return found


def _slender(labels: Labels, region: Region) -> bool:
    """Return whether the region is far longer than wide, in any orientation."""
    y, x = np.nonzero(labels[region.top : region.bottom, region.left : region.right] == region.label)
    if len(x) < 4:
        return False
    spread = np.linalg.eigvalsh(np.cov(np.stack([x, y])))
    return bool(spread[0] < 0.04 * spread[1])


def _box(region: Region, mask: Mask) -> Box:
    height, width = mask.shape
    return Box(region.left / width, region.top / height, region.right / width, region.bottom / height)


def _dim(sky: npt.NDArray[np.uint8], box: Box, reach: float, height: int) -> None:
    """Clear the classes of all pixels in the glow around this box."""
    width = sky.shape[1]
    radius = reach * (box.right - box.left) * width / 2
    x, y = box.x * width, (box.bottom if box.bottom * height >= len(sky) - 3 else box.y) * height
    rows, columns = np.ogrid[: len(sky), :width]
    sky[(rows - y) ** 2 + (columns - x) ** 2 <= radius**2] = 0
