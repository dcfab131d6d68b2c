"""Decoded pixels without transparency, in 8 bits."""

from __future__ import annotations

from typing import cast

from PIL import Image


def flatten(image: Image.Image, ground: str, *, alpha: bool) -> tuple[Image.Image, bool]:
    """Return decoded pixels in grey or RGB with 8 bits per channel, transparency laid on a ground of this colour, and whether
    the picture was opaque. `alpha`: the file can hold transparency.
    """
    if image.mode.startswith("I"):  # 16 bits; Pillow would clip them, and wants this very form of function for this mode
        return image.convert("I").point(lambda value: value * (255 / 65535) + 0).convert("L"), True
    if alpha:
        image = image if image.mode == "RGBA" else image.convert("RGBA")
        low, _ = cast("tuple[tuple[int, int], ...]", image.getextrema())[-1]  # without a copy of the channel
        if low != 255:
            return Image.alpha_composite(Image.new("RGBA", image.size, ground), image).convert("RGB"), False
    mode = "L" if image.mode in ("1", "L") else "RGB"
    return image if image.mode == mode else image.convert(mode), True
