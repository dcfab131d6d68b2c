"""Which format some bytes are, the parts of a file of any format, and its decoded pixels."""

from __future__ import annotations

import io

from PIL import Image

from onbrief.errors import PictureError
from onbrief.pictures import jpeg, png, webp
from onbrief.pictures.container import MAX_BYTES, MediaType, Parts

_SHOWN = 60  # characters of what came instead of a picture
_FORMATS: dict[MediaType, str] = {"image/png": "PNG", "image/jpeg": "JPEG", "image/webp": "WEBP"}


def parse(data: bytes) -> Parts:
    """The parts of a picture file; its format is found from the bytes. Pixels are not decoded.

    Raises:
        PictureError: no PNG, JPEG or WebP, or one that is damaged, cut, animated or too large.
    """
    if len(data) > MAX_BYTES:
        raise PictureError(f"a file of {len(data) / 2**20:.0f} MiB; at most {MAX_BYTES // 2**20} MiB are allowed")
    if data.startswith(png.SIGNATURE):
        return png.parse(data)
    if data.startswith(jpeg.SIGNATURE):
        return jpeg.parse(data)
    if webp.is_webp(data):
        return webp.parse(data)
    raise PictureError(_not_a_picture(data))


def build(parts: Parts) -> bytes:
    """The file made of these parts.

    Raises:
        PictureError: a metadata that does not fit into this format.
    """
    match parts.media_type:
        case "image/png":
            return png.build(parts)
        case "image/jpeg":
            return jpeg.build(parts)
        case "image/webp":
            return webp.build(parts)


def decode(parts: Parts) -> Image.Image:
    """The pixels, as they are stored; those of a palette as its colours. Pillow never sees a profile, a text or a thumbnail.

    Raises:
        PictureError: data that cannot be decoded to the end.
    """
    try:
        image = Image.open(io.BytesIO(build(parts.bare())), formats=[_FORMATS[parts.media_type]])
        image.load()
        return image.convert("RGBA" if parts.alpha else "RGB") if image.mode == "P" else image
    except Exception as error:  # Pillow raises about ten kinds, and more with each release
        raise PictureError(f"the {_FORMATS[parts.media_type]} file cannot be decoded: {error}") from error


def flattened(parts: Parts, ground: str) -> tuple[Image.Image, bool]:
    """The pixels in grey or RGB, 8 bits a channel, transparency laid on a ground of this colour; and whether there was none.

    Raises:
        PictureError: data that cannot be decoded to the end.
    """
    image = decode(parts)
    if image.mode.startswith("I"):  # 16 bits; Pillow would clip them, and wants this very form of function for this mode
        return image.convert("I").point(lambda value: value * (255 / 65535) + 0).convert("L"), True
    if parts.alpha:
        image = image.convert("RGBA")
        low, _ = image.getchannel("A").getextrema()
        if low != 255:
            return Image.alpha_composite(Image.new("RGBA", image.size, ground), image).convert("RGB"), False
    return image.convert("L" if image.mode in ("1", "L") else "RGB"), True


def _not_a_picture(data: bytes) -> str:
    if not data:
        return "no bytes at all came instead of a picture"
    text = data[: 4 * _SHOWN].decode("utf-8", "replace")
    shown = " ".join("".join(c if c.isprintable() else " " for c in text).split())[:_SHOWN]
    return f"no PNG, JPEG or WebP picture; the {len(data)} bytes begin with {shown!r}"
