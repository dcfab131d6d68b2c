"""Pictures that a request brings: decoded once to its end, so that what stands behind the server can trust them."""

from __future__ import annotations

from typing import Final

from onbrief.brief import Size
from onbrief.errors import PictureError
from onbrief_sandbox.files import size_of
from onbrief_sandbox.server.form import Form

_SIDE: Final = 64
_PIXELS: Final = 9_437_184


def original(form: Form, name: str) -> tuple[bytes, Size]:
    """The picture in this field that an image model starts from, PNG, JPEG or WebP, and its size.

    Raises:
        Refusal: none, another format, damaged, or of a size that these models do not take.
    """
    data = form.bytes(name)
    try:
        width, height = size_of(data)
    except PictureError as error:
        form.refuse(name, f"the image could not be read ({error})")
    if min(width, height) < _SIDE or width * height > _PIXELS:
        form.refuse(name, f"an image must have sides of at least {_SIDE} pixels and at most {_PIXELS} pixels in all")
    return data, (width, height)
