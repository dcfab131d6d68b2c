"""The verdict on one attempt: copy for the judge, first look, closer look, verdict."""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal

from onbrief.brief import Checklist, Requirement
from onbrief.errors import Blocked, OverBudget, StoreError, Unknown, Unreadable
from onbrief.judging import decide
from onbrief.judging.closer import to_look_at
from onbrief.judging.rule import FAIR, Rule
from onbrief.ledger.account import Account, CallResult, Ready
from onbrief.pictures import PictureFile
from onbrief.ports import Call, Entry, Judge, Judged, LooksCloser, PictureLimits, Pictures
from onbrief.record import Attempt, Finding, Image, Problem, Verdict
from onbrief.studio.asking import Asking
from onbrief.studio.calls import call_for, closer_price, price_of, recorded, result_of


@dataclass(slots=True)
class Judging:
    """The judging of one picture, paid for at most once: the first look of the judge, and a closer one where the rule asks for
    it, of the same judge or another (`closer`).

    `ready` is awaited before each paid call, and raises to prevent it. `file` is the picture of `attempt` if its bytes are at
    hand; otherwise they are read from the store when they are needed. After `verdict`, `warnings` are for the record.
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
    warnings: list[str] = field(default_factory=list[str], init=False)
    _copies: dict[PictureLimits, bytes] = field(default_factory=dict[PictureLimits, bytes], init=False)

    async def verdict(self, account: Account) -> Attempt:
        """Return the attempt with its verdict, which is computed here from the judges' findings. A judge that gave no answer
        leaves every requirement undecided, and so does one that does not see the picture.

        Raises:
            Skipped: nothing is recorded and `ready` prevented the call.
            OnbriefError: as Account.once and ports.Store.
        """
        try:
            entry = await self._first_look(account)
            self.attempt = _paid(self.attempt, entry)
            said, verdict = recorded(entry, self._read)
            if not said.blind and (asked := to_look_at(self.checklist, verdict, self.rule)):
                verdict = await self._confirmed(account, said, verdict, asked)
        except (Blocked, Unknown, Unreadable) as error:
            kind = "blocked" if isinstance(error, Blocked) else "unknown" if isinstance(error, Unknown) else "unreadable"
            verdict = decide.undecided(self.checklist, Problem(kind, error.explained))
        return replace(self.attempt, verdict=verdict)

    async def _first_look(self, account: Account) -> Entry:
        requirements, judge = self.checklist.requirements, self.judge
        price = price_of(judge, requirements, (self.image.width, self.image.height))
        asking = Asking(judge)

        async def send() -> CallResult:
            copy = self._copies[judge.picture_limits]
            return _result(await asking.ask(lambda judge: judge.judge(copy, requirements)))

        call = self._call(account, "judge", judge, {}, price)
        return await account.once(call, send, ready=lambda: self._ready(judge))

    async def _confirmed(self, account: Account, said: _Said, first: Verdict, asked: tuple[Requirement, ...]) -> Verdict:
        """Return the verdict after a closer look. If there is no money for one, the first look stands, unless the rule wants
        every pass confirmed.
        """
        boxes = {finding.id: finding.box for finding in first.findings if finding.box}
        judge, asking = self.closer, Asking(self.closer)

        async def look(judge: Judge) -> Judged:
            copy = self._copies[judge.picture_limits]
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
        found = {must.id: [finding for finding in again.findings if finding.id == must.id] for must in asked}
        return decide.verdict(self.checklist, said.findings, self.rule, found)

    def _call(
        self, account: Account, kind: Literal["judge", "confirm"], judge: Judge, more: dict[str, str], price: float | None
    ) -> Call:
        request = {"image": self.image.sha256, "checklist": self.checklist.sha256, **more}
        number = self.attempt.revision, self.attempt.attempt
        return call_for(account, kind, *number, judge, request, price, decides=self._decides)

    def _read(self, document: Any) -> tuple[_Said, Verdict]:
        """Return a recorded answer, and the verdict after this look alone."""
        said = _said(document)
        if said.blind:
            return said, decide.undecided(self.checklist, Problem("blind", said.blind))
        return said, decide.verdict(self.checklist, said.findings, self.rule)

    def _decides(self, entry: Entry) -> bool:
        """Return whether a recorded answer leaves no must undecided that matters, so that no other judge need be asked."""
        said, verdict = recorded(entry, self._read)
        if entry.call.kind == "confirm":
            return not said.blind
        musts = {must.id for must in self.checklist.musts}
        return not musts.isdisjoint(verdict.ids("unmet")) or musts.isdisjoint(verdict.ids("undecided"))

    async def _ready(self, judge: Judge) -> None:
        await self.ready()
        if judge.picture_limits not in self._copies:
            file, self.file = self.file, None  # released here: the judge needs only its copy
            file = file or await asyncio.to_thread(PictureFile, await self._stored())
            self._copies[judge.picture_limits] = await asyncio.to_thread(file.judge_copy, judge.picture_limits)

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


def _result(judged: Judged) -> CallResult:
    found: object = [asdict(finding) for finding in judged.findings]
    document = {"findings": found, "blind": judged.blind} if judged.blind else found
    return result_of(document, judged.usd, judged.tokens)


def _said(document: Any) -> _Said:
    """Return an answer as it is recorded: its findings, or an object with them if the judge was found to be blind."""
    found: dict[str, Any] = {"findings": document, "blind": ""} if isinstance(document, list) else document
    return _Said(tuple(_finding(each) for each in found["findings"]), found["blind"])


def _paid(attempt: Attempt, entry: Entry) -> Attempt:
    """Return the attempt with the cost and the duration of a call added."""
    usd, seconds = attempt.usd + (entry.usd or 0.0), attempt.seconds + entry.seconds
    return replace(attempt, usd=round(usd, 6), seconds=round(seconds, 3))


def _finding(document: dict[str, Any]) -> Finding:
    box: list[float] | None = document.pop("box", None)
    return Finding(**document, box=None if box is None else (box[0], box[1], box[2], box[3]))
