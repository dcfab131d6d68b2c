"""Where the bytes of a picture come from: an image model that is sent a prompt, or an editor that is sent another picture."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from onbrief.attempt import Attempt, Image, Problem
from onbrief.brief import Size
from onbrief.errors import ConfigError, Failed, Refused, StoreError, Unknown, UsageError
from onbrief.ledger.account import Skipped, Try
from onbrief.pictures import PictureFile, mask_of, retouched
from onbrief.ports import (
    Call,
    CannotTell,
    Changes,
    Editor,
    Entry,
    Found,
    ImageModel,
    Picture,
    Pictures,
    Recovers,
    Sent,
)
from onbrief.ports.recovery import Answer
from onbrief.questions.repairs import ByEditor, InPixels, repair_of
from onbrief.record import Prompt, Run
from onbrief.studio.calls import call_of, price_of

PIXELS = "onbrief:pixels"
"""The name of what changes pictures in pixels, in the place of a model's."""


@dataclass(frozen=True, slots=True)
class NotMade:
    """Why there is no picture. `usd` is the cost of the call all the same, or None if only its price is known."""

    problem: Problem
    usd: float | None


class Source(Protocol):
    """What makes the picture of one attempt."""

    @property
    def call(self) -> Call:
        """The paid call for it."""
        ...

    @property
    def size(self) -> Size | None:
        """The width and height that were asked for, in pixels; None if no other one would be worth a warning."""
        ...

    @property
    def about(self) -> Mapping[str, object]:
        """What the metadata of the picture say of its origin, beside prompt, seed and model."""
        ...

    async def require_ready(self) -> None:
        """Have at hand what the call needs, before it is paid for."""
        ...

    async def make(self, attempted: Try) -> Picture | NotMade:
        """Make the picture; raises what the model raises."""
        ...

    async def find(self, lost: Entry) -> Answer:
        """Look for the picture of a try whose outcome is unknown, elsewhere than in the store."""
        ...


@dataclass(slots=True)
class FromPrompt:
    """A picture that an image model draws."""

    run: Run
    prompt: Prompt
    attempt: Attempt
    model: ImageModel
    call: Call = field(init=False)
    about: Mapping[str, object] = field(default_factory=dict[str, object], init=False)

    def __post_init__(self) -> None:
        prompt, attempt = self.prompt, self.attempt
        request = {"text": prompt.text, "negative": prompt.negative, "size": self.size, "seed": attempt.seed}
        price = price_of(self.model, *self._request)
        self.call = call_of("image", attempt.revision, attempt.attempt, self.model, request, price)

    @property
    def size(self) -> Size:
        """See Source."""
        return self.run.brief.size

    async def require_ready(self) -> None:
        """See Source."""

    async def make(self, attempted: Try) -> Picture:
        """See Source."""
        if isinstance(self.model, Recovers):
            sent = Sent.of(self.run.run_id, self.call.key, self.call.digest, attempted.number)
            return await self.model.generate_as(sent, attempted.note, *self._request)
        return await self.model.generate(*self._request)

    async def find(self, lost: Entry) -> Answer:
        """See Source."""
        if lost.call.model != self.model.name:
            return CannotTell(f"it was sent to {lost.call.model}")
        if not isinstance(self.model, Recovers):
            return CannotTell("its service gives no lost picture back")
        sent = Sent.of(self.run.run_id, lost.call.key, lost.call.digest, lost.number, lost.handle)
        try:
            return await self.model.find(sent, *self._request)
        except (Refused, Unknown, ConfigError) as error:
            return CannotTell(str(error))

    @property
    def _request(self) -> tuple[Prompt, Size, int]:
        return self.prompt, self.size, self.attempt.seed


@dataclass(frozen=True, slots=True)
class PixelEditor:
    """Makes one change in pixels, for which no model is needed. It costs nothing, and the same picture gives the same one."""

    change: InPixels
    name: str = PIXELS
    price: float = 0.0

    @property
    def changes(self) -> Changes:
        """See ports.Editor."""
        return {}

    async def edit(self, image: bytes, instruction: str, seed: int, mask: bytes | None = None) -> Picture:
        """See ports.Editor."""
        return Picture(await asyncio.to_thread(retouched, image, self.change.measure), usd=0.0)


@dataclass(slots=True)
class FromPicture:
    """A picture that is made by changing that of another attempt, `base`, as `repair` says.

    An edit is asked for exactly once: that it failed is its result, and counts as paid for unless the editor says otherwise. An
    editor that finds nothing of what the instruction names would not find it the second time either.
    """

    attempt: Attempt
    base: Image
    editor: Editor
    repair: ByEditor | InPixels
    store: Pictures
    call: Call = field(init=False)
    size: Size | None = field(default=None, init=False)
    _picture: bytes = field(default=b"", init=False)
    _mask: bytes | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        box = self.repair.box if isinstance(self.repair, ByEditor) else None
        self._mask = mask_of((self.base.width, self.base.height), box) if box else None
        request = {
            "image": self.base.sha256,
            "instruction": self.repair.instruction,
            "mask": hashlib.sha256(self._mask).hexdigest() if self._mask else None,
            "seed": self.attempt.seed,
        }
        self.call = call_of("image", self.attempt.revision, self.attempt.attempt, self.editor, request, self.editor.price)

    @property
    def about(self) -> Mapping[str, object]:
        """See Source."""
        return {"base": self.attempt.base, "must": self.attempt.must, "instruction": self.repair.instruction}

    async def require_ready(self) -> None:
        """See Source. Reads the picture, without its metadata: these are nothing to tell an editor."""
        if not self._picture:
            data = await stored(self.store, self.base)
            self._picture = await asyncio.to_thread(lambda: PictureFile(data).stripped())

    async def make(self, attempted: Try) -> Picture | NotMade:
        """See Source."""
        try:
            return await self._edited()
        except Failed as error:
            return NotMade(Problem("failed", error.explained), error.usd)
        except (UsageError, ConfigError) as error:  # nothing was sent; the run can go on without this editor
            return NotMade(Problem("failed", error.explained), 0.0)

    async def find(self, lost: Entry) -> Answer:
        """See Source."""
        if isinstance(self.editor, PixelEditor):
            await self.require_ready()
            return Found(await self._edited())
        return CannotTell("its service gives no lost edit back")

    async def _edited(self) -> Picture:
        return await self.editor.edit(self._picture, self.repair.instruction, self.attempt.seed, self._mask)


def repairing(run: Run, of: Attempt, must: str, seed: int, editor: Editor | None, store: Pictures) -> FromPicture:
    """Return the next attempt of a run, which is the picture of another one changed so that it meets this must.

    Raises:
        ValueError: the picture is an edited one.
        ConfigError: no such repair is known, or there is no editor that can make it.
    """
    if of.base:
        raise ValueError(f"{of.name} is itself a {of.origin}")
    assert run.checklist is not None
    repair = repair_of(run.checklist, of, must, editor.changes if editor else {})
    by = PixelEditor(repair) if isinstance(repair, InPixels) else editor
    if repair is None or of.image is None or by is None:
        raise ConfigError(f"{must} of {of.name} cannot be repaired: there is no editor for it")
    number = len(run.of_prompt(of.revision))
    attempt = Attempt(of.revision, number, seed, model=by.name, base=of.name, must=must)
    return FromPicture(attempt, of.image, by, repair, store)


@dataclass(slots=True)
class FromStore:
    """A picture whose call is recorded, and that can only be found in the store."""

    call: Call
    size: Size | None = field(default=None, init=False)
    about: Mapping[str, object] = field(default_factory=dict[str, object], init=False)

    async def require_ready(self) -> None:
        """See Source."""
        raise Skipped

    async def make(self, attempted: Try) -> Picture:
        """See Source."""
        raise Skipped

    async def find(self, lost: Entry) -> Answer:
        """See Source."""
        return CannotTell("its service gives no lost edit back")


async def stored(store: Pictures, image: Image) -> bytes:
    """Return the bytes of a stored picture.

    Raises:
        StoreError: it cannot be read, or is not the picture that was stored.
    """
    data = await store.read(image.key)
    if data is None or hashlib.sha256(data).hexdigest() != image.sha256:
        raise StoreError(f"{image.key} is gone from the store, or is not the picture that was stored there")
    return data
