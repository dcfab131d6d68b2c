"""The verdict on one attempt: copy for the judge, first look, closer look, verdict."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from onbrief.brief import Checklist, Requirement
from onbrief.errors import Blocked, CallError, OverBudget, Unknown, Unreadable
from onbrief.judging import decide, evidence, masking
from onbrief.judging.closer import to_look_at
from onbrief.judging.masking import Unasked
from onbrief.judging.rule import FAIR, Rule
from onbrief.ledger.account import Account, CallResult, Hold, Ready, Try
from onbrief.pictures import PictureFile
from onbrief.pictures.hiding import hidden
from onbrief.ports import Call, Entry, Judge, Judged, LooksCloser, PictureLimits, Pictures, call_key
from onbrief.record import Attempt, Box, Finding, Image, Problem, Verdict
from onbrief.studio.asking import Asking
from onbrief.studio.calls import call_for, closer_price, price_of, recorded, result_of
from onbrief.studio.evidence import Evidence
from onbrief.studio.sources import stored

_MASKED = "masked"
_Shown = tuple[PictureLimits, tuple[Box, ...]]
"""What distinguishes the copies of a picture: the limits of a judge, and the parts that are hidden."""


@dataclass(slots=True)
class Judging:
    """The judging of one picture, paid for at most once: the first look of the judge, and a closer one where the rule asks for
    it, of the same judge or another (`closer`).

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
            entry = await self._look(account)
            self.attempt = _paid(self.attempt, entry)
            said, verdict = recorded(entry, self._read)
            self.found, first = said.findings, verdict
            if not said.blind and (asked := to_look_at(self.checklist, first, self.rule)):
                verdict = await self._confirmed(account, said, first, asked)
            if verdict.passed and (unasked := Unasked.of(said.findings)) != Unasked():
                verdict = await self._masked(account, said, first, verdict, unasked)
        except (Blocked, Unknown, Unreadable) as error:
            verdict = decide.undecided(self.checklist, Problem(_kind(error), error.explained))
        finally:
            if self.beside.read:
                account.give_back(self._masked_look)
        return replace(self.attempt, verdict=replace(verdict, confirmed=self.confirmed))

    async def _look(self, account: Account, hide: tuple[Box, ...] = ()) -> Entry:
        """Return the judge's answer as it is recorded, with the evidence beside it. The parts to `hide` cannot be recognised;
        of such a picture nothing is recorded but what the judge says.

        Beside the price of the first look, that of one with parts hidden is held, as long as there may be one.
        """
        requirements, judge = self.checklist.requirements, self.judge
        price = price_of(judge, requirements, (self.image.width, self.image.height))
        asking = Asking(judge)

        async def send(_: Try) -> CallResult:
            copy = self._copies[judge.picture_limits, hide]
            judged = await asking.ask(lambda judge: judge.judge(copy, requirements))
            if judged.blind:
                return _result(judged)
            if hide:
                return _result(judged, *self.beside.told(judged, self.checklist))
            beside = await self.beside.gathered(copy, self.checklist, judged, self.rule)
            return _result(judged, *(self._measured or ()), *beside)

        more: dict[str, object] = {"hidden": hide} if hide else {}
        call = self._call(account, "judge", judge, more, price, _MASKED if hide else "")
        hold = Hold(self._masked_look, price or 0.0) if self.beside.read and not hide else None
        return await account.once(call, send, ready=lambda: self._ready(judge, hide), hold=hold)

    async def _confirmed(self, account: Account, said: _Said, first: Verdict, asked: tuple[Requirement, ...]) -> Verdict:
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
            return _result(await asking.ask(look))

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
        return decide.verdict(self.checklist, self._weighed(said.findings), self.rule, found)

    async def _masked(self, account: Account, said: _Said, first: Verdict, verdict: Verdict, unasked: Unasked) -> Verdict:
        """Have a picture with lettering that was not asked for judged again with it masked, and return what both answers agree
        on. Where orders to the judge cannot be masked, nothing is decided.
        """
        if not unasked.boxes:
            return self._unanswered(unasked, "it could not be masked, as nothing here can find its place")
        try:
            entry = await self._look(account, unasked.boxes)
        except (Blocked, Unknown, Unreadable) as error:
            return self._unanswered(unasked, f"with it masked, the judge gave no answer: {error.explained}")
        self.attempt = _paid(self.attempt, entry)
        again = recorded(entry, _said)
        if again.blind:
            return self._unanswered(unasked, f"with it masked, the judge gave no answer: {again.blind}")
        if more := Unasked.of(again.findings).orders:
            return self._unanswered(unasked, f"with it masked, more was read: {', '.join(more)}")
        witnesses = tuple(finding for finding in said.findings if finding.source in evidence.WITNESSES)
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

    def _read(self, document: Any) -> tuple[_Said, Verdict]:
        """Return a recorded answer, and the verdict after this look alone."""
        said = _said(document)
        if said.blind:
            return said, decide.undecided(self.checklist, Problem("blind", said.blind))
        return said, decide.verdict(self.checklist, self._weighed(said.findings), self.rule)

    def _decides(self, entry: Entry) -> bool:
        """Return whether a recorded answer leaves no must undecided that matters, so that no other judge need be asked."""
        said, verdict = recorded(entry, self._read)
        if entry.call.kind == "confirm":
            return not said.blind
        musts = {must.id for must in self.checklist.musts}
        return not musts.isdisjoint(verdict.ids("unmet")) or musts.isdisjoint(verdict.ids("undecided"))

    @property
    def _masked_look(self) -> str:
        """The key of the call in which the judge sees the picture with its lettering masked."""
        return call_key("judge", self.attempt.revision, self.attempt.attempt, _MASKED)

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


@dataclass(frozen=True, slots=True)
class _Said:
    """A recorded answer of a judge."""

    findings: tuple[Finding, ...]
    blind: str


def _result(judged: Judged, *more: Finding) -> CallResult:
    found = (*judged.findings, *more)
    document: object = {"findings": found, "blind": judged.blind} if judged.blind else found
    return result_of(document, judged.usd, judged.tokens)


def _said(document: Any) -> _Said:
    """Return an answer as it is recorded: its findings, or an object with them if the judge was found to be blind."""
    found: dict[str, Any] = {"findings": document, "blind": ""} if isinstance(document, list) else document
    return _Said(tuple(_finding(each) for each in found["findings"]), found["blind"])


def _kind(error: CallError) -> Literal["blocked", "unknown", "unreadable"]:
    return "blocked" if isinstance(error, Blocked) else "unknown" if isinstance(error, Unknown) else "unreadable"


def _paid(attempt: Attempt, entry: Entry) -> Attempt:
    """Return the attempt with the cost and the duration of a call added."""
    usd, seconds = attempt.usd + (entry.usd or 0.0), attempt.seconds + entry.seconds
    return replace(attempt, usd=round(usd, 6), seconds=round(seconds, 3))


def _finding(document: dict[str, Any]) -> Finding:
    box: list[float] | None = document.pop("box", None)
    return Finding(**document, box=None if box is None else (box[0], box[1], box[2], box[3]))
