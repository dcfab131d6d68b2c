"""The sandbox's palette: exactly one paint per colour name, so that naming a colour is unambiguous."""

from __future__ import annotations

from onbrief_sandbox.scene import Colour

RGB = tuple[int, int, int]

PAINT: dict[Colour, RGB] = {
    "red": (221, 57, 56),
    "orange": (245, 140, 36),
    "yellow": (251, 211, 58),
    "green": (76, 168, 82),
    "blue": (58, 122, 214),
    "purple": (138, 84, 190),
    "pink": (247, 150, 186),
    "brown": (140, 91, 58),
    "black": (54, 52, 62),
    "white": (252, 251, 248),
    "gray": (150, 153, 160),
}
"""The colours of things."""

GROUND: dict[Colour, RGB] = {
    "red": (208, 82, 76),
    "orange": (243, 168, 92),
    "yellow": (249, 225, 132),
    "green": (142, 196, 138),
    "blue": (138, 186, 230),
    "purple": (170, 142, 210),
    "pink": (247, 194, 209),
    "brown": (164, 122, 92),
    "black": (48, 47, 57),
    "white": (248, 246, 241),
    "gray": (184, 187, 194),
}
"""The colours of plain backgrounds: softer versions of the same colours, so that things stand out."""

INK: RGB = (40, 36, 56)
HALO: RGB = (255, 255, 255)
CREAM: RGB = (255, 245, 220)


def mix(a: RGB, b: RGB, share: float) -> RGB:
    """Return a mix of `a` and `b`, with `share` (0 to 1) of `b`."""
    return (
        round(a[0] + (b[0] - a[0]) * share),
        round(a[1] + (b[1] - a[1]) * share),
        round(a[2] + (b[2] - a[2]) * share),
    )


def luma(colour: RGB) -> float:
    """Return the brightness of a colour, 0 to 255 (ITU-R BT.601)."""
    return 0.299 * colour[0] + 0.587 * colour[1] + 0.114 * colour[2]


def css(colour: RGB) -> str:
    """Return the colour in the hex notation of SVG."""
    return "#{:02x}{:02x}{:02x}".format(*colour)
