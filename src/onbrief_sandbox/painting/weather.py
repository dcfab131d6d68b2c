"""The colours of landscapes for each hour and style. The eye uses the same table to recognise elements by their colour."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Literal, get_args

from onbrief_sandbox.painting.palette import RGB, mix

Hour = Literal["day", "night", "sunset"]
Style = Literal["", "serene", "dramatic"]

HORIZON = 0.56
"""The position of the horizon in every landscape, as a share of its height from the top."""

HOURS: tuple[Hour, ...] = get_args(Hour)
STYLES: tuple[Style, ...] = get_args(Style)

RAINBOW: tuple[RGB, ...] = ((226, 76, 92), (240, 132, 62), (236, 216, 84), (66, 196, 96), (40, 150, 240), (158, 70, 214))
"""The stripes from the outside in."""

_ZENITH: dict[tuple[Hour, Style], RGB] = {
    ("day", ""): (96, 172, 230),
    ("day", "serene"): (172, 210, 236),
    ("day", "dramatic"): (30, 104, 196),
    ("night", ""): (20, 28, 72),
    ("night", "serene"): (76, 88, 138),
    ("night", "dramatic"): (6, 8, 28),
    ("sunset", ""): (118, 74, 142),
    ("sunset", "serene"): (198, 164, 204),
    ("sunset", "dramatic"): (86, 24, 72),
}
_HORIZON: dict[tuple[Hour, Style], RGB] = {
    ("day", ""): (176, 216, 240),
    ("day", "serene"): (190, 222, 240),
    ("day", "dramatic"): (120, 184, 228),
    ("night", ""): (64, 76, 140),
    ("night", "serene"): (112, 122, 180),
    ("night", "dramatic"): (24, 36, 112),
    ("sunset", ""): (250, 164, 104),
    ("sunset", "serene"): (246, 196, 176),
    ("sunset", "dramatic"): (250, 122, 50),
}
_LAND: dict[str, RGB] = {
    "mountains": (128, 128, 160),
    "mountains shade": (98, 98, 136),
    "mountains far": (158, 164, 192),
    "snow": (196, 206, 232),
    "hills": (118, 172, 84),
    "hills shade": (96, 150, 80),
    "forest": (34, 98, 74),
    "forest light": (44, 118, 84),
    "meadow": (176, 196, 98),
    "meadow light": (192, 208, 116),
    "sea": (30, 96, 164),
    "sea light": (58, 122, 184),
    "lake": (72, 176, 196),
    "lake light": (112, 198, 210),
    "shore": (222, 204, 152),
    "ice": (202, 228, 226),
    "ice shade": (150, 186, 214),
    "clouds": (228, 222, 210),
    "clouds shade": (208, 204, 198),
}
_AT_NIGHT: dict[str, RGB] = {
    "mountains": (112, 100, 136),
    "mountains shade": (84, 70, 98),
    "mountains far": (128, 120, 156),
    "snow": (198, 190, 214),
    "forest": (14, 62, 60),
    "forest light": (24, 78, 70),
    "clouds": (160, 170, 196),
    "clouds shade": (140, 150, 182),
    "ice": (150, 190, 204),
    "ice shade": (112, 140, 172),
    "sea": (20, 54, 116),
    "sea light": (34, 72, 138),
}
_LIGHT: dict[Hour, tuple[RGB, float]] = {
    "day": ((255, 255, 255), 0.0),
    "night": ((16, 18, 62), 0.5),
    "sunset": ((150, 60, 96), 0.3),
}

SUN: RGB = (255, 204, 54)
MOON: RGB = (240, 226, 156)
STAR: RGB = (248, 236, 168)
AURORA: RGB = (84, 226, 160)
AURORA_FRINGE: RGB = (112, 132, 226)


@dataclass(frozen=True, slots=True, eq=False)
class Weather:
    """The colours of one landscape: the sky as gradient stops from zenith to horizon, and the land."""

    hour: Hour
    glow: bool
    style: Style
    sky: tuple[tuple[float, RGB], ...]
    land: dict[str, RGB]


@cache
def weather(hour: Hour, glow: bool, style: Style) -> Weather:
    """Return the colours for this hour and style. `glow` adds the glow of a sunset low in the sky of another hour."""
    zenith, horizon = _ZENITH[hour, style], _HORIZON[hour, style]
    sky: tuple[tuple[float, RGB], ...] = ((0.0, zenith), (1.0, horizon))
    if hour == "sunset":
        sky = ((0.0, zenith), (0.5, mix(zenith, (238, 96, 110), 0.62)), (1.0, horizon))
    elif glow:
        warm = _HORIZON["sunset", style]
        sky = ((0.0, zenith), (0.45, mix(zenith, horizon, 0.5)), (0.7, mix(horizon, (238, 120, 130), 0.6)), (1.0, warm))
    tone, share = _LIGHT[hour]
    land = {name: mix(colour, tone, share) for name, colour in _LAND.items()} | (_AT_NIGHT if hour == "night" else {})
    return Weather(hour, glow, style, sky, {name: _styled(colour, style) for name, colour in land.items()})


def _styled(colour: RGB, style: Style) -> RGB:
    match style:
        case "":
            return colour
        case "serene":
            return mix(colour, (232, 222, 228), 0.3)
        case "dramatic":
            red, green, blue = (max(0, min(226, round(112 + (channel - 128) * 1.22))) for channel in colour)
            return red, green, blue


def sky_at(stops: tuple[tuple[float, RGB], ...], height: float) -> RGB:
    """Return the colour of the sky at this height (0 at the zenith, 1 at the horizon)."""
    for (low, a), (high, b) in pairwise(stops):
        if height <= high:
            return mix(a, b, (height - low) / (high - low))
    return stops[-1][1]
