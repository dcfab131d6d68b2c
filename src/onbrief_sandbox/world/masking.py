"""A mask over a picture: what lies under it, and where under it there is room."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random

from PIL import Image, ImageStat

from onbrief_sandbox.scene import Box, Sight, Thing
from onbrief_sandbox.world import room

_SIDE = 256  # pixels of the mask's longer side, as it is looked at
_COVERED = 0.4  # of a thing's box; a mask that touches less means something else
_WITHIN = 0.9  # of the box of what is drawn under a mask
_SHARES = (1.0, 0.8, 0.6, 0.45)  # of the largest size at which all could lie in rows, that are tried


@dataclass(frozen=True, slots=True)
class Mask:
    """Where a picture may change: under the white."""

    white: Image.Image = field(repr=False)

    @classmethod
    def of(cls, data: bytes) -> Mask:
        """The mask in a picture file, which can be read."""
        with Image.open(io.BytesIO(data)) as image:
            white = image.convert("L")
        white.thumbnail((_SIDE, _SIDE), Image.Resampling.BOX)
        return cls(white)

    def under(self, sight: Sight) -> tuple[Thing, ...]:
        """The things that lie under it."""
        return tuple(thing for thing in sight.things if self.covered(thing.box) >= _COVERED)

    def covered(self, box: Box) -> float:
        """How much of a box lies under it, from 0 to 1."""
        width, height = self.white.size
        left, top = int(box.left * width), int(box.top * height)
        right, bottom = math.ceil(box.right * width), math.ceil(box.bottom * height)
        return ImageStat.Stat(self.white.crop((left, top, max(right, left + 1), max(bottom, top + 1)))).mean[0] / 255

    def room(self, taken: Sequence[Box], count: int, aspect: float, rng: Random) -> list[Box]:
        """Free squares under it for so many things, as large as can be; fewer where there is not enough room. `aspect` is the
        picture's width over its height.
        """
        found = self.white.getbbox()
        if not found:
            return []
        width, height = self.white.size
        left, top, right, bottom = found[0] / width, found[1] / height, found[2] / width, found[3] / height
        across, down = (right - left) * math.sqrt(aspect), (bottom - top) / math.sqrt(aspect)
        side = max(min(across / columns, down / math.ceil(count / columns)) for columns in range(1, count + 1))
        region = room.Region(left, top, right, bottom)
        most: list[Box] = []
        for share in _SHARES:
            boxes: list[Box] = []
            for _ in range(count):
                if box := room.find([*taken, *boxes], side * share, region, aspect, rng, self._holds):
                    boxes.append(box)
            most = max(most, boxes, key=len)
            if len(most) == count:
                break
        return most

    def _holds(self, box: Box) -> bool:
        return self.covered(box) >= _WITHIN
