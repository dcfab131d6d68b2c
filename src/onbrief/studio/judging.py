"""The verdict on one attempt: copy for the judge, first look, closer look, verdict."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal

from onbrief.brief import Checklist, Requirement
from onbrief.errors import Blocked, CallError, OverBudget, StoreError, Unknown, Unreadable
from onbrief.judging import decide, evidence
from onbrief.judging.closer import to_look_at
from onbrief.judging.rule import FAIR, Rule
from onbrief.ledger.account import Account, CallResult, Ready
from onbrief.pictures import PictureFile
from onbrief.pictures.hiding import hidden
from onbrief.ports import Call, Entry, Judge, Judged, LooksCloser, PictureLimits, Pictures
from onbrief.record import Attempt, Box, Finding, Image, Problem, Verdict
from onbrief.studio.asking import Asking
from onbrief.studio.calls import call_for, closer_price, price_of, recorded, result_of
from onbrief.studio.evidence import Evidence, passages

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
            self.found = said.findings
            if not said.blind and (asked := to_look_at(self.checklist, verdict, self.rule)):
                verdict = await self._confirmed(account, said, verdict, asked)
            if verdict.passed and (words := passages(self.found)):
                verdict = await self._without_words(account, verdict, words)
        except (Blocked, Unknown, Unreadable) as error:
            verdict = decide.undecided(self.checklist, Problem(_kind(error), error.explained))
        return replace(self.attempt, verdict=replace(verdict, confirmed=self.confirmed))

    async def _look(self, account: Account, hide: tuple[Box, ...] = ()) -> Entry:
        """Return the judge's answer as it is recorded, with the evidence beside it. The parts to `hide` are not shown."""
        requirements, judge = self.checklist.requirements, self.judge
        price = price_of(judge, requirements, (self.image.width, self.image.height))
        asking = Asking(judge)

        async def send() -> CallResult:
            copy = self._copies[judge.picture_limits, hide]
            judged = await asking.ask(lambda judge: judge.judge(copy, requirements))
            if judged.blind:
                return _result(judged)
            measured = await asyncio.to_thread(self.beside.measured, copy, self.image, self.checklist)
            return _result(judged, *measured, *await self.beside.read_beside(copy, self.checklist, judged, self.rule))

        more: dict[str, object] = {"hidden": hide} if hide else {}
        call = self._call(account, "judge", judge, more, price, "masked" if hide else "")
        return await account.once(call, send, ready=lambda: self._ready(judge, hide))

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

        async def send() -> CallResult:
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
        return decide.verdict(self.checklist, self._weighed(said), self.rule, found)

    async def _without_words(self, account: Account, verdict: Verdict, words: str) -> Verdict:
        """Have a picture judged again with its lettering masked, because words in it address a reader who grades. Return what
        both answers agree on; where the words cannot be masked, nothing is decided.
        """
        boxes = tuple(finding.box for finding in evidence.about(evidence.WORDS, self.found) if finding.box)
        if not boxes:
            return self._unanswered(words, "they could not be masked, as nothing here can find their place")
        try:
            entry = await self._look(account, boxes)
        except (Blocked, Unknown, Unreadable) as error:
            return self._unanswered(words, f"with them masked, the judge gave no answer: {error.explained}")
        self.attempt = _paid(self.attempt, entry)
        said, masked = recorded(entry, self._read)
        if more := passages(said.findings):
            return self._unanswered(words, f"more was read with them masked: {more}")
        together = evidence.agreed(verdict.findings, masked.findings, words)
        return decide.verdict(self.checklist, together, self.rule)

    def _unanswered(self, words: str, why: str) -> Verdict:
        return decide.verdict(self.checklist, evidence.unanswered(self.checklist, words, why), self.rule)

    def _weighed(self, said: _Said) -> tuple[Finding, ...]:
        """Return the findings of an answer, with the evidence beside it taken into account."""
        return evidence.beside(self.checklist, said.findings, self.rule)

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
        return said, decide.verdict(self.checklist, self._weighed(said), self.rule)

    def _decides(self, entry: Entry) -> bool:
        """Return whether a recorded answer leaves no must undecided that matters, so that no other judge need be asked."""
        said, verdict = recorded(entry, self._read)
        if entry.call.kind == "confirm":
            return not said.blind
        musts = {must.id for must in self.checklist.musts}
        return not musts.isdisjoint(verdict.ids("unmet")) or musts.isdisjoint(verdict.ids("undecided"))

    async def _ready(self, judge: Judge, hide: tuple[Box, ...] = ()) -> None:
        await self.ready()
        limits = judge.picture_limits
        if (limits, ()) not in self._copies:
            file, self.file = self.file, None  # released here: the judge needs only its copy
            file = file or await asyncio.to_thread(PictureFile, await self._stored())
            self._copies[limits, ()] = await asyncio.to_thread(file.judge_copy, limits)
        if (limits, hide) not in self._copies:
            self._copies[limits, hide] = await asyncio.to_thread(hidden, self._copies[limits, ()], hide, limits)

    async def _stored(self) -> bytes:
        data = await self.store.read(self.image.key)
        if data is None or hashlib.sha256(data).hexdigest() != self.image.sha256:
            raise StoreError(f"{self.image.key} is gone from the store, or is not the picture that was stored there")
        return data


@dataclass(frozen=True, slots=True)
class _Said:
    """A recorded answer of a judge."""

    findings: tuple[Finding, ...]
    blind: str


def _result(judged: Judged, *more: Finding) -> CallResult:
    found: object = [asdict(finding) for finding in (*judged.findings, *more)]
    document = {"findings": found, "blind": judged.blind} if judged.blind else found
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
