"""What is still due for the pictures that a ledger has of a run: a judgement for each, and the money for it."""

from __future__ import annotations

import json

from onbrief.brief import Brief, Checklist
from onbrief.ports import Call, Entry, Recorded, call_key
from onbrief.studio.crew import Crew
from onbrief.studio.writing import checklist_of


def judgement_key(image: Call) -> str:
    """Return the key of the judgement of a picture."""
    return call_key("judge", image.revision, image.attempt)


def judgements_due(recorded: Recorded, brief: Brief, crew: Crew) -> dict[str, float]:
    """Return the prices in US dollars of the judgements that recorded pictures wait for, by their keys. A picture that may
    still be found, because its call was interrupted, waits too.
    """
    newest = {entry.call.key: entry for entry in recorded.entries}
    begun = {entry.call.key for entry in recorded.entries if entry.state != "refused"}
    keys = [judgement_key(entry.call) for entry in newest.values() if _may_be_judged(entry)]
    due = [key for key in keys if key not in begun]
    planned = newest.get(call_key("plan", 0, 0))
    if not due or (crew.planner and not (planned and planned.state == "done")):
        return {}
    checklist = checklist_of(planned, brief) if crew.planner and planned else Checklist.freeze((), brief)
    return dict.fromkeys(due, crew.judgement_price(checklist) or 0.0)


def _may_be_judged(entry: Entry) -> bool:
    if entry.call.kind != "image":
        return False
    return entry.state == "started" or (entry.state == "done" and json.loads(entry.result)["problem"] is None)
