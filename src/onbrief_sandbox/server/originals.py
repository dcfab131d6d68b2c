"""Pictures in requests. Each is decoded completely once, so that the code behind the server can rely on it."""

from __future__ import annotations

from typing import Final

from onbrief.brief import Size
from onbrief.errors import PictureError
from onbrief_sandbox.files import size_of
from onbrief_sandbox.server.form import Form

_SIDE: Final = 64
_PIXELS: Final = 9_437_184


def original(form: Form, name: str) -> tuple[bytes, Size]:
    """Return the input picture in this field (PNG, JPEG or WebP) and its size.

    Raises:
        Refusal: the picture is missing or damaged, or its format or size is not supported.
    """
    data = form.bytes(name)
    try:
        width, height = size_of(data)
    except PictureError as error:
        form.refuse(name, f"the image could not be read ({error})")
    if min(width, height) < _SIDE or width * height > _PIXELS:
        form.refuse(name, f"an image must have sides of at least {_SIDE} pixels and at most {_PIXELS} pixels in all")
    return data, (width, height)
