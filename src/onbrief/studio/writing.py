"""The calls whose answers are the next prompt: ask, check the answer in code, ask once more with what was wrong, or vary an
earlier prompt.

What an answer leads to is decided when it arrives, and recorded with it, so that a resumed run has the prompts that it had.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from onbrief import questions
from onbrief.brief import MAX_BRIEF_CHARACTERS, fields_of
from onbrief.errors import Unreadable
from onbrief.ledger.account import Account, CallResult, Try
from onbrief.ledger.rules import RULES
from onbrief.ports import Corrects, Dialect, Entry, History, Revised, Reviser, WritesFor, call_key
from onbrief.questions import usable
from onbrief.questions.varying import vary
from onbrief.record import Prompt, Run
from onbrief.studio.asking import Asking
from onbrief.studio.calls import call_for, price_of, recorded, result_of


@dataclass(frozen=True, slots=True)
class Written:
    """What an answer of a reviser led to: the next prompt, and warnings for the record. With `faults`, it is asked again."""

    prompt: Prompt
    warnings: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()


async def revise(run: Run, reviser: Reviser, account: Account, dialect: Dialect, *, with_history: bool) -> Written:
    """Return the next prompt of a run, for an image model of this dialect; see ports.Studio."""
    assert run.checklist is not None
    checklist, revision = run.checklist, len(run.prompts)
    history = history_of(run) if with_history else ()
    writer = reviser.writing_for(dialect) if isinstance(reviser, WritesFor) else reviser

    async def once(attempt: int, writer: Reviser, faults: Sequence[str], then: Callable[[Revised], Written]) -> Written:
        asking = Asking(writer)

        async def send(_: Try) -> CallResult:
            try:
                revised = await asking.ask(lambda reviser: reviser.revise(run.brief, checklist, revision, history))
            except Unreadable as error:
                if account.failures(call.key) < RULES["revise"].failed_retries:
                    raise
                instead = _instead(run, f"the answer of {writer.name} could not be read")
                return _result(instead, error.usd, error)
            return _result(then(revised), revised.usd, revised)

        # The history and the dialect are no part of the request's identity: the history grows when a run is resumed with higher
        # limits, and a prompt that has been paid for stays the prompt of its revision.
        request = {"brief": run.brief, "checklist": checklist.sha256, **({"faults": faults} if faults else {})}
        price = price_of(writer, run.brief, checklist, revision, history)
        call = call_for(account, "revise", revision, attempt, writer, request, price)
        return written(await account.once(call, send))

    def checked(revised: Revised) -> Written:
        prompt = _prompt(revised, revision)
        faults = usable.faults(prompt, run.brief, checklist, dialect, run.prompts)
        why = {lost.id: _bounded(lost.why) for lost in revised.unreachable}
        told = tuple(
            f"{writer.name} says that no prompt can reach {must.id} ({must.text}): {why[must.id]}"
            for must in checklist.musts
            if must.id in why
        )
        return Written(prompt, told, faults)

    def settled(written: Written) -> Written:
        """Return what is used of an answer with faults: it, or a variation of an earlier prompt that has fewer of them."""
        if not written.faults:
            return written
        what = f"prompt {revision} of {writer.name} could not be used ({'; '.join(written.faults)})"
        instead = _instead(run, what)
        fewer = usable.faults(instead.prompt, run.brief, checklist, dialect, run.prompts)
        if usable.is_new(written.prompt, run.brief, run.prompts) and len(written.faults) <= len(fewer):
            doubt = f"prompt {revision} of {writer.name} is used as it is: {'; '.join(written.faults)}"
            return Written(written.prompt, (*written.warnings, doubt))
        return replace(instead, warnings=(*written.warnings, *instead.warnings))

    if not isinstance(writer, Corrects):
        return await once(0, writer, (), lambda revised: settled(checked(revised)))
    first = await once(0, writer, (), checked)
    if not first.faults:
        return first
    again: Reviser = writer.corrected(questions.correction(first.prompt, first.faults))
    return await once(1, again, first.faults, lambda revised: settled(checked(revised)))


def is_written(account: Account, revision: int) -> bool:
    """Return whether the calls for a prompt are recorded, so that `revise` sends nothing."""
    first = account.tried(call_key("revise", revision, 0))
    done = [written(entry) for entry in first if entry.state == "done"]
    return any(not one.faults for one in done) or (bool(done) and account.done(call_key("revise", revision, 1)))


def written(entry: Entry) -> Written:
    """Return what a recorded answer led to. Those from before answers were checked have a prompt alone."""

    def read(result: dict[str, Any]) -> Written:
        warnings, faults = result.pop("warnings", ()), result.pop("faults", ())
        return Written(Prompt(**result), tuple(warnings), tuple(faults))

    return recorded(entry, read)


def _result(written: Written, usd: float | None, answer: Revised | Unreadable) -> CallResult:
    more = {name: value for name in ("warnings", "faults") if (value := getattr(written, name))}
    return result_of({**fields_of(written.prompt), **more}, usd, answer.tokens)


def _instead(run: Run, why: str) -> Written:
    """Return the best earlier prompt in a new wording: the one whose drawn picture is the best."""
    best = replace(run, attempts=tuple(a for a in run.attempts if not a.base)).best
    blocked = {attempt.revision for attempt in run.attempts if attempt.problem and attempt.problem.kind == "blocked"}
    left = [prompt for prompt in run.prompts if prompt.revision not in blocked] or [run.prompt]
    prompt = run.prompts[best.revision] if best else left[-1]
    what = f"prompt {prompt.revision} is used in other words"
    return Written(
        replace(vary(prompt, len(run.prompts), run.prompts), reason=f"{why}: {what}"[:MAX_BRIEF_CHARACTERS]),
        (f"{why}: {what}",),
    )


def _prompt(revised: Revised, revision: int) -> Prompt:
    return Prompt(revision, _bounded(revised.text), _bounded(revised.negative), _bounded(revised.reason))


def history_of(run: Run) -> History:
    """Return the prompts with what was drawn of them; an edited picture says nothing about its prompt."""
    return [(p, [a for a in run.attempts if a.revision == p.revision and not a.base]) for p in run.prompts]


def _bounded(text: str) -> str:
    """Limit what a model wrote in length, and replace halves of surrogate pairs, which nothing can store."""
    return text.strip()[:MAX_BRIEF_CHARACTERS].encode("utf-8", "replace").decode()
