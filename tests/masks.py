"""Masks for tests: white inside boxes given as fractions of the picture, black elsewhere."""

from __future__ import annotations

import io

from PIL import Image, ImageDraw

from onbrief.brief import Size
from onbrief_sandbox.scene import Box


def mask(size: Size, *boxes: Box, kind: str = "PNG", mode: str = "L") -> bytes:
    """Return a mask of this size, as the bytes of a file."""
    image = Image.new("L", size, 0)
    for box in boxes:
        corners = box.left * size[0], box.top * size[1], box.right * size[0] - 1, box.bottom * size[1] - 1
        ImageDraw.Draw(image).rectangle(corners, fill=255)
    out = io.BytesIO()
    image.convert(mode).save(out, kind)
    return out.getvalue()
