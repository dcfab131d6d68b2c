"""Events as JSON: what a reader in another process needs, and back."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from onbrief import events
from onbrief.attempt import Attempt, Finding, Image, Verdict
from onbrief.brief import Brief, Checklist, Requirement
from onbrief.errors import UsageError
from onbrief.events import CallTry, ChecklistFrozen, Event, ImageJudged, ImageMade, PromptChosen, RunEnded, Waiting
from onbrief.record import Models, Prompt, Run
from onbrief.tokens import Tokens

ATTEMPT = Attempt(
    0,
    0,
    7,
    Image("r/000-000.png", "file:///r/000-000.png", "0" * 64, "image/png", 64, 64, 99),
    Verdict(True, (Finding("r1", "met", 0.9),)),
)
RUN = Run(
    run_id="r",
    seed=7,
    brief=Brief(text="ein Kreis ○", size=(64, 64)),
    checklist=Checklist((Requirement(id="r1", text="there is a circle"),)),
    prompts=(Prompt(0, "ein Kreis ○"),),
    attempts=(ATTEMPT,),
    models=Models("a:", "b:", "c:"),
    started="2026-11-28T10:00:00Z",
)
REFUSED = CallTry(
    call="judge/000-000",
    number=1,
    model="b:",
    state="refused",
    usd=0.0,
    seconds=0.2,
    message="ThrottlingException: slow down",
)
DONE = CallTry(call="image/000-000", number=0, model="a:", state="done", usd=None, seconds=3.5, tokens=Tokens(7, 8))
EVENTS: tuple[Event, ...] = (
    ChecklistFrozen(replace(RUN, prompts=(), attempts=()), number=0),
    PromptChosen(replace(RUN, attempts=()), number=1),
    ImageMade(RUN, replace(ATTEMPT, verdict=None), number=2),
    Waiting(RUN, "judge/000-000", 2.5, "ThrottlingException: slow down", 2, 12.5, number=3, calls=(REFUSED, DONE)),
    ImageJudged(RUN, ATTEMPT, number=4),
    RunEnded(replace(RUN, outcome="passed", reason="image 000-000 meets every requirement"), number=5),
)


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: type(event).__name__)
def test_an_event_comes_back_from_its_json(event: Event) -> None:
    assert events.from_json(events.to_json(event)) == event


def test_every_kind_of_event_is_tried() -> None:
    assert {type(event) for event in EVENTS} == set(events._TYPES.values())


def test_the_json_has_type_number_and_the_record_as_in_run_json() -> None:
    document = json.loads(events.to_json(EVENTS[4]))
    assert (document["type"], document["number"], document["attempt"]["seed"]) == ("image_judged", 4, 7)
    assert document["run"] == json.loads(RUN.to_json())
    assert "\n" not in events.to_json(EVENTS[4])


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"type":"party"}', '{"type":"run_ended","number":1,"run":{}}', "[" * 5000])
def test_anything_else_is_no_event(text: str) -> None:
    with pytest.raises(UsageError, match="not an event of onbrief"):
        events.from_json(text)
