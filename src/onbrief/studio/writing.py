"""The calls whose answer is text: the checklist's plan, and the next prompt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from onbrief.brief import MAX_BRIEF_CHARACTERS, Brief, Checklist, Requirement
from onbrief.errors import Failed
from onbrief.ledger.account import Account, CallResult
from onbrief.ports import Entry, History, Planner, Reviser
from onbrief.record import Prompt, Run
from onbrief.studio.asking import Asking
from onbrief.studio.calls import call_for, price_of, recorded, result_of


async def plan(brief: Brief, planner: Planner | None, account: Account) -> tuple[Checklist, Sequence[str]]:
    """Return the frozen checklist of a brief, and warnings about it; see ports.Studio."""
    if planner is None:
        return Checklist.freeze((), brief), ()
    asking = Asking(planner)

    async def send() -> CallResult:
        planned = await asking.ask(lambda planner: planner.checklist(brief))
        found: object = [asdict(requirement) for requirement in planned.requirements]
        document = {"requirements": found, "warnings": planned.warnings} if planned.warnings else found
        return result_of(document, planned.usd, planned.tokens)

    call = call_for(account, "plan", 0, 0, planner, {"brief": asdict(brief)}, price_of(planner, brief))
    return checklist_of(await account.once(call, send), brief)


def checklist_of(planned: Entry, brief: Brief) -> tuple[Checklist, Sequence[str]]:
    """Return the frozen checklist that a recorded plan leads to, and the warnings about it."""

    def checklist(result: Any) -> tuple[Checklist, Sequence[str]]:
        found: dict[str, Any] = {"requirements": result, "warnings": ()} if isinstance(result, list) else result
        return Checklist.freeze([_requirement(document) for document in found["requirements"]], brief), found["warnings"]

    return recorded(planned, checklist)


async def revise(run: Run, reviser: Reviser, account: Account, *, with_history: bool) -> Prompt:
    """Return the next prompt of a run; see ports.Studio."""
    assert run.checklist is not None
    checklist, revision = run.checklist, len(run.prompts)
    history = _history(run) if with_history else ()

    asking = Asking(reviser)

    async def send() -> CallResult:
        revised = await asking.ask(lambda reviser: reviser.revise(run.brief, checklist, revision, history))
        prompt = Prompt(revision, _bounded(revised.text), _bounded(revised.negative), _bounded(revised.reason))
        if not prompt.text:
            raise Failed(f"{reviser.name} wrote an empty prompt", usd=revised.usd, tokens=revised.tokens)
        return result_of(asdict(prompt), revised.usd, revised.tokens)

    # The history is not part of the request's identity: it grows when a run is resumed with higher limits, and a prompt that
    # has been paid for stays the prompt of its revision.
    request = {"brief": asdict(run.brief), "checklist": checklist.sha256}
    price = price_of(reviser, run.brief, checklist, revision, history)
    entry = await account.once(call_for(account, "revise", revision, 0, reviser, request, price), send)
    return recorded(entry, lambda prompt: Prompt(**prompt))


def _history(run: Run) -> History:
    return [(prompt, [a for a in run.attempts if a.revision == prompt.revision]) for prompt in run.prompts]


def _requirement(document: dict[str, Any]) -> Requirement:
    parents: list[str] = document.pop("parents")
    return Requirement(**document, parents=tuple(parents))


def _bounded(text: str) -> str:
    """Limit what a model wrote in length, and replace halves of surrogate pairs, which nothing can store."""
    return text.strip()[:MAX_BRIEF_CHARACTERS].encode("utf-8", "replace").decode()
