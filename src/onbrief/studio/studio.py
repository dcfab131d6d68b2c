"""The models at work: plans, draws, judges and revises, each paid step once, through the run's account in the ledger."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

from onbrief.attempt import Attempt, Finding, Image
from onbrief.brief import Checklist, Requirement
from onbrief.errors import Failed, OnbriefError, OverBudget
from onbrief.judging.evidence import FINGERPRINT, about
from onbrief.judging.rule import FAIR, Rule
from onbrief.judging.splitting import first_question
from onbrief.ledger.account import Account, Ready, Skipped
from onbrief.pictures import PictureFile
from onbrief.policy import chances, seed_of
from onbrief.policy.priors import usual_priors
from onbrief.ports import CallKind, Entry, Pictures, Store, call_key, dialect_of
from onbrief.questions import usable
from onbrief.record import ModelChange, Models, Prompt, Role, Run
from onbrief.redaction import redacted
from onbrief.studio import planning, writing
from onbrief.studio.crew import Crew
from onbrief.studio.evidence import Evidence, warnings
from onbrief.studio.judging import Judging
from onbrief.studio.making import Making
from onbrief.studio.merged import merged
from onbrief.studio.planning import Review
from onbrief.studio.queue import worked_off
from onbrief.studio.sources import FromPrompt, FromStore, Source, repairing


async def _nothing_to_check() -> None:
    pass


@dataclass(slots=True, kw_only=True)
class LedgerStudio:
    """The Studio port; see ports.Studio for what each method does. With `embed_metadata`, each picture carries its prompt and
    its seed. `rule` decides what passes, `review` lets the user decide about the checklist, and `evidence` is what is looked at
    besides the judge. `require_usable` raises before the first picture if the models cannot be used. `given` is where the
    pictures are that exist already, of which `parallel` are judged concurrently.
    """

    crew: Crew
    store: Store
    ledger: Account
    embed_metadata: bool = True
    rule: Rule = FAIR
    given: Pictures | None = None
    parallel: int = 1
    review: Review | None = None
    evidence: Evidence = field(default_factory=Evidence)
    require_usable: Callable[[], Coroutine[Any, Any, None]] = _nothing_to_check
    warnings: dict[str, None] = field(default_factory=dict[str, None])
    _names: Models = field(init=False)
    _opened: float = field(default_factory=time.monotonic)
    _fingerprints: dict[str, str] = field(default_factory=dict[str, str])
    _verdicts: dict[str, Attempt] = field(default_factory=dict[str, Attempt])  # by the content of pictures
    _at_work: dict[str, asyncio.Lock] = field(default_factory=dict[str, asyncio.Lock])

    def __post_init__(self) -> None:
        self._names = self.crew.names  # every event needs them

    async def plan(self, run: Run) -> tuple[Checklist, Sequence[Requirement]]:
        """See ports.Studio."""
        usable = asyncio.create_task(self.require_usable())  # while the planner works, so that it takes no time
        try:
            plan = await planning.plan(run.brief, self.crew.planner, self.ledger)
            await usable
        finally:
            usable.cancel()
            await asyncio.gather(usable, return_exceptions=True)
        for note in plan.notes:
            self.warn(note)
        return await planning.agreed(plan, run.brief, self.ledger, self.review)

    async def revise(self, run: Run, with_history: bool, rung: int | None) -> Prompt:
        """See ports.Studio."""
        assert self.crew.reviser is not None
        models = self.crew.image_models
        drew = [attempt.model for attempt in run.attempts][-1:]
        model = next((one for one in models if one.name in drew), models[0]) if rung is None else models[rung]
        written = await writing.revise(run, self.crew.reviser, self.ledger, dialect_of(model), with_history=with_history)
        for warning in written.warnings:
            self.warn(warning)
        return written.prompt

    async def repair(self, run: Run, of: Attempt, must: str, seed: int, rung: int) -> AsyncGenerator[Attempt]:
        """See ports.Studio."""
        source = repairing(run, of, must, seed, self.crew.editors[rung], self.store)
        ready = _only_recorded if any(attempt.passed for attempt in run.attempts) else _nothing_to_check
        async with aclosing(self._attempt(run, source.attempt, source, ready)) as attempts:
            async for attempt in attempts:
                yield attempt

    async def attempts(self, run: Run, prompt: Prompt, seeds: Sequence[int], rung: int) -> AsyncGenerator[Attempt]:
        """See ports.Studio."""
        model = self.crew.image_models[rung]
        for warning in (*model.check(run.brief.size), *usable.cut(prompt, dialect_of(model))):
            self.warn(warning)
        passed, failed = any(attempt.passed for attempt in run.attempts), False
        complete: set[int] = set()
        errors: list[Exception] = []
        unaffordable: dict[int, OverBudget] = {}
        numbered = list(enumerate(seeds, len(run.of_prompt(prompt.revision))))
        first = self._first_question(run, chances.Source(rung, prompt.revision))

        async def only_if_wanted() -> None:
            if passed or failed:
                raise Skipped

        def drawn(number: int, seed: int, ready: Ready) -> AsyncGenerator[Attempt]:
            attempt = Attempt(prompt.revision, number, seed, model=model.name)
            return self._attempt(run, attempt, FromPrompt(run, prompt, attempt, model), ready, first)

        # What is recorded comes first: when one of these pictures passed, nothing more is paid for in this round.
        for number, seed in numbered:
            async for attempt in drawn(number, seed, _only_recorded):
                if attempt.complete:
                    complete.add(number)
                    passed = passed or attempt.passed
                    yield attempt

        async def new(number: int, seed: int) -> AsyncGenerator[Attempt]:
            """Yield one attempt. Its error is kept for later, so that calls in progress of the others end and are recorded."""
            nonlocal passed, failed
            try:
                async with aclosing(drawn(number, seed, only_if_wanted)) as attempts:
                    async for attempt in attempts:
                        passed = passed or attempt.passed
                        yield attempt
            except OverBudget as error:  # the others are still judged, and may leave money for this one
                unaffordable[number] = error
            except Exception as error:  # noqa: BLE001 - raised below
                failed = True
                errors.append(error)

        left: list[tuple[int, int]] = [(number, seed) for number, seed in numbered if number not in complete]
        while left:
            unaffordable.clear()
            async with aclosing(merged(new(number, seed) for number, seed in left)) as attempts:
                async for attempt in attempts:
                    yield attempt
            if passed or failed or len(unaffordable) == len(left):
                errors += unaffordable.values()
                break
            # Calls cost less than was reserved and held for them, so the attempts that did not fit may fit now.
            left = [(number, seed) for number, seed in left if number in unaffordable]
        for error in errors:
            if not (passed and isinstance(error, OnbriefError)):  # an attempt that passed counts, whatever else failed
                raise error

    async def prompted(self, run: Run) -> Run:
        """Return a new run with its checklist and with all prompts that are recorded. Pays for nothing if no call is sent.

        Raises:
            Cancelled: the checklist is not recorded, and the account sends nothing.
        """
        checklist, added = await self.plan(run)
        run = replace(run, checklist=checklist).with_prompt(Prompt.first(run.brief, added))
        while writing.is_written(self.ledger, len(run.prompts)):
            run = run.with_prompt(await self.revise(run, with_history=False, rung=None))
        return run

    async def look_for(self, run: Run, lost: Entry) -> tuple[Image | None, str]:
        """Look for the picture of a try whose outcome is unknown, and return it, or what was said instead.

        Raises:
            Cancelled: it is still being made, and the account does not wait.
            OnbriefError: as Account.once and ports.Store.
        """
        call = lost.call
        model = next((model for model in self.crew.image_models if model.name == call.model), None)
        if len(run.prompts) <= call.revision:
            return None, "its prompt is not recorded"
        prompt = run.prompts[call.revision]
        attempt = Attempt(call.revision, call.attempt, seed_of(run.seed, call.revision, call.attempt), model=call.model)
        drawn = FromPrompt(run, prompt, attempt, model) if model else None
        source = drawn if drawn and drawn.call.digest == call.digest else FromStore(call)
        making = self._making(run, attempt, source, _only_recorded)
        try:
            attempt = await making.made(self.ledger)
        except (Skipped, Failed):  # what is known of it is recorded, and nothing is sent again
            return None, making.unfound
        return attempt.image, making.unfound

    async def verdicts(self, run: Run, wanted: Callable[[], bool]) -> AsyncGenerator[Attempt]:
        """See ports.Studio."""

        async def new(attempt: Attempt) -> Attempt:
            return await self._judged(self._judging(run, attempt, _nothing_to_check))

        left: list[Attempt] = []
        for attempt in run.attempts:
            if not attempt.complete:
                try:
                    yield await self._judged(self._judging(run, attempt, _only_recorded))
                except Skipped:
                    left.append(attempt)
        async with aclosing(worked_off(left, new, self.parallel, wanted)) as judged:
            async for attempt in judged:
                yield attempt

    async def account(self, run: Run) -> Run:
        """See ports.Studio."""
        usage = self.ledger.usage(seconds=round(time.monotonic() - self._opened, 3))
        for warning in self.crew.warnings:
            self.warn(warning)
        names = self._names
        judges = tuple(self._changes("judge", names.judge, "judge"))
        same = {(change.former, change.model) for change in judges}  # a judge that also took the second look
        again = (c for c in self._changes("confirm_judge", self.crew.closer.name, "confirm") if (c.former, c.model) not in same)
        changes = (*judges, *again, *self._changes("reviser", names.reviser, "plan", "revise"))
        models = replace(run.models, changes=changes) if changes else run.models
        ended = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z") if run.outcome else None
        return replace(run, usage=usage, models=models, warnings=tuple(self.warnings), ended=ended)

    def _changes(self, role: Role, model: str, *kinds: CallKind) -> Iterator[ModelChange]:
        """Yield the changes of the model in a role, as its answers show them; the last one is to the `model` of now."""
        if not self.ledger.used_others(model, *kinds):
            return
        calls = self.ledger.answers(*kinds)
        for before, after in pairwise(calls):
            if before.model != after.model:
                yield ModelChange(role, before.model, after.model, after.revision, after.attempt)
        if calls and calls[-1].model != model:
            yield ModelChange(role, calls[-1].model, model, calls[-1].revision, calls[-1].attempt + 1)

    def warn(self, text: str) -> None:
        """Add a warning to the record, unless it has it already. Secrets in it are redacted."""
        self.warnings[redacted(text)] = None

    async def _attempt(
        self, run: Run, attempt: Attempt, source: Source, ready: Ready, first: tuple[str, ...] = ()
    ) -> AsyncGenerator[Attempt]:
        """Yield one attempt when its picture is stored and again when it is judged, as far as `ready` permits."""
        assert run.checklist is not None
        making = self._making(run, attempt, source, ready)
        try:
            attempt = await making.made(self.ledger)
            for warning in making.warnings:
                self.warn(warning)
            yield attempt
            if attempt.image and not attempt.problem:
                judging, content = self._judging(run, attempt, ready, making.file, first), making.content
                del making  # the judging releases the picture once it has the judge's copy
                yield await self._judged_once(attempt, judging, content)
        except Skipped:
            return

    def _making(self, run: Run, attempt: Attempt, source: Source, ready: Ready) -> Making:
        return Making(
            run=run,
            prompt=run.prompts[attempt.revision],
            attempt=attempt,
            source=source,
            crew=self.crew,
            store=self.store,
            ready=ready,
            embed_metadata=self.embed_metadata,
            looks=2 if self.evidence.read else 1,
        )

    async def _judged_once(self, attempt: Attempt, judging: Judging, content: str) -> Attempt:
        """Return the attempt with its verdict: that of an earlier picture of exactly the same bytes, if there is one with an
        answer of the judge. While one of them is judged, the others wait.
        """
        if not content:  # of earlier versions
            return await self._judged(judging)
        async with self._at_work.setdefault(content, asyncio.Lock()):
            step = call_key("judge", attempt.revision, attempt.attempt)
            same = self._verdicts.get(content)
            if same is None or self.ledger.begun(step):
                attempt = await self._judged(judging)
                if attempt.verdict and not attempt.verdict.problem:
                    self._verdicts.setdefault(content, attempt)
                return attempt
            self.ledger.give_back(step)
            self.warn(f"{attempt.name} is the same picture as {same.name}, and has its verdict")
            return replace(attempt, verdict=same.verdict)

    async def _judged(self, judging: Judging) -> Attempt:
        attempt = await judging.verdict(self.ledger)
        for warning in judging.warnings:
            self.warn(warning)
        self._look_at(attempt, judging.found)
        return attempt

    def _first_question(self, run: Run, source: chances.Source) -> tuple[str, ...]:
        """Return the ids of what the judge is asked about first in the next pictures of this source; none if everything is
        asked at once. Only earlier rounds count, so that the order in which those of one round are judged changes nothing.
        """
        # Not isinstance(judge, ExpectsCost), which is slow in Python 3.11.
        expected: Callable[[int], float | None] | None = getattr(self.crew.judge, "expected_cost", None)
        if expected is None or not expected(1):
            return ()
        assert run.checklist is not None
        # Not with learned rates: with another file of them, a resumed run would ask otherwise than it did.
        outlooks = chances.Chances(run, run.models.ladder or (run.models.image,), usual_priors()).outlooks(source)
        return first_question(run.checklist, outlooks, lambda number: expected(number) or 0.0, self._spare)

    @property
    def _spare(self) -> int:
        """See judging/splitting.py."""
        return int(any(self.crew.editors))

    def _judging(
        self, run: Run, attempt: Attempt, ready: Ready, file: PictureFile | None = None, first: tuple[str, ...] = ()
    ) -> Judging:
        """Return the judging of an attempt's picture, whose bytes are in `file` if they are at hand."""
        assert run.checklist is not None
        assert attempt.image is not None
        return Judging(
            checklist=run.checklist,
            attempt=attempt,
            image=attempt.image,
            judge=self.crew.judge,
            closer=self.crew.closer,
            store=self.given or self.store,
            ready=ready,
            file=file,
            rule=self.rule,
            beside=self.evidence,
            first=first,
            spare=self._spare,
        )

    def _look_at(self, attempt: Attempt, found: Sequence[Finding]) -> None:
        """Warn of what the evidence beside the judge's answer shows of a picture."""
        edited = attempt.base  # it is like the picture that it was made from, as it should be
        earlier = {} if edited else {name: own for name, own in sorted(self._fingerprints.items()) if name != attempt.name}
        for warning in warnings(attempt.name, found, earlier):
            self.warn(warning)
        for finding in () if edited else about(FINGERPRINT, found):
            self._fingerprints[attempt.name] = finding.evidence


async def _only_recorded() -> None:
    raise Skipped
