"""The models at work: plans, draws, judges and revises, each paid step once, through the run's account in the ledger."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import time
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from onbrief import pictures
from onbrief.brief import MAX_BRIEF_CHARACTERS, Checklist, Requirement
from onbrief.errors import Blocked, Failed, KeyTaken, OnbriefError, OverBudget, PictureError, StoreError, Unknown, Unreadable
from onbrief.judging import decide
from onbrief.ledger.account import Account, CallResult, Ready, Skipped
from onbrief.ports import Call, CallKind, ImageModel, Judge, Model, Planner, Reviser, Store, Warns
from onbrief.record import Attempt, Finding, Image, Models, Problem, Prompt, Run
from onbrief.version import VERSION

Checked = tuple[bytes, pictures.Facts, str]
_SUFFIXES = {"image/png": "png", "image/jpeg": "jpg", "image/webp": "webp"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Crew:
    """The models of a run. Without a planner, the checklist is what the user requires and nothing else."""

    planner: Planner | None
    image_model: ImageModel
    judge: Judge
    reviser: Reviser

    @property
    def names(self) -> Models:
        """Their names, as the record has them."""
        return Models(self.image_model.name, self.judge.name, self.reviser.name)

    @property
    def unpriced(self) -> list[str]:
        """Names of those whose price nobody knows."""
        return sorted({model.name for model in self._models if model.price is None})

    @property
    def warnings(self) -> tuple[str, ...]:
        """What they leave out of what was asked of them, each said once, as far as they know by now."""
        said = [text for model in self._models if isinstance(model, Warns) for text in model.warnings]
        return tuple(dict.fromkeys(said))

    @property
    def _models(self) -> list[Model]:
        return [self.image_model, self.judge, self.reviser, *([self.planner] if self.planner else [])]


@dataclass(slots=True, kw_only=True)
class LedgerStudio:
    """The Studio port; see ports.Studio for what each method does. `label` writes what is known of a picture into it."""

    crew: Crew
    store: Store
    ledger: Account
    label: bool = True
    warnings: dict[str, None] = field(default_factory=dict[str, None])
    _opened: float = field(default_factory=time.monotonic)

    async def plan(self, run: Run) -> Checklist:
        """See ports.Studio."""
        planner = self.crew.planner
        if planner is None:
            return Checklist.freeze((), run.brief)

        async def send() -> CallResult:
            planned = await planner.checklist(run.brief)
            return CallResult(_json([asdict(r) for r in planned.requirements]), _paid(planned.usd, planner), planned.tokens)

        entry = await self.ledger.once(_call("plan", 0, 0, planner, {"brief": asdict(run.brief)}), send)
        found = [_requirement(document) for document in json.loads(entry.result)]
        return Checklist.freeze(found, run.brief)

    async def revise(self, run: Run, with_history: bool) -> Prompt:
        """See ports.Studio."""
        assert run.checklist is not None
        checklist, reviser, revision = run.checklist, self.crew.reviser, len(run.prompts)
        tried = [(prompt, [a for a in run.attempts if a.revision == prompt.revision]) for prompt in run.prompts]

        async def send() -> CallResult:
            revised = await reviser.revise(run.brief, checklist, revision, tried if with_history else ())
            prompt = Prompt(revision, _bounded(revised.text), _bounded(revised.negative), _bounded(revised.reason))
            if not prompt.text:
                raise Failed(f"{reviser.name} wrote an empty prompt")
            return CallResult(_json(asdict(prompt)), _paid(revised.usd, reviser), revised.tokens)

        # The history is no part of the request's identity: it grows when a run is resumed with higher limits, and a prompt
        # that has been paid for stays the prompt of its revision.
        request = {"brief": asdict(run.brief), "checklist": checklist.sha256}
        entry = await self.ledger.once(_call("revise", revision, 0, reviser, request), send)
        return Prompt(**json.loads(entry.result))

    async def attempts(self, run: Run, seeds: Sequence[int]) -> AsyncGenerator[Attempt]:
        """See ports.Studio."""
        passed = failed = False
        complete: set[int] = set()
        numbered = list(enumerate(seeds, len(run.round)))

        async def only_if_wanted() -> None:
            if passed or failed:
                raise Skipped

        # What is recorded comes first: when one of these pictures passed, nothing more is paid for in this round.
        for number, seed in numbered:
            async for attempt in self._attempt(run, number, seed, _only_recorded):
                if attempt.complete:
                    complete.add(number)
                    passed = passed or attempt.passed
                    yield attempt

        told: asyncio.Queue[Attempt | None] = asyncio.Queue()
        errors: list[Exception] = []

        async def work(number: int, seed: int) -> None:
            nonlocal passed, failed
            try:
                async for attempt in self._attempt(run, number, seed, only_if_wanted):
                    passed = passed or attempt.passed
                    told.put_nowait(attempt)
            except OverBudget as error:  # the others are still judged as far as the money goes
                errors.append(error)
            except Exception as error:  # noqa: BLE001 - raised below, once the others' calls have been written down
                failed = True
                errors.append(error)
            finally:
                told.put_nowait(None)

        tasks = [asyncio.create_task(work(number, seed)) for number, seed in numbered if number not in complete]
        try:
            running = len(tasks)
            while running:
                if attempt := await told.get():
                    yield attempt
                else:
                    running -= 1
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        for error in errors:
            if not (passed and isinstance(error, OnbriefError)):  # a pass is a pass, whatever became of the others
                raise error

    async def account(self, run: Run) -> Run:
        """See ports.Studio."""
        usage = replace(self.ledger.usage(), seconds=round(time.monotonic() - self._opened, 3))
        for warning in self.crew.warnings:
            self.warn(warning)
        ended = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z") if run.outcome else None
        return replace(run, usage=usage, warnings=tuple(self.warnings), ended=ended)

    async def _attempt(self, run: Run, number: int, seed: int, ready: Ready) -> AsyncGenerator[Attempt]:
        """One attempt, once when its picture is stored and once when it is judged, as far as `ready` lets it come."""
        assert run.checklist is not None
        attempt = Attempt(run.prompt.revision, number, seed)
        try:
            attempt, data = await self._draw(run, attempt, ready)
            yield attempt
            if attempt.image and not attempt.problem:
                yield await self._judge(run.checklist, attempt, attempt.image, data, ready)
        except Skipped:
            return

    async def _draw(self, run: Run, attempt: Attempt, ready: Ready) -> tuple[Attempt, bytes | None]:
        """The attempt with its picture or the problem that there was, and the picture's bytes if they are at hand."""
        model, prompt, size = self.crew.image_model, run.prompt, run.brief.size
        request = {"text": prompt.text, "negative": prompt.negative, "size": size, "seed": attempt.seed}
        call = _call("image", attempt.revision, attempt.attempt, model, request)
        place = f"{run.run_id}/{attempt.name}"
        beside = f"{place}-{call.digest[:8]}"
        data: bytes | None = None
        told: tuple[str, ...] = ()

        async def ready_with_room() -> None:
            await ready()
            await self.store.require_room()

        async def draw() -> CallResult:
            nonlocal told
            picture = await model.generate(prompt, size, attempt.seed)
            told = picture.warnings
            try:
                return await keep(await asyncio.to_thread(_checked, self._labelled(picture.data, run, attempt, call)))
            except PictureError as error:
                return drawn(None, Problem("unreadable", str(error)))

        async def recover() -> CallResult | None:
            for name in (f"{start}.{suffix}" for start in (place, beside) for suffix in _SUFFIXES.values()):
                if found := await self.store.read(name):
                    with contextlib.suppress(PictureError):  # a file that a power cut left empty is no picture
                        if self._is_of(found, call):
                            return await keep(await asyncio.to_thread(_checked, found))
            return None

        async def keep(checked: Checked) -> CallResult:
            nonlocal data
            data, facts, sha256 = checked
            key, url = await self._create((place, beside), data, facts.media_type)
            image = Image(key, url, sha256, facts.media_type, facts.width, facts.height, len(data))
            return drawn(image, Problem("blank", "the picture is of one colour") if facts.blank else None)

        def drawn(image: Image | None, problem: Problem | None) -> CallResult:
            made = {"image": image and asdict(image), "problem": problem and asdict(problem), "warnings": told}
            return CallResult(_json(made), model.price)

        try:
            # A picture that nobody could afford to judge is of no use.
            entry = await self.ledger.once(call, draw, recover, ready_with_room, also_reserve=self.crew.judge.price or 0.0)
        except Blocked as error:
            return replace(attempt, problem=Problem("blocked", str(error)), usd=model.price or 0.0), None
        except Unknown as error:
            return replace(attempt, problem=Problem("unknown", str(error)), usd=model.price or 0.0), None
        result = json.loads(entry.result)
        image = Image(**result["image"]) if result["image"] else None
        problem = Problem(**result["problem"]) if result["problem"] else None
        for warning in result.get("warnings", ()):
            self.warn(warning)
        if image and (image.width, image.height) != size:
            self.warn(f"{model.name} makes pictures of {image.width}x{image.height} instead of {size[0]}x{size[1]} pixels")
        return replace(attempt, image=image, problem=problem, usd=entry.usd or 0.0, seconds=entry.seconds), data

    async def _create(self, names: tuple[str, str], data: bytes, media_type: str) -> tuple[str, str]:
        """Store a picture, under its second name where another one lies under the first; answers its key and url."""
        key, beside = (f"{name}.{_SUFFIXES[media_type]}" for name in names)
        try:
            return key, await self.store.create(key, data, media_type)
        except KeyTaken:
            return beside, await self.store.create(beside, data, media_type)

    def _is_of(self, picture: bytes, call: Call) -> bool:
        """Whether a picture came of this very call, as far as it says; without labels, its name is all there is to go by."""
        if not self.label:
            return True
        label = pictures.read_embedded(picture)
        return label is not None and f'"request": "{call.digest}"' in label[1]

    async def _judge(self, checklist: Checklist, attempt: Attempt, image: Image, data: bytes | None, ready: Ready) -> Attempt:
        """The attempt with its verdict."""
        judge, requirements = self.crew.judge, checklist.requirements
        copy = b""

        async def ready_with_copy() -> None:
            nonlocal copy
            await ready()
            copy = copy or await asyncio.to_thread(pictures.judge_copy, data or await self._stored(image))

        async def send() -> CallResult:
            judged = await judge.judge(copy, requirements)
            return CallResult(_json([asdict(finding) for finding in judged.findings]), _paid(judged.usd, judge), judged.tokens)

        request = {"image": image.sha256, "checklist": checklist.sha256}
        call = _call("judge", attempt.revision, attempt.attempt, judge, request)
        try:
            entry = await self.ledger.once(call, send, ready=ready_with_copy)
        except (Blocked, Unknown, Unreadable) as error:
            return replace(attempt, verdict=decide.undecided(checklist, f"the judge gave no answer: {error}"))
        verdict = decide.verdict(checklist, [Finding(**finding) for finding in json.loads(entry.result)])
        usd, seconds = attempt.usd + (entry.usd or 0.0), attempt.seconds + entry.seconds
        return replace(attempt, verdict=verdict, usd=round(usd, 6), seconds=round(seconds, 3))

    async def _stored(self, image: Image) -> bytes:
        data = await self.store.read(image.key)
        if data is None or hashlib.sha256(data).hexdigest() != image.sha256:
            raise StoreError(f"{image.key} is gone from the store, or is not the picture that was stored there")
        return data

    def _labelled(self, data: bytes, run: Run, attempt: Attempt, call: Call) -> bytes:
        """The picture as it is stored: without what the provider wrote into it, with what we know of it."""
        if not self.label:
            return pictures.strip(data)
        assert run.checklist is not None
        prompt, model = run.prompt, run.models.image
        text = pictures.parameters_text(prompt.text, prompt.negative, attempt.seed, run.brief.size, model, VERSION)
        about: dict[str, object] = {"run_id": run.run_id, "revision": attempt.revision, "attempt": attempt.attempt}
        about |= {"prompt": prompt.text, "negative": prompt.negative, "seed": attempt.seed, "model": model}
        about |= {"checklist": run.checklist.sha256, "request": call.digest, "software": f"onbrief {VERSION}"}
        return pictures.embed(data, text, json.dumps(about, ensure_ascii=False, sort_keys=True))

    def warn(self, text: str) -> None:
        """Have the record say this, once."""
        self.warnings[text] = None


def _checked(data: bytes) -> Checked:
    """The picture, decoded once to see that it is one, and its sha256."""
    return data, pictures.inspect(data), hashlib.sha256(data).hexdigest()


def _requirement(document: dict[str, Any]) -> Requirement:
    parents: list[str] = document.pop("parents")
    return Requirement(**document, parents=tuple(parents))


async def _only_recorded() -> None:
    raise Skipped


def _call(kind: CallKind, revision: int, attempt: int, model: Model, request: Mapping[str, object]) -> Call:
    digest = hashlib.sha256(_json({"model": model.name, **request}).encode()).hexdigest()
    return Call(kind, revision, attempt, model.name, digest, model.price)


def _paid(usd: float | None, model: Model) -> float | None:
    """What a call cost: what the model says, or else its price."""
    return model.price if usd is None else usd


def _bounded(text: str) -> str:
    """What a model wrote: of bounded length, and without halves of surrogate pairs, which nothing can store."""
    return text.strip()[:MAX_BRIEF_CHARACTERS].encode("utf-8", "replace").decode()


def _json(document: object) -> str:
    """In ASCII, so that whatever a model answered can be hashed and stored."""
    return json.dumps(document, sort_keys=True, separators=(",", ":"))
