"""Editing by the sandbox's image models: recognise the content of the picture, change it, and paint it again."""

from __future__ import annotations

import hashlib
import io

from PIL import Image

from onbrief.brief import Size
from onbrief.errors import Failed, UsageError
from onbrief_sandbox.files import FORMATS, mask_for
from onbrief_sandbox.language import editing
from onbrief_sandbox.language.editing import AddElement, Edit, Letter, Move, Recolour, RemoveElement
from onbrief_sandbox.language.grammar import parse
from onbrief_sandbox.painting.repainting import repaint
from onbrief_sandbox.seeing.eye import look
from onbrief_sandbox.world.changes import NotThereError
from onbrief_sandbox.world.editing import edited as changed
from onbrief_sandbox.world.editing import inpainted as drawn_over
from onbrief_sandbox.world.masking import Mask

_ALLOWED = 'one change in English: "replace the dog with a cat", "make the bench blue", "remove the car"'


def edited(image: bytes, instruction: str, seed: int, mask: bytes | None = None) -> bytes:
    """Return a PNG of the picture after an edit, at its size. The same arguments give the same bytes. With a mask (see
    ports.Editor), only things under it change.

    Raises:
        UsageError: the instruction is not understood or cannot be combined with a mask, or the mask does not fit the picture.
        PictureError: the bytes are not a readable picture.
        Failed: the picture does not show what the instruction refers to. A real service would draw something and charge for it.
    """
    edit = editing.read(instruction)
    if edit is None:
        raise UsageError.of("instruction", instruction, _ALLOWED)
    if mask is not None and _has_no_place(edit):
        raise UsageError.of("instruction", instruction, "an edit of things in their place, or no mask")
    sight = look(image)
    size = _size(image)
    where = None if mask is None else mask_for(size, mask)
    key = f"{_sha256(image)}\0{instruction}\0{seed}" + (f"\0{_sha256(where)}" if where else "")
    try:
        after = changed(sight, edit, key, size[0] / size[1], Mask.of(where) if where else None)
    except NotThereError as error:
        raise Failed(f"the instruction {_short(instruction)!r} refers to something not in the picture: {error}") from error
    return repaint(after, size, seed)[0]


def inpainted(image: bytes, mask: bytes, prompt: str, seed: int) -> bytes:
    """Return a PNG of the picture, at its size, with the things under a mask removed and those that the prompt names drawn
    there, if any. The mask can have any size. The same arguments give the same bytes.

    Raises:
        PictureError: the bytes are not a readable picture.
    """
    sight = look(image)
    size = _size(image)
    key = f"{_sha256(image)}\0{_sha256(mask)}\0{prompt}\0{seed}"
    return repaint(drawn_over(sight, parse(prompt), key, size[0] / size[1], Mask.of(mask)), size, seed)[0]


def _has_no_place(edit: Edit) -> bool:
    """Return whether an edit concerns the whole picture or things in two places, so that a mask cannot limit it."""
    whole = isinstance(edit, AddElement | RemoveElement | Letter | Move)
    return whole or (isinstance(edit, Recolour) and edit.target is None)


def _size(image: bytes) -> Size:
    with Image.open(io.BytesIO(image), formats=FORMATS) as opened:
        return opened.size


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _short(text: str) -> str:
    return text if len(text) <= 80 else f"{text[:79]}…"
