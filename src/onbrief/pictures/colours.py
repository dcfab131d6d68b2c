"""Colours as people see them: CIE L*a*b*, differences between colours, and what the words for colours mean.

Pixels are taken as sRGB. A difference to a hex value is ΔE00 (CIEDE2000, CIE 142-2001); a difference to a word is the CIE 1976
distance to the nearest colour that the word covers.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from onbrief.questions.measures import Colour

RGB = tuple[int, int, int]
Lab = tuple[float, float, float]

SAME: Final = 5.0
"""ΔE00 up to which a pixel has a colour given in hex. Proofs for print are held to about 3 (ISO 12647-7). Two colours side by
side that differ by 5 are seen to differ, but no image model aims at hex values, and JPEG alone moves colours by 1 to 2.
"""
OTHER: Final = 10.0
"""ΔE00 from which a pixel certainly has another colour. Between SAME and OTHER nothing is decided."""
SAME_WORD: Final = 4.0
OTHER_WORD: Final = 22.0
"""The same for a colour that is given as a word, in CIE 1976 distances: people name colours near a boundary differently."""


@dataclass(frozen=True, slots=True)
class _Region:
    """The colours that people call by one word, in CIE L*C*h: lightness and chroma from and to, and hue in degrees, clockwise
    from the first to the second.
    """

    light: tuple[float, float]
    chroma: tuple[float, float]
    hue: tuple[float, float] = (0.0, 360.0)

    def distance(self, lab: Lab) -> float:
        light, a, b = lab
        chroma, hue = math.hypot(a, b), math.degrees(math.atan2(b, a)) % 360
        start, width = self.hue[0], (self.hue[1] - self.hue[0]) % 360 or 360.0
        beyond = (hue - start) % 360
        turn = 0.0 if beyond <= width else min(beyond - width, 360 - beyond)
        nearest = min(max(chroma, self.chroma[0]), self.chroma[1])
        apart = 2 * math.sqrt(chroma * nearest) * math.sin(math.radians(turn) / 2)
        return math.hypot(_outside(light, self.light), chroma - nearest, apart)


# Saturated blue has the hue of pale purple, so that these two words cover two regions each.
_REGIONS: Final[dict[str, tuple[_Region, ...]]] = {
    "white": (_Region((88, 100), (0, 9)),),
    "black": (_Region((0, 24), (0, 12)),),
    "gray": (_Region((28, 88), (0, 9)),),
    "red": (_Region((20, 68), (34, 140), (5, 48)),),
    "orange": (_Region((50, 88), (34, 140), (45, 80)),),
    "yellow": (_Region((65, 100), (28, 140), (78, 112)),),
    "green": (_Region((12, 98), (14, 140), (108, 195)),),
    "blue": (_Region((8, 95), (12, 75), (205, 294)), _Region((8, 48), (58, 140), (275, 308))),
    "purple": (_Region((30, 85), (14, 56), (298, 345)), _Region((10, 75), (20, 140), (311, 345))),
    "pink": (_Region((64, 95), (10, 90), (325, 40)),),
    "brown": (_Region((12, 62), (10, 58), (44, 88)),),
    "beige": (_Region((72, 97), (3, 32), (50, 112)),),
}
_SHADES: Final = {"light": (58.0, 100.0), "dark": (0.0, 52.0)}
_SAMPLES: Final[dict[str, RGB]] = {
    "white": (255, 255, 255), "black": (0, 0, 0), "gray": (128, 128, 128), "red": (214, 40, 40), "orange": (245, 140, 40),
    "yellow": (250, 215, 50), "green": (60, 160, 75), "blue": (50, 105, 200), "purple": (125, 70, 165),
    "pink": (245, 160, 190), "brown": (120, 75, 45), "beige": (235, 220, 190),
}  # fmt: skip
_STEPS = 20  # from a colour to white, or to black


def difference_to(colour: Colour, pixel: RGB) -> tuple[float, float, float]:
    """Return how far a pixel is from a colour, up to what distance it has that colour, and from where it has another."""
    if colour.name.startswith("#"):
        return delta_e(lab(pixel), lab(from_hex(colour.name))), SAME, OTHER
    found = lab(pixel)
    distance = min(region.distance(found) for region in _REGIONS[colour.name])
    if colour.shade:
        distance = max(distance, _outside(found[0], _SHADES[colour.shade]))
    return distance, SAME_WORD, OTHER_WORD


def sample(colour: Colour) -> RGB | None:
    """Return a pixel that surely has this colour; None if no pixel is known to, as of dark white."""
    if colour.name.startswith("#"):
        return from_hex(colour.name)
    start, end = _SAMPLES[colour.name], 255 if colour.shade == "light" else 0
    for step in range(_STEPS // 4, _STEPS) if colour.shade else (0,):
        red, green, blue = (round(channel + (end - channel) * step / _STEPS) for channel in start)
        if difference_to(colour, (red, green, blue))[0] < SAME_WORD / 2:
            return red, green, blue
    return None


def from_hex(name: str) -> RGB:
    """Return the channels of a colour such as "#00a99d"."""
    return int(name[1:3], 16), int(name[3:5], 16), int(name[5:7], 16)


def to_hex(pixel: RGB) -> str:
    """Return a colour as it is written in hex."""
    return "#{:02x}{:02x}{:02x}".format(*pixel)


@lru_cache(maxsize=1 << 15)
def lab(pixel: RGB) -> Lab:
    """Return L*, a* and b* of an sRGB colour, for the white of D65."""
    red, green, blue = (_linear(channel / 255) for channel in pixel)
    x = _curve((0.4124564 * red + 0.3575761 * green + 0.1804375 * blue) / 0.95047)
    y = _curve(0.2126729 * red + 0.7151522 * green + 0.0721750 * blue)
    z = _curve((0.0193339 * red + 0.1191920 * green + 0.9503041 * blue) / 1.08883)
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def delta_e(one: Lab, other: Lab) -> float:
    """Return ΔE00 between two colours: about 1 can just be seen, 2 to 3 is the tolerance of print, 10 is seen at a glance."""
    (l1, a1, b1), (l2, a2, b2) = one, other
    mean = (math.hypot(a1, b1) + math.hypot(a2, b2)) / 2
    stretch = 1 + (1 - math.sqrt(mean**7 / (mean**7 + 25**7))) / 2
    a1, a2 = a1 * stretch, a2 * stretch
    c1, c2 = math.hypot(a1, b1), math.hypot(a2, b2)
    h1, h2 = math.degrees(math.atan2(b1, a1)) % 360, math.degrees(math.atan2(b2, a2)) % 360
    grey = c1 * c2 == 0
    turn = 0.0 if grey else (h2 - h1 + 180) % 360 - 180
    if not grey and turn == -180:
        turn = 180.0
    hue = h1 + h2 if grey else (h1 + turn / 2) % 360
    light, chroma = (l1 + l2) / 2, (c1 + c2) / 2
    t = (
        1
        - 0.17 * _cos(hue - 30)
        + 0.24 * _cos(2 * hue)
        + 0.32 * _cos(3 * hue + 6)
        - 0.20 * _cos(4 * hue - 63)
    )  # fmt: skip
    by_light = (l2 - l1) / (1 + 0.015 * (light - 50) ** 2 / math.sqrt(20 + (light - 50) ** 2))
    by_chroma = (c2 - c1) / (1 + 0.045 * chroma)
    by_hue = 2 * math.sqrt(c1 * c2) * math.sin(math.radians(turn) / 2) / (1 + 0.015 * chroma * t)
    rotation = (
        2 * math.sqrt(chroma**7 / (chroma**7 + 25**7)) * math.sin(math.radians(60 * math.exp(-(((hue - 275) / 25) ** 2))))
    )
    return math.sqrt(by_light**2 + by_chroma**2 + by_hue**2 - rotation * by_chroma * by_hue)


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4


def _curve(value: float) -> float:
    return value ** (1 / 3) if value > 216 / 24389 else (24389 / 27 * value + 16) / 116


def _cos(degrees: float) -> float:
    return math.cos(math.radians(degrees))


def _outside(value: float, interval: tuple[float, float]) -> float:
    return max(interval[0] - value, 0.0, value - interval[1])
