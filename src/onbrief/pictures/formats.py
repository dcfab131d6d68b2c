"""Detect the format of a file, take it apart, build it again and decode its pixels."""

from __future__ import annotations

import io

from PIL import Image

from onbrief.errors import PictureError
from onbrief.pictures import jpeg, png, webp
from onbrief.pictures.container import MAX_BYTES, MediaType, Parts
from onbrief.redaction import redacted

_SHOWN = 60  # characters of the response that is not a picture
_FORMATS: dict[MediaType, str] = {"image/png": "PNG", "image/jpeg": "JPEG", "image/webp": "WEBP"}


def parse(data: bytes) -> Parts:
    """Take a picture file apart; its format is detected from the bytes. Pixels are not decoded.

    Raises:
        PictureError: not a PNG, JPEG or WebP, or damaged, cut, animated or too large.
    """
    require_size(data)
    if data.startswith(png.SIGNATURE):
        return png.parse(data)
    if data.startswith(jpeg.SIGNATURE):
        return jpeg.parse(data)
    if webp.is_webp(data):
        return webp.parse(data)
    raise PictureError(_not_a_picture(data))


def require_size(data: bytes) -> None:
    """Refuse a file that is too large to be read back.

    Raises:
        PictureError: more than 64 MiB.
    """
    if len(data) > MAX_BYTES:
        raise PictureError(f"a file of {len(data) / 2**20:.0f} MiB; at most {MAX_BYTES // 2**20} MiB are allowed")


def build(parts: Parts) -> bytes:
    """Build the file made of these parts.

    Raises:
        PictureError: metadata that does not fit into this format.
    """
    match parts.media_type:
        case "image/png":
            return png.build(parts)
        case "image/jpeg":
            return jpeg.build(parts)
        case "image/webp":
            return webp.build(parts)


def decode(parts: Parts, bare: bytes | None = None) -> Image.Image:
    """Decode the pixels as they are stored, those of a palette as its colours. Pillow never sees a profile, a text or a
    thumbnail: it is given the bare file, which is built here unless the caller has `build(parts.bare())` already.

    Raises:
        PictureError: data that cannot be decoded to the end.
    """
    form = _FORMATS[parts.media_type]
    try:
        image = Image.open(io.BytesIO(build(parts.bare()) if bare is None else bare), formats=[form])
        image.load()
        return image.convert("RGBA" if parts.alpha else "RGB") if image.mode == "P" else image
    except Exception as error:  # Pillow raises about ten kinds, and more with each release
        raise PictureError(f"the {form} file cannot be decoded: {error}") from error


def flatten(image: Image.Image, ground: str, *, alpha: bool) -> tuple[Image.Image, bool]:
    """Return decoded pixels in grey or RGB with 8 bits per channel, transparency laid on a ground of this colour, and whether
    the picture was opaque. `alpha`: the file can hold transparency.
    """
    if image.mode.startswith("I"):  # 16 bits; Pillow would clip them, and wants this very form of function for this mode
        return image.convert("I").point(lambda value: value * (255 / 65535) + 0).convert("L"), True
    if alpha:
        image = image.convert("RGBA")
        low, _ = image.getchannel("A").getextrema()
        if low != 255:
            return Image.alpha_composite(Image.new("RGBA", image.size, ground), image).convert("RGB"), False
    mode = "L" if image.mode in ("1", "L") else "RGB"
    return image if image.mode == mode else image.convert(mode), True


def _not_a_picture(data: bytes) -> str:
    if not data:
        return "an empty file instead of a picture"
    text = redacted(data[: 4 * _SHOWN].decode("utf-8", "replace"))
    shown = " ".join("".join(c if c.isprintable() else " " for c in text).split())[:_SHOWN]
    return f"not a PNG, JPEG or WebP picture; the {len(data)} bytes begin with {shown!r}"
