"""The verdict on one attempt: copy for the judge, ask, findings, verdict."""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from onbrief.brief import Checklist
from onbrief.errors import Blocked, StoreError, Unknown, Unreadable
from onbrief.judging import decide
from onbrief.judging.rule import FAIR, Rule
from onbrief.ledger.account import Account, CallResult, Ready
from onbrief.pictures import PictureFile
from onbrief.ports import Entry, Judge, Pictures
from onbrief.record import Attempt, Finding, Image, Problem, Verdict
from onbrief.studio.asking import Asking
from onbrief.studio.calls import call_for, price_of, recorded, result_of


@dataclass(slots=True)
class Judging:
    """The judging of one picture, paid for at most once.

    `ready` is awaited before each paid call, and raises to prevent it. `file` is the picture of `attempt` if its bytes are at
    hand; otherwise they are read from the store when they are needed.
    """

    checklist: Checklist
    attempt: Attempt
    image: Image
    judge: Judge
    store: Pictures
    ready: Ready
    file: PictureFile | None
    rule: Rule = FAIR
    _copy: bytes = field(default=b"", init=False)
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
        request = {"image": self.image.sha256, "checklist": self.checklist.sha256}
        price = price_of(self.judge, self.checklist.requirements, (self.image.width, self.image.height))
        number = self.attempt.revision, self.attempt.attempt
        call = call_for(account, "judge", *number, self.judge, request, price, decides=self._decides)
        try:
            entry = await account.once(call, self._ask, ready=self._ready)
        except (Blocked, Unknown, Unreadable) as error:
            kind = "blocked" if isinstance(error, Blocked) else "unknown" if isinstance(error, Unknown) else "unreadable"
            return replace(self.attempt, verdict=decide.undecided(self.checklist, Problem(kind, error.explained)))
        verdict = self._verdict(entry)
        usd, seconds = self.attempt.usd + (entry.usd or 0.0), self.attempt.seconds + entry.seconds
        return replace(self.attempt, verdict=verdict, usd=round(usd, 6), seconds=round(seconds, 3))

    def _verdict(self, entry: Entry) -> Verdict:
        return recorded(
            entry, lambda found: decide.verdict(self.checklist, [_finding(document) for document in found], self.rule)
        )

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

    async def _ask(self) -> CallResult:
        judged = await self._asking.ask(lambda judge: judge.judge(self._copy, self.checklist.requirements))
        return result_of([asdict(finding) for finding in judged.findings], judged.usd, judged.tokens)

    async def _stored(self) -> bytes:
        data = await self.store.read(self.image.key)
        if data is None or hashlib.sha256(data).hexdigest() != self.image.sha256:
            raise StoreError(f"{self.image.key} is gone from the store, or is not the picture that was stored there")
        return data


def _finding(document: dict[str, Any]) -> Finding:
    box: list[float] | None = document.pop("box", None)
    return Finding(**document, box=None if box is None else (box[0], box[1], box[2], box[3]))
