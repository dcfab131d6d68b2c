"""What is still due for the pictures that a ledger has of a run: a judgement for each, and the money for it."""

from __future__ import annotations

from onbrief.brief import Brief, Checklist
from onbrief.judging import decide
from onbrief.judging.splitting import holds
from onbrief.ledger.entries import Entries
from onbrief.ports import Call, Entry, Recorded, call_key
from onbrief.studio.answers import said
from onbrief.studio.calls import FIRST, REST, is_part, recorded
from onbrief.studio.crew import Crew
from onbrief.studio.planning import recorded_checklist


def judgement_of(image: Call) -> str:
    """Return the step in which a picture is judged."""
    return call_key("judge", image.revision, image.attempt)


def judgements_due(recorded: Recorded, brief: Brief, crew: Crew, looks: int = 1) -> dict[str, float]:
    """Return the prices in US dollars of the judgements that recorded pictures wait for, by their steps. A picture that may
    still be found, because the outcome of its call is not known, waits too. A judgement may take so many looks of a judge.
    One that goes on after its first question waits for the second.
    """
    entries = Entries.of(recorded.entries)
    decisive = [entry for key in list(entries.tries) if (entry := entries.decisive(key))]
    begun = {entry.call.step for entry in recorded.entries if entry.state != "refused"}
    pictures = [entry.call for entry in decisive if _may_be_judged(entry)]
    due = [step for step in map(judgement_of, pictures) if step not in begun]
    first = [entry for entry in decisive if is_part(entry.call, FIRST) and entry.state == "done"]
    checklist = recorded_checklist(decisive, brief, planned=crew.planner is not None) if due or first else None
    if checklist is None:
        return {}
    rest = {entry.call.step for entry in decisive if is_part(entry.call, REST) and entry.state != "refused"}
    due += [_rest_of(entry.call) for entry in first if entry.call.step not in rest and _goes_on(checklist, entry)]
    return dict.fromkeys(due, crew.judgement_price(checklist, looks) or 0.0)


def _rest_of(first: Call) -> str:
    return call_key("judge", first.revision, first.attempt, REST)


def _goes_on(checklist: Checklist, first: Entry) -> bool:
    """Return whether the answer to the first of two questions leads to the second one, by the default rule."""
    found = recorded(first, said)
    return not found.blind and holds(checklist, decide.verdict(checklist, found.findings, asked=found.asked))


def _may_be_judged(entry: Entry) -> bool:
    if entry.call.kind != "image":
        return False
    whole = entry.state == "done" and recorded(entry, lambda result: result["problem"] is None)
    return whole or entry.state in {"started", "unknown"}
