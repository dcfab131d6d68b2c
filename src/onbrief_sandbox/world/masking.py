"""A mask over a picture: which things are under it, and where it has free space."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random

from PIL import Image, ImageStat

from onbrief_sandbox.scene import Box, Sight, Thing
from onbrief_sandbox.world import room

_SIDE = 256  # pixels; masks are scaled down to this longer side
_COVERED = 0.4  # least share of a thing's box that must be masked for the thing to count as under the mask
_WITHIN = 0.9  # least share of a new thing's box that must be masked
_SHARES = (1.0, 0.8, 0.6, 0.45)  # sizes to try, relative to the largest at which all would fit in rows


@dataclass(frozen=True, slots=True)
class Mask:
    """The part of a picture that may change: white in the mask."""

    white: Image.Image = field(repr=False)

    @classmethod
    def of(cls, data: bytes) -> Mask:
        """Return the mask in a valid picture file."""
        with Image.open(io.BytesIO(data)) as image:
            white = image.convert("L")
        white.thumbnail((_SIDE, _SIDE), Image.Resampling.BOX)
        return cls(white)

    def under(self, sight: Sight) -> tuple[Thing, ...]:
        """Return the things under the mask."""
        return tuple(thing for thing in sight.things if self.covered(thing.box) >= _COVERED)

    def covered(self, box: Box) -> float:
        """Return the share of a box that is under the mask, from 0 to 1."""
        width, height = self.white.size
        left, top = int(box.left * width), int(box.top * height)
        right, bottom = math.ceil(box.right * width), math.ceil(box.bottom * height)
        return ImageStat.Stat(self.white.crop((left, top, max(right, left + 1), max(bottom, top + 1)))).mean[0] / 255

    def room(self, taken: Sequence[Box], count: int, aspect: float, rng: Random) -> list[Box]:
        """Return free squares under the mask for `count` things, as large as possible; fewer if there is not enough room.
        `aspect` is the picture's width divided by its height.
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
