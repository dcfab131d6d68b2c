"""Gemini's image models as editors: `google:gemini-3.1-flash-image?timeout=120`.

They are told in words what to change. The API has no field for a mask, and no document says that a second picture is taken for
one, so none is sent.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from typing import get_args

from onbrief import pictures
from onbrief.ports import Change, Changes, ModelName, Picture, Way
from onbrief.ports.provider import Values
from onbrief.providers import drawing, editing
from onbrief.providers.drawing import Chosen
from onbrief.providers.google.gemini import Gemini
from onbrief.providers.google.images import asked, chosen_of

_ALONE = (
    "Change nothing else: keep every other thing, the composition, the style, the light and the colours exactly as they are."
)
_WORDS: frozenset[Way] = frozenset(("words",))


@dataclass(frozen=True, slots=True)
class GeminiEditor:
    """An image model of Gemini that changes a picture."""

    name: str
    price: float | None
    chosen: Chosen
    api: Gemini = field(compare=False, repr=False)

    @property
    def changes(self) -> Changes:
        """See ports.Editor."""
        return dict.fromkeys(get_args(Change), _WORDS)

    @classmethod
    def named(cls, name: ModelName, values: Values) -> GeminiEditor:
        """Return the editor, with the options of the image model of this name.

        Raises:
            UsageError: the model or an option is unknown, or a value is not allowed.
            ConfigError: there is no key.
        """
        chosen = chosen_of(name)
        return cls(str(name), chosen.price(), chosen, Gemini.of(name, values))

    async def edit(self, image: bytes, instruction: str, seed: int, mask: bytes | None = None) -> Picture:
        """See ports.Editor."""
        edit = await asyncio.to_thread(editing.read, image, instruction, mask, self.changes)
        facts, warnings, options = self.chosen.facts, list[str](), self.chosen.options
        sent = None if facts.seeds is None else drawing.seed_in(facts.title, facts.seeds, seed, warnings)
        words = f"{instruction.strip().rstrip('.')}.\n{_ALONE}"
        parts = [(image, pictures.media_type(image)), words]  # without an aspect ratio, the model keeps that of the picture
        keyed = {facts.options[option].key: value for option, value in options.items()}
        made = await asked(self.name, self.api, self.chosen, parts, {}, keyed, sent, tuple(warnings))
        data, scaled = await asyncio.to_thread(editing.in_size, made.data, edit.facts, facts.title)
        return replace(made, data=data, warnings=made.warnings + scaled)
