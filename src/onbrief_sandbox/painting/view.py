"""Patches, of which a landscape's layers are made, and the view that they share: size, colours, and free room in the sky."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from onbrief_sandbox.painting.layout import Area
from onbrief_sandbox.painting.palette import RGB
from onbrief_sandbox.painting.weather import HORIZON, Weather

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Patch:
    """A polygon of one colour, with an opacity from 0 to 1."""

    points: Sequence[Point]
    colour: RGB
    opacity: float = 1.0


class View:
    """The state that the layers of one landscape share: its size, its colours, and the occupied areas in its sky."""

    def __init__(
        self,
        width: int,
        height: int,
        elements: set[str],
        air: Weather,
        rng: random.Random,
        taken: list[Area],
        fixed: Mapping[str, Area],
    ) -> None:
        self.width, self.height, self.elements, self.air, self.rng, self.taken = width, height, elements, air, rng, taken
        self.horizon = float(round(HORIZON * height))
        self.unit = min(width, 1.4 * self.horizon)
        self.boxes: list[tuple[str, Area]] = []
        self.fixed = fixed
        """Fixed positions of sun and moon; other positions are random."""
        self.ceiling = max((a.bottom for a in taken if a.width > width / 2 and a.top < height / 4), default=0.0)
        """The bottom of a banner at the top of the picture."""
        self.sunrise = self._clear() if "sunrise" in elements else None
        """The x coordinate of a sun on the horizon; the land is kept low there."""

    def _clear(self) -> float:
        """Return the x coordinate on the horizon with the least overlap with things."""
        if "sunrise" in self.fixed:
            return (self.fixed["sunrise"].left + self.fixed["sunrise"].right) / 2
        places = [self.rng.uniform(0.25, 0.75) * self.width for _ in range(12)]
        r = 0.1 * self.unit
        return min(
            places, key=lambda x: sum(overlap(Area(x - r, self.horizon - r, x + r, self.horizon), a, 0) for a in self.taken)
        )

    def colour(self, name: str) -> RGB:
        """Return the colour of this part of the land."""
        return self.air.land[name]

    def at(self, x: float) -> float:
        """Return the distance of x from the sun on the horizon, in radii of the sun; infinite without one."""
        return math.inf if self.sunrise is None else abs(x - self.sunrise) / (0.085 * self.unit)

    def disc_room(self, name: str, radius: float, low: float, high: float) -> Area:
        """Return the area for the disc of this element: its fixed place, or a free place between two heights."""
        if name not in self.fixed:
            return self.room(2 * radius, 2 * radius, low, high, 0.7 * radius)
        self.taken.append(self.fixed[name])
        return self.fixed[name]

    def room(self, width: float, height: float, low: float, high: float, apart: float) -> Area:
        """Find a random free place in the sky between two heights (0 at the zenith, 1 at the horizon) and mark it as taken. If
        there is none of this size, smaller ones are tried; the last resort is the place with the least overlap.
        """
        low, high = (self.ceiling + share * (self.horizon - self.ceiling) for share in (low, high))
        best, least = Area(0, low, width, low + height), math.inf
        for k in range(160):
            if k in {50, 90, 130}:
                width, height = 0.8 * width, 0.8 * height
            x = self.rng.uniform(0.03 * self.width, max(0.03 * self.width, 0.97 * self.width - width))
            y = self.rng.uniform(low, max(low, high - height))
            area = Area(x, y, x + width, y + height)
            covered = sum(overlap(area, other, apart) for other in self.taken)
            if covered < least:
                best, least = area, covered
            if not covered:
                break
        self.taken.append(best)
        return best


def overlap(a: Area, b: Area, apart: float) -> float:
    """Return the overlap of two areas in square pixels, with `apart` pixels added between them."""
    across = min(a.right, b.right) - max(a.left, b.left) + apart
    down = min(a.bottom, b.bottom) - max(a.top, b.top) + apart
    return max(0.0, across) * max(0.0, down)


def disc(x: float, y: float, radius: float, colour: RGB, opacity: float = 1.0) -> Patch:
    """Return a round patch."""
    steps = max(16, min(96, int(2 * radius)))
    angles = [math.tau * k / steps for k in range(steps)]
    return Patch([(x + radius * math.cos(a), y + radius * math.sin(a)) for a in angles], colour, opacity)


def band(left: float, top: float, right: float, bottom: float, colour: RGB) -> Patch:
    """Return a rectangular patch."""
    return Patch([(left, top), (right, top), (right, bottom), (left, bottom)], colour)
