"""What editors of all providers share: reading what is asked for before anything is sent, and keeping the size."""

from __future__ import annotations

import io
from dataclasses import dataclass

from PIL import Image

from onbrief import pictures
from onbrief.errors import Failed, PictureError, UsageError
from onbrief.pictures import Facts
from onbrief.ports import Changes, Way
from onbrief.providers import instructions
from onbrief.providers.catalogue import Change, EditingFacts
from onbrief.providers.instructions import Instruction

_EXAMPLES = {
    "replace": '"replace the dog with a cat"',
    "recolour": '"make the bench blue"',
    "alter": '"make the bench wooden"',
    "remove": '"remove the car"',
    "add": '"add two cups"',
    "move": '"move the clock to the left of the cat"',
    "letter": "'change the text to \"OPEN\"'",
}

_BOTH: frozenset[Way] = frozenset(("words", "mask"))
_MASK: frozenset[Way] = frozenset(("mask",))

OF_SERVICES: Changes = {"replace": _BOTH, "recolour": _BOTH, "letter": _BOTH, "alter": _MASK, "remove": _MASK, "add": _MASK}
"""What four services can change together: search and replace, search and recolour; erase and inpaint, which need masks."""

OF_MASKS: Changes = dict.fromkeys(OF_SERVICES, _MASK)
"""What inpainting can change."""


@dataclass(frozen=True, slots=True)
class Edit:
    """A change that an editor can make. `facts` are those of the picture. `mask` is a PNG of its size in shades of grey, white
    where the picture may change, or None.
    """

    facts: Facts
    asked: Instruction
    mask: bytes | None


def read(image: bytes, instruction: str, mask: bytes | None, changes: Changes) -> Edit:
    """Return what an editor with these changes is asked for. Decodes the picture, so call it in a thread.

    Raises:
        UsageError: it cannot make this change, or not without (or with) a mask, or the mask does not fit the picture.
        PictureError: `image` is not a picture.
    """
    facts = pictures.inspect(image)
    if len(instruction) > instructions.LONGEST:
        raise UsageError.of("instruction", instruction, f"at most {instructions.LONGEST} characters")
    asked = instructions.read(instruction)
    way = "words" if mask is None else "mask"
    if asked is None or way not in changes.get(asked.doing, ()):
        able = [_EXAMPLES[change] for change, ways in changes.items() if way in ways]
        with_mask = "" if mask or not any("mask" in ways for ways in changes.values()) else ", or a mask of what may change"
        raise UsageError.of("instruction", instruction, (", ".join(able) or "an instruction") + with_mask)
    return Edit(facts, asked, None if mask is None else pictures.mask_for((facts.width, facts.height), mask))


def service_of(edit: Edit) -> Change:
    """Return which of the four services makes a change."""
    if edit.mask is not None:
        return "erase" if edit.asked.doing == "remove" else "inpaint"
    return "recolour" if edit.asked.doing == "recolour" else "replace"


def texts_of(edit: Edit, service: EditingFacts) -> dict[str, object]:
    """Return the texts that one of the four services is sent."""
    if service.target:
        return {service.target: edit.asked.target, "prompt": edit.asked.wanted}
    return {} if edit.asked.doing == "remove" else {"prompt": edit.asked.prompt}


def in_size(data: bytes, facts: Facts, title: str) -> tuple[bytes, tuple[str, ...]]:
    """Return an edited picture in the size of the original, with a warning if it has to be scaled. Decodes and encodes it, so
    call it in a thread.

    Raises:
        Failed: the service answered with bytes that are not a picture.
    """
    try:
        made = pictures.inspect(data)
    except PictureError as error:
        raise Failed(f"{title} answered with bytes that are not a picture: {error}") from error
    if (made.width, made.height) == (facts.width, facts.height):
        return data, ()
    out = io.BytesIO()
    with Image.open(io.BytesIO(data), formats=["PNG", "JPEG", "WEBP"]) as image:
        image.convert("RGB").resize((facts.width, facts.height), Image.Resampling.LANCZOS).save(out, "PNG")
    before, after = f"{made.width}x{made.height}", f"{facts.width}x{facts.height}"
    return out.getvalue(), (f"{title} gave the picture back in {before}: it is scaled to {after}",)
