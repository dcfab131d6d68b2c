"""The verdict on one attempt: copy for the judge, first look, closer look, verdict."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from onbrief.attempt import Attempt, Box, Finding, Image, Problem, Verdict
from onbrief.brief import Checklist, Requirement
from onbrief.errors import Blocked, CallError, OverBudget, Unknown, Unreadable
from onbrief.judging import decide, evidence, masking
from onbrief.judging.closer import to_look_at
from onbrief.judging.masking import Unasked
from onbrief.judging.rule import FAIR, Rule
from onbrief.judging.splitting import holds
from onbrief.ledger.account import Account, CallResult, Hold, Ready, Try
from onbrief.pictures import PictureFile
from onbrief.pictures.hiding import hidden
from onbrief.ports import Call, Entry, Judge, Judged, LooksCloser, PictureLimits, Pictures, call_key
from onbrief.studio.answers import Said, answer_of, said
from onbrief.studio.asking import Asking
from onbrief.studio.calls import FIRST, REST, call_for, closer_price, is_part, price_of, recorded
from onbrief.studio.evidence import Evidence
from onbrief.studio.sources import stored

_MASKED = "masked"
_Shown = tuple[PictureLimits, tuple[Box, ...]]
"""What distinguishes the copies of a picture: the limits of a judge, and the parts that are hidden."""


@dataclass(frozen=True, slots=True)
class _Question:
    """What the judge is asked in one call, and which part of the first look that is. The parts of the picture to `hide` cannot
    be recognised. `before` is what the first of two questions found.
    """

    about: tuple[Requirement, ...]
    part: str = ""
    hide: tuple[Box, ...] = ()
    before: tuple[Finding, ...] = ()

    @property
    def ids(self) -> tuple[str, ...] | None:
        """The ids of what is asked about, if it is not everything."""
        return tuple(requirement.id for requirement in self.about) if self.part in (FIRST, REST) else None


@dataclass(slots=True)
class Judging:
    """The judging of one picture, paid for at most once: the first look of the judge, and a closer one where the rule asks for
    it, of the same judge or another (`closer`).

    The first look is one question; or two, if there are ids of what to ask about `first`, of which the second is asked only of
    a picture that may pass: see judging/splitting.py, also for `spare`.

    `ready` is awaited before each paid call, and raises to prevent it. `file` is the picture of `attempt` if its bytes are at
    hand; otherwise they are read from the store when they are needed. `beside` gathers evidence from the picture itself. After
    `verdict`, `warnings` are for the record, `found` has all findings of the first look, also those about no requirement
    (judging/evidence.py), and `confirmed` the ids of the requirements that a closer look has answered.
    """

    checklist: Checklist
    attempt: Attempt
    image: Image
    judge: Judge
    closer: Judge
    store: Pictures
    ready: Ready
    file: PictureFile | None
    rule: Rule = FAIR
    beside: Evidence = field(default_factory=Evidence)
    first: tuple[str, ...] = ()
    spare: int = 0
    warnings: list[str] = field(default_factory=list[str], init=False)
    found: tuple[Finding, ...] = field(default=(), init=False)
    confirmed: tuple[str, ...] = field(default=(), init=False)
    _copies: dict[_Shown, bytes] = field(default_factory=dict[_Shown, bytes], init=False)
    _measured: list[Finding] | None = field(default=None, init=False)

    async def verdict(self, account: Account) -> Attempt:
        """Return the attempt with its verdict, which is computed here from the judges' findings. A judge that gave no answer
        leaves every requirement undecided, and so does one that does not see the picture.

        Raises:
            Skipped: nothing is recorded and `ready` prevented the call.
            OnbriefError: as Account.once and ports.Store.
        """
        try:
            first, seen = await self._looked(account)
            self.found, verdict = first.findings, seen
            if not first.blind and (asked := to_look_at(self.checklist, seen, self.rule)):
                verdict = await self._confirmed(account, first, seen, asked)
            if verdict.passed and (unasked := Unasked.of(first.findings)) != Unasked():
                verdict = await self._masked(account, first, seen, verdict, unasked)
        except (Blocked, Unknown, Unreadable) as error:
            verdict = decide.undecided(self.checklist, Problem(_kind(error), error.explained))
        finally:
            if self.beside.read:
                account.give_back(self._key(_MASKED))
        return replace(self.attempt, verdict=replace(verdict, confirmed=self.confirmed))

    async def _looked(self, account: Account) -> tuple[Said, Verdict]:
        """Return what the first look says, and the verdict after it."""
        if first := self._first_question(account):
            try:
                entry = await self._look(account, first)
            except OverBudget:  # there may be money for one question
                entry = None
            if entry:
                return await self._rest(account, entry)
        return recorded(await self._look(account, _Question(self.checklist.requirements)), self._read)

    async def _rest(self, account: Account, first: Entry) -> tuple[Said, Verdict]:
        """Return what the first look says, after its first question, and ask about the rest if the picture may pass."""
        found, verdict = recorded(first, self._read)
        left = tuple(self.checklist[id_] for id_ in verdict.unasked)
        if found.blind or not left or not holds(self.checklist, verdict, self.spare):
            account.give_back(self._key(REST))
            return found, verdict
        rest = recorded(await self._look(account, _Question(left, REST, before=found.findings)), said)
        return self._after(Said((*found.findings, *rest.findings), rest.blind))

    def _first_question(self, account: Account) -> _Question | None:
        """Return what the judge is asked about first, or None if it is asked about everything at once. What has begun,
        according to the ledger, goes on as it began, whatever the prices and the judge are by now.
        """
        tried = account.tried(self._key())
        begun = [entry for entry in tried if is_part(entry.call, FIRST)]
        if any(is_part(entry.call) for entry in tried):
            return None
        if done := [entry for entry in begun if entry.state == "done"]:
            ids = recorded(done[0], said).asked
        else:
            ids = self.first or (begun and [requirement.id for requirement in self.checklist.requirements])
        about = tuple(requirement for requirement in self.checklist.requirements if requirement.id in (ids or ()))
        return _Question(about, FIRST) if about else None

    async def _look(self, account: Account, question: _Question) -> Entry:
        """Return the judge's answer to a question as it is recorded, with the evidence beside it.

        Beside the price of a question, that of the others is held which this look may still need.
        """
        judge, about, hide = self.judge, question.about, question.hide
        price = self._price(about)
        asking = Asking(judge)

        async def send(_: Try) -> CallResult:
            copy = self._copies[judge.picture_limits, hide]
            judged = await asking.ask(lambda judge: judge.judge(copy, about))
            beside = () if judged.blind else await self._beside(copy, judged, question)
            return answer_of(judged, *beside, asked=question.ids)

        more: dict[str, object] = {"hidden": hide} if hide else {"question": question.part} if question.part else {}
        call = self._call(account, "judge", judge, more, price, question.part)
        entry = await account.once(call, send, ready=lambda: self._ready(judge, hide), hold=self._hold(question))
        self.attempt = _paid(self.attempt, entry)
        return entry

    async def _beside(self, copy: bytes, judged: Judged, question: _Question) -> list[Finding]:
        """Return what else is recorded with an answer; of a picture with parts hidden, nothing but what the judge says."""
        if question.hide:
            return self.beside.told(judged, self.checklist)
        if question.part == FIRST:
            return [*(self._measured or ()), *self.beside.told(judged, self.checklist)]
        measured = () if question.part == REST else self._measured or ()
        before = tuple(finding for finding in question.before if finding.source not in evidence.WITNESSES)
        together = replace(judged, findings=(*before, *judged.findings))
        return [*measured, *await self.beside.gathered(copy, self.checklist, together, self.rule)]

    def _hold(self, question: _Question) -> Hold | None:
        """Return the money for the questions that may follow this one in the first look."""
        masked = (self._price(self.checklist.requirements) or 0.0) if self.beside.read else 0.0
        if question.part == FIRST:
            left = tuple(requirement for requirement in self.checklist.requirements if requirement not in question.about)
            return Hold(self._key(REST), (self._price(left) or 0.0) + masked)
        return Hold(self._key(_MASKED), masked) if self.beside.read and not question.hide else None

    def _price(self, about: tuple[Requirement, ...]) -> float | None:
        return price_of(self.judge, about, (self.image.width, self.image.height))

    async def _confirmed(self, account: Account, seen: Said, first: Verdict, asked: tuple[Requirement, ...]) -> Verdict:
        """Return the verdict after a closer look. If there is no money for one, the first look stands, unless the rule wants
        every pass confirmed.
        """
        boxes = {finding.id: finding.box for finding in first.findings if finding.box}
        judge, asking = self.closer, Asking(self.closer)

        async def look(judge: Judge) -> Judged:
            copy = self._copies[judge.picture_limits, ()]
            if isinstance(judge, LooksCloser):
                return await judge.look_closer(copy, asked, {must.id: boxes[must.id] for must in asked if must.id in boxes})
            return await judge.judge(copy, asked)

        async def send(_: Try) -> CallResult:
            return answer_of(await asking.ask(look))

        # Not in the request: what is asked about, which follows from the first look and the rule. What is recorded stays valid.
        call = self._call(account, "confirm", judge, {"look": "closer"}, closer_price(judge, asked))
        try:
            entry = await account.once(call, send, ready=lambda: self._ready(judge))
        except OverBudget as error:
            if self.rule.confirm == "always":
                raise
            self.warnings.append(f"{self.attempt.name} was not looked at more closely: {error}")
            return first
        self.attempt = _paid(self.attempt, entry)
        again, alone = recorded(entry, self._read)
        if again.blind:
            return alone
        self.confirmed = tuple(must.id for must in asked)
        found = {must.id: [finding for finding in again.findings if finding.id == must.id] for must in asked}
        return decide.verdict(self.checklist, self._weighed(seen.findings), self.rule, found)

    async def _masked(self, account: Account, seen: Said, first: Verdict, verdict: Verdict, unasked: Unasked) -> Verdict:
        """Have a picture with lettering that was not asked for judged again with it masked, and return what both answers agree
        on. Where orders to the judge cannot be masked, nothing is decided.
        """
        if not unasked.boxes:
            return self._unanswered(unasked, "it could not be masked, as nothing here can find its place")
        try:
            entry = await self._look(account, _Question(self.checklist.requirements, _MASKED, unasked.boxes))
        except (Blocked, Unknown, Unreadable) as error:
            return self._unanswered(unasked, f"with it masked, the judge gave no answer: {error.explained}")
        again = recorded(entry, said)
        if again.blind:
            return self._unanswered(unasked, f"with it masked, the judge gave no answer: {again.blind}")
        if more := Unasked.of(again.findings).orders:
            return self._unanswered(unasked, f"with it masked, more was read: {', '.join(more)}")
        witnesses = tuple(finding for finding in seen.findings if finding.source in evidence.WITNESSES)
        masked = decide.verdict(self.checklist, self._weighed((*again.findings, *witnesses)), self.rule)
        together = masking.agreed(self.checklist, verdict.findings, first.findings, masked.findings, unasked)
        return decide.verdict(self.checklist, together, self.rule)

    def _unanswered(self, unasked: Unasked, why: str) -> Verdict:
        return decide.verdict(self.checklist, masking.unanswered(self.checklist, unasked, why), self.rule)

    def _weighed(self, findings: Sequence[Finding]) -> tuple[Finding, ...]:
        """Return the findings of an answer, with the evidence beside it taken into account."""
        return evidence.beside(self.checklist, findings, self.rule)

    def _call(
        self,
        account: Account,
        kind: Literal["judge", "confirm"],
        judge: Judge,
        more: Mapping[str, object],
        price: float | None,
        part: str = "",
    ) -> Call:
        request: dict[str, object] = {"image": self.image.sha256, "checklist": self.checklist.sha256, **more}
        number = self.attempt.revision, self.attempt.attempt
        return call_for(account, kind, *number, judge, request, price, decides=self._decides, part=part)

    def _read(self, document: Any) -> tuple[Said, Verdict]:
        """Return a recorded answer, and the verdict after it alone."""
        return self._after(said(document))

    def _after(self, seen: Said) -> tuple[Said, Verdict]:
        """Return an answer, and the verdict after it alone."""
        if seen.blind:
            return seen, decide.undecided(self.checklist, Problem("blind", seen.blind))
        return seen, decide.verdict(self.checklist, self._weighed(seen.findings), self.rule, asked=seen.asked)

    def _decides(self, entry: Entry) -> bool:
        """Return whether a recorded answer leaves no must undecided that matters, so that no other judge need be asked."""
        seen, verdict = recorded(entry, self._read)
        if entry.call.kind == "confirm":
            return not seen.blind
        musts = {must.id for must in self.checklist.musts}
        return not musts.isdisjoint(verdict.ids("unmet")) or musts.isdisjoint(verdict.ids("undecided"))

    def _key(self, part: str = "") -> str:
        """Return the key of a part of the first look, or of the step that all of them belong to."""
        return call_key("judge", self.attempt.revision, self.attempt.attempt, part)

    async def _ready(self, judge: Judge, hide: tuple[Box, ...] = ()) -> None:
        await self.ready()
        if (judge.picture_limits, hide) not in self._copies:
            file, self.file = self.file, None  # released here: the judge needs only its copy
            data = None if file or (judge.picture_limits, ()) in self._copies else await stored(self.store, self.image)
            await asyncio.to_thread(self._show, file or data, judge.picture_limits, hide)

    def _show(self, picture: PictureFile | bytes | None, limits: PictureLimits, hide: tuple[Box, ...]) -> None:
        """Make the copy of the picture that a judge is shown, and measure what can be measured. Blocks.

        All in one thread: each change of thread takes longer than the measuring.
        """
        if picture is not None:
            file = PictureFile(picture) if isinstance(picture, bytes) else picture
            self._copies[limits, ()] = file.judge_copy(limits)
        copy = self._copies[limits, ()]
        if self._measured is None:
            self._measured = self.beside.measured(copy, self.image, self.checklist)
        if hide:
            self._copies[limits, hide] = hidden(copy, hide, limits)


def _kind(error: CallError) -> Literal["blocked", "unknown", "unreadable"]:
    return "blocked" if isinstance(error, Blocked) else "unknown" if isinstance(error, Unknown) else "unreadable"


def _paid(attempt: Attempt, entry: Entry) -> Attempt:
    """Return the attempt with the cost and the duration of a call added."""
    usd, seconds = attempt.usd + (entry.usd or 0.0), attempt.seconds + entry.seconds
    return replace(attempt, usd=round(usd, 6), seconds=round(seconds, 3))
