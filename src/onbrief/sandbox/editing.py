"""How the sandbox's image models edit: they look at the picture, change what they see, and paint it once more."""

from __future__ import annotations

import hashlib
import io

from PIL import Image

from onbrief.errors import Failed
from onbrief.sandbox.language import editing
from onbrief.sandbox.painting.repainting import repaint
from onbrief.sandbox.seeing.eye import FORMATS, look
from onbrief.sandbox.world.changes import NotThereError
from onbrief.sandbox.world.editing import edited as changed

_HINT = 'say one change in English: "replace the dog with a cat", "make the bench blue", "remove the car"'


def edited(image: bytes, instruction: str, seed: int) -> bytes:
    """A PNG of the picture after an edit, in its size. The same bytes, instruction and seed give the same bytes.

    Raises:
        PictureError: bytes that are no picture.
        Failed: an instruction that is not understood, or that speaks of what the picture does not show. A real service
            draws something then, and is paid for it.
    """
    sight = look(image)
    edit = editing.read(instruction)
    if edit is None:
        raise Failed(f"the instruction {_short(instruction)!r} is not understood", hint=_HINT)
    with Image.open(io.BytesIO(image), formats=FORMATS) as opened:
        size = opened.size
    key = f"{hashlib.sha256(image).hexdigest()}\0{instruction}\0{seed}"
    try:
        after = changed(sight, edit, key, size[0] / size[1])
    except NotThereError as error:
        raise Failed(f"the instruction {_short(instruction)!r} speaks of what is not in the picture: {error}") from error
    return repaint(after, size, seed)[0]


def _short(text: str) -> str:
    return text if len(text) <= 80 else f"{text[:79]}…"
