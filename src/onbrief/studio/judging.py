"""The verdict on one attempt: copy for the judge, ask, findings, verdict."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from onbrief.brief import Checklist
from onbrief.errors import Blocked, StoreError, Unknown, Unreadable
from onbrief.judging import decide, evidence
from onbrief.judging.rule import FAIR, Rule
from onbrief.ledger.account import Account, CallResult, Ready
from onbrief.pictures import PictureFile
from onbrief.pictures.hiding import hidden
from onbrief.ports import Entry, Judge, Store
from onbrief.record import Attempt, Box, Finding, Image, Problem, Verdict
from onbrief.studio.asking import Asking
from onbrief.studio.calls import call_for, price_of, recorded, result_of
from onbrief.studio.evidence import Evidence, passages


@dataclass(slots=True)
class Judging:
    """The judging of one picture, paid for at most once.

    `ready` is awaited before each paid call, and raises to prevent it. `file` is the picture of `attempt` if its bytes are at
    hand; otherwise they are read from the store when they are needed. `beside` gathers evidence from the picture itself, and
    the parts to `hide` are not shown to the judge. After `verdict`, `found` has all findings, also those about no requirement
    (judging/evidence.py).
    """

    checklist: Checklist
    attempt: Attempt
    image: Image
    judge: Judge
    store: Store
    ready: Ready
    file: PictureFile | None
    rule: Rule = FAIR
    beside: Evidence = field(default_factory=Evidence)
    hide: tuple[Box, ...] = ()
    found: tuple[Finding, ...] = field(default=(), init=False)
    _copy: bytes = field(default=b"", init=False)
    _measured: Sequence[Finding] = field(default=(), init=False)
    _asking: Asking[Judge] = field(init=False)

    def __post_init__(self) -> None:
        self._asking = Asking(self.judge)

    async def verdict(self, account: Account) -> Attempt:
        """Return the attempt with its verdict, which is computed here from the judge's findings. A judge that gave no answer
        leaves every requirement undecided.

        Raises:
            Skipped: nothing is recorded and `ready` prevented the call.
            OnbriefError: as Account.once and ports.Store.
        """
        try:
            entry = await self.answer(account)
        except (Blocked, Unknown, Unreadable) as error:
            kind = "blocked" if isinstance(error, Blocked) else "unknown" if isinstance(error, Unknown) else "unreadable"
            return replace(self.attempt, verdict=decide.undecided(self.checklist, Problem(kind, error.explained)))
        verdict, self.found = self._verdict(entry), self._findings(entry)
        usd, seconds = self.attempt.usd + (entry.usd or 0.0), self.attempt.seconds + entry.seconds
        if verdict.passed and (words := passages(self.found)):
            verdict, masked = await self._without_words(account, verdict, words)
            usd, seconds = usd + (masked.usd or 0.0 if masked else 0.0), seconds + (masked.seconds if masked else 0.0)
        return replace(self.attempt, verdict=verdict, usd=round(usd, 6), seconds=round(seconds, 3))

    async def answer(self, account: Account) -> Entry:
        """Return the judge's answer as it is recorded, with the evidence beside it.

        Raises:
            Skipped, OnbriefError: as for `verdict`; Blocked, Unknown and Unreadable if there is no answer.
        """
        request: dict[str, object] = {"image": self.image.sha256, "checklist": self.checklist.sha256}
        if self.hide:
            request["hidden"] = self.hide
        price = price_of(self.judge, self.checklist.requirements, (self.image.width, self.image.height))
        number, part = (self.attempt.revision, self.attempt.attempt), "masked" if self.hide else ""
        call = call_for(account, "judge", *number, self.judge, request, price, decides=self._decides, part=part)
        return await account.once(call, self._ask, ready=self._ready)

    async def _without_words(self, account: Account, verdict: Verdict, words: str) -> tuple[Verdict, Entry | None]:
        """Have a picture judged again with its lettering masked, because words in it address a reader who grades. Return what
        both answers agree on; where the words cannot be masked, nothing is decided.
        """
        boxes = tuple(finding.box for finding in evidence.about(evidence.WORDS, self.found) if finding.box)
        if not boxes:
            why = "they could not be masked, as nothing here can find their place"
            return self._unanswered(words, why), None
        try:
            entry = await replace(self, file=None, hide=boxes).answer(account)
        except (Blocked, Unknown, Unreadable) as error:
            return self._unanswered(words, f"with them masked, the judge gave no answer: {error.explained}"), None
        again = self._findings(entry)
        if passages(again):
            return self._unanswered(words, f"more was read with them masked: {passages(again)}"), entry
        masked = decide.verdict(self.checklist, evidence.beside(self.checklist, again, self.rule), self.rule)
        together = evidence.agreed(verdict.findings, masked.findings, words)
        return decide.verdict(self.checklist, together, self.rule), entry

    def _unanswered(self, words: str, why: str) -> Verdict:
        return decide.verdict(self.checklist, evidence.unanswered(self.checklist, words, why), self.rule)

    def _findings(self, entry: Entry) -> tuple[Finding, ...]:
        return recorded(entry, lambda found: tuple(_finding(document) for document in found))

    def _verdict(self, entry: Entry) -> Verdict:
        findings = evidence.beside(self.checklist, self._findings(entry), self.rule)
        return decide.verdict(self.checklist, findings, self.rule)

    def _decides(self, entry: Entry) -> bool:
        """Return whether a recorded answer leaves no must undecided that matters, so that no other judge need be asked."""
        verdict, musts = self._verdict(entry), {must.id for must in self.checklist.musts}
        return not musts.isdisjoint(verdict.ids("unmet")) or musts.isdisjoint(verdict.ids("undecided"))

    async def _ready(self) -> None:
        await self.ready()
        if not self._copy:
            file, self.file = self.file, None  # released here: the judge needs only its copy
            file = file or await asyncio.to_thread(PictureFile, await self._stored())
            self._copy = await asyncio.to_thread(file.judge_copy, self.judge.picture_limits)
            if self.hide:
                self._copy = await asyncio.to_thread(hidden, self._copy, self.hide, self.judge.picture_limits)
            self._measured = await asyncio.to_thread(self.beside.measured, self._copy, self.image, self.checklist)

    async def _ask(self) -> CallResult:
        judged = await self._asking.ask(lambda judge: judge.judge(self._copy, self.checklist.requirements))
        read = await self.beside.read_beside(self._copy, self.checklist, judged, self.rule)
        findings = (*judged.findings, *self._measured, *read)
        return result_of([asdict(finding) for finding in findings], judged.usd, judged.tokens)

    async def _stored(self) -> bytes:
        data = await self.store.read(self.image.key)
        if data is None or hashlib.sha256(data).hexdigest() != self.image.sha256:
            raise StoreError(f"{self.image.key} is gone from the store, or is not the picture that was stored there")
        return data


def _finding(document: dict[str, Any]) -> Finding:
    box: list[float] | None = document.pop("box", None)
    return Finding(**document, box=None if box is None else (box[0], box[1], box[2], box[3]))
