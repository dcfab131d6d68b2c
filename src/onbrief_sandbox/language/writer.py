"""The sandbox's writer: writes the next prompt from the checklist and from what failed so far."""

from __future__ import annotations

import asyncio
import functools
import itertools
from collections import Counter
from collections.abc import Sequence

from onbrief.brief import MAX_BRIEF_CHARACTERS, Brief, Checklist, Requirement
from onbrief.ports import Dialect, History, Revised
from onbrief_sandbox.language import claims, composing, sentences, stressing
from onbrief_sandbox.language.claims import Claim

STRESSED = 3  # maximum number of stressed claims; each one slightly lowers the chances of the others
_SHOWN = 80  # maximum characters of a requirement in the reason


class SandboxWriter:
    """Writes prompts in plain English that cover the whole checklist, whatever the language of the brief.

    The requirement that failed most often comes first, in a separate clause. Met requirements are not stressed, because stress
    on one claim slightly lowers the chances of the others. Each prompt gets a new wording from its number, so no text repeats.

    `price` is in US dollars per call; `seconds` is the duration of a call.
    """

    def __init__(self, name: str, price: float | None, seconds: float = 0, *, weights: bool = True) -> None:
        self.name = name
        self.price = price
        self._seconds = seconds
        self._weights = weights

    def writing_for(self, dialect: Dialect) -> SandboxWriter:
        """See ports.WritesFor. Without weights, it stresses by clauses and layouts alone."""
        return SandboxWriter(self.name, self.price, self._seconds, weights=dialect.weights)

    async def revise(self, brief: Brief, checklist: Checklist, revision: int, history: History) -> Revised:
        """Return the next prompt. A judge's evidence is never copied into it, because it may contain words from the picture."""
        if self._seconds > 0:
            await asyncio.sleep(self._seconds)
        failures = _failures(checklist, history)
        wanted, unread = _claims(checklist.requirements)
        ask = composing.Ask(
            claims.scene(wanted),
            stressed=_stressed(failures, wanted),
            unread=unread or (() if wanted else (brief.text,)),
        )
        written = {prompt.text for prompt, _ in history} | {brief.text}
        wordings = map(functools.partial(self._composed, ask), itertools.count(revision))
        text = next(text for text in wordings if text not in written)
        return Revised(text[:MAX_BRIEF_CHARACTERS], composing.negative(ask.scene), _reason(failures, history))

    def _composed(self, ask: composing.Ask, wording: int) -> str:
        text = composing.compose(ask, wording)
        return text if self._weights else stressing.unweighted(text)


def _claims(requirements: Sequence[Requirement]) -> tuple[tuple[Claim, ...], tuple[str, ...]]:
    """Return the claims of the checklist, and the texts in it that cannot be parsed."""
    wanted: list[Claim] = []
    unread: list[str] = []
    for requirement in requirements:
        found = sentences.read(requirement.text)
        wanted += found or ()
        if not found:
            unread.append(requirement.text)
    return tuple(dict.fromkeys(wanted)), tuple(unread)


def _failures(checklist: Checklist, history: History) -> Counter[Requirement]:
    """Return how often each must requirement was not met. If its parent was not met either, only the parent counts."""
    failures: Counter[Requirement] = Counter()
    for _, attempts in history:
        for attempt in attempts:
            unmet = {f.id for f in attempt.verdict.unmet} - attempt.verdict.ids("undecided") if attempt.verdict else set[str]()
            failures.update(r for r in checklist.musts if r.id in unmet and unmet.isdisjoint(r.parents))
    return failures


def _stressed(failures: Counter[Requirement], wanted: Sequence[Claim]) -> tuple[Claim, ...]:
    """Return the claims that failed most, then others of the same kinds: after one wrong colour, another is likely."""
    failed = [claim for requirement, _ in failures.most_common() for claim in sentences.read(requirement.text) or ()]
    kinds = {type(claim) for claim in failed}
    alike = [claim for claim in wanted if type(claim) in kinds]
    return tuple(dict.fromkeys([*failed, *alike]))[:STRESSED]


def _reason(failures: Counter[Requirement], history: History) -> str:
    if not failures:
        return "nothing judged has failed yet: the same in other words" if history else "written from the brief alone"
    judged = sum(attempt.verdict is not None for _, attempts in history for attempt in attempts)
    worst = [f"“{_short(r.text)}” failed {n} of {judged} times" for r, n in failures.most_common(STRESSED)]
    return " and ".join(worst)


def _short(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"
