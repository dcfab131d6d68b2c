"""The picture of one attempt: make, embed metadata, check, store, record. What makes it is a Source (sources.py)."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from onbrief.attempt import Attempt, Image, Problem
from onbrief.errors import Blocked, KeyTaken, PictureError, Unknown
from onbrief.ledger.account import Account, CallResult, Hold, Ready, Try
from onbrief.pictures import Facts, PictureFile, parameters_text
from onbrief.ports import CannotTell, Entry, Found, NotThere, Pending, Picture, Store
from onbrief.record import Prompt, Run
from onbrief.studio.calls import recorded, result_of
from onbrief.studio.crew import Crew
from onbrief.studio.due import judgement_of
from onbrief.studio.sources import NotMade, Source
from onbrief.version import VERSION

_AT_ONCE = 65_536  # bytes that are hashed in less time than it takes to wake a thread
_SUFFIXES = {"image/png": "png", "image/jpeg": "jpg", "image/webp": "webp"}


@dataclass(slots=True)
class Making:
    """The making of one picture, drawn or edited, paid for at most once.

    `ready` is awaited before each paid call, and raises to prevent it. With `embed_metadata`, the stored picture carries its
    prompt, its seed and the call that it came from. A picture is begun only with the money for that many `looks` of the judge.
    After `made`, `file` is the picture if its bytes are at hand, `content` is the hash of the picture without its metadata, or
    empty if none is recorded, and `warnings` are for the record; `unfound` says why a lost picture was not found.
    """

    run: Run
    prompt: Prompt
    attempt: Attempt
    source: Source
    crew: Crew
    store: Store
    ready: Ready
    embed_metadata: bool
    looks: int = 1
    file: PictureFile | None = None
    content: str = ""
    warnings: list[str] = field(default_factory=list[str])
    unfound: str = field(default="", init=False)

    async def made(self, account: Account) -> Attempt:
        """Return the attempt with its stored picture, or with the problem that prevented one.

        Raises:
            Skipped: nothing is recorded and `ready` prevented the call.
            OnbriefError: as Account.once and ports.Store.
        """
        assert self.run.checklist is not None
        call = self.source.call
        price = call.price or 0.0
        judgement = Hold(judgement_of(call), self.crew.judgement_price(self.run.checklist, self.looks) or 0.0)
        try:
            entry = await account.once(call, self._make, self._recover, self._ready, judgement)
        except (Blocked, Unknown) as error:
            kind = "blocked" if isinstance(error, Blocked) else "unknown"
            return replace(self.attempt, problem=Problem(kind, str(error)), usd=price if error.usd is None else error.usd)
        image, problem, warnings, self.content = recorded(entry, _made)
        if problem:
            account.give_back(judgement.step)
        self.warnings.extend(warnings)
        self._warn_of_size(image)
        return replace(self.attempt, image=image, problem=problem, usd=entry.usd or 0.0, seconds=entry.seconds)

    async def _ready(self) -> None:
        await self.ready()
        await self.source.require_ready()
        await self.store.require_room(*self._keys.values())

    async def _make(self, attempted: Try) -> CallResult:
        """Have the picture made, and store it."""
        made = await self.source.make(attempted)
        return self._result(None, made.problem, made.usd) if isinstance(made, NotMade) else await self._received(made)

    async def _received(self, picture: Picture) -> CallResult:
        """Check the picture of the model, and store it."""
        try:
            file, data, facts, content = await asyncio.to_thread(self._with_own_metadata, picture.data)
        except PictureError as error:
            return self._result(None, Problem("unreadable", str(error)), picture.usd, picture.warnings)
        return await self._keep(file, data, facts, content, picture.usd, picture.warnings)

    async def _recover(self, lost: Entry) -> CallResult | Pending | NotThere | CannotTell:
        """Look for the picture of a try whose outcome is unknown, wherever it can be."""
        found = await self._found(lost)
        self.unfound = found.why if isinstance(found, NotThere | CannotTell) else ""
        return found

    async def _found(self, lost: Entry) -> CallResult | Pending | NotThere | CannotTell:
        """Return the picture of a try from the store, or from the provider, or what is known instead."""
        for key in (key for keys in self._keys.values() for key in keys):
            for data in await self.store.copies(key):
                with contextlib.suppress(PictureError):  # a power cut can leave an empty file, a kill a truncated one
                    if found := await asyncio.to_thread(self._checked_if_own, data):
                        return await self._keep(found[0], data, *found[1:], found_at=key)
        answer = await self.source.find(lost)
        return await self._received(answer.picture) if isinstance(answer, Found) else answer

    async def _keep(
        self,
        file: PictureFile,
        data: bytes,
        facts: Facts,
        content: str,
        usd: float | None = None,
        warnings: tuple[str, ...] = (),
        found_at: str = "",
    ) -> CallResult:
        """Store a picture that has been checked, if possible under the key where it was found. The hash of a large one is
        computed while the store waits for the disk or the network.
        """
        keys = sorted(self._keys[facts.media_type], key=lambda key: key != found_at)
        if len(data) <= _AT_ONCE:
            (key, url), sha256 = await self._create(keys, data, facts.media_type), _sha256(data)
        else:
            stored = self._create(keys, data, facts.media_type)
            (key, url), sha256 = await asyncio.gather(stored, asyncio.to_thread(_sha256, data))
        self.file = file
        image = Image(key, url, sha256, facts.media_type, facts.width, facts.height, len(data))
        problem = Problem("blank", "the picture is of one colour") if facts.blank else None
        return self._result(image, problem, usd, warnings, content)

    async def _create(self, keys: list[str], data: bytes, media_type: str) -> tuple[str, str]:
        """Store a picture under the first of these keys that no other picture has, and return its key and url."""
        for key in keys:
            with contextlib.suppress(KeyTaken):
                return key, await self.store.create(key, data, media_type)
        raise await self.store.keep(keys[-1], data, f"{' and '.join(keys)} already hold other pictures")

    def _result(
        self,
        image: Image | None,
        problem: Problem | None,
        usd: float | None,
        warnings: tuple[str, ...] = (),
        content: str = "",
    ) -> CallResult:
        document = {"image": image, "problem": problem, "warnings": warnings, "content": content}
        in_store = image is not None and problem is None
        return result_of(document, usd, recoverable=in_store)

    def _with_own_metadata(self, data: bytes) -> tuple[PictureFile, bytes, Facts, str]:
        """Parse a picture, replace the provider's metadata by ours, and decode it to make sure that it is whole."""
        file = PictureFile(data)
        facts = file.inspected(self.crew.judge.picture_limits)  # first: large pictures wait here, and need not be there twice
        bare = file.stripped()
        return file, file.embedded(*self._metadata()) if self.embed_metadata else bare, facts, _sha256(bare)

    def _checked_if_own(self, data: bytes) -> tuple[PictureFile, Facts, str] | None:
        """Parse and decode a stored picture if it came from this very call, according to its metadata. Without metadata, its
        name is the only evidence.
        """
        file = PictureFile(data)
        own = file.metadata and f'"request": "{self.source.call.digest}"' in file.metadata.document
        if not own and self.embed_metadata:
            return None
        return file, file.inspected(self.crew.judge.picture_limits), _sha256(file.stripped())

    def _metadata(self) -> tuple[str, str]:
        """The parameters and the document to embed."""
        assert self.run.checklist is not None
        prompt, seed, model = self.prompt, self.attempt.seed, self.source.call.model
        about = {
            "run_id": self.run.run_id,
            "revision": self.attempt.revision,
            "attempt": self.attempt.attempt,
            "prompt": prompt.text,
            "negative": prompt.negative,
            "seed": seed,
            "model": model,
            "checklist": self.run.checklist.sha256,
            "request": self.source.call.digest,
            "software": f"onbrief {VERSION}",
            **self.source.about,
        }
        parameters = parameters_text(prompt.text, prompt.negative, seed, self.run.brief.size, model, VERSION)
        return parameters, json.dumps(about, ensure_ascii=False, sort_keys=True)

    @property
    def _keys(self) -> dict[str, tuple[str, str]]:
        """The two names that the picture can have in the store, by its media type. The second one is its own; the first one is
        for people, and another picture may have it already.
        """
        name = f"{self.run.run_id}/{self.attempt.name}"
        names = (name, f"{name}-{self.source.call.digest[:8]}")
        return {media_type: (f"{names[0]}.{suffix}", f"{names[1]}.{suffix}") for media_type, suffix in _SUFFIXES.items()}

    def _warn_of_size(self, image: Image | None) -> None:
        asked = self.source.size
        if image and asked and (image.width, image.height) != asked:
            made = f"{self.source.call.model} makes pictures of {image.width}x{image.height}"
            self.warnings.append(f"{made} instead of {asked[0]}x{asked[1]} pixels")


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _made(result: Any) -> tuple[Image | None, Problem | None, Sequence[str], str]:
    """Return the picture that is recorded, or the problem that prevented one, the warnings, and the hash of its content."""
    image = Image(**result["image"]) if result["image"] else None
    problem = Problem(**result["problem"]) if result["problem"] else None
    return image, problem, result.get("warnings", ()), result.get("content", "")
