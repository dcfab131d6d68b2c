"""The call whose answer is the next prompt."""

from __future__ import annotations

from onbrief.brief import MAX_BRIEF_CHARACTERS
from onbrief.errors import Failed
from onbrief.ledger.account import Account, CallResult, Try
from onbrief.ports import History, Reviser
from onbrief.record import Prompt, Run
from onbrief.studio.asking import Asking
from onbrief.studio.calls import call_for, price_of, recorded, result_of


async def revise(run: Run, reviser: Reviser, account: Account, *, with_history: bool) -> Prompt:
    """Return the next prompt of a run; see ports.Studio."""
    assert run.checklist is not None
    checklist, revision = run.checklist, len(run.prompts)
    history = _history(run) if with_history else ()

    asking = Asking(reviser)

    async def send(_: Try) -> CallResult:
        revised = await asking.ask(lambda reviser: reviser.revise(run.brief, checklist, revision, history))
        prompt = Prompt(revision, _bounded(revised.text), _bounded(revised.negative), _bounded(revised.reason))
        if not prompt.text:
            raise Failed(f"{reviser.name} wrote an empty prompt", usd=revised.usd, tokens=revised.tokens)
        return result_of(prompt, revised.usd, revised.tokens)

    # The history is not part of the request's identity: it grows when a run is resumed with higher limits, and a prompt that
    # has been paid for stays the prompt of its revision.
    request = {"brief": run.brief, "checklist": checklist.sha256}
    price = price_of(reviser, run.brief, checklist, revision, history)
    entry = await account.once(call_for(account, "revise", revision, 0, reviser, request, price), send)
    return recorded(entry, lambda prompt: Prompt(**prompt))


def _history(run: Run) -> History:
    return [(prompt, [a for a in run.attempts if a.revision == prompt.revision]) for prompt in run.prompts]


def _bounded(text: str) -> str:
    """Limit what a model wrote in length, and replace halves of surrogate pairs, which nothing can store."""
    return text.strip()[:MAX_BRIEF_CHARACTERS].encode("utf-8", "replace").decode()
