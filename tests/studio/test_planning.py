"""The checklist of a run: what a planner leaves out is asked for once more by name, then added in its own words."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import Sequence
from contextlib import aclosing, closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self

import pytest

from onbrief.brief import MAX_REQUIREMENTS, Brief, Checklist, Requirement
from onbrief.errors import Failed
from onbrief.ports import OpenQuestion, Planned
from onbrief.providers import registry
from onbrief.pursuit import open_pursuit
from onbrief.record import Run
from onbrief.studio import planning
from onbrief.testing import Bill, ScriptedPlanner, crew
from onbrief_sandbox.server.app import Terms
from onbrief_sandbox.server.faults import Fault
from tests.claude import lead_to, reach
from tests.providers.recording import Reply, recording
from tests.pursuing import order, pursue
from tests.sandbox.server.serving import Play, served

BRIEF = Brief(text="two cups on a table, no people", size=(64, 64))


def one(id_: str, text: str, kind: Any = "object", **about: Any) -> Requirement:
    return Requirement(id=id_, text=text, kind=kind, **about)


CUPS = Planned((one("c1", "there are exactly two cups", "count"),), cites=(("two cups",),))
MORE = Planned(
    (one("c2", "there is a table"), one("c3", "there is no person", "absence")), cites=(("on a table",), ("no people",))
)
LIST = ["there are exactly two cups", "there is a table", "there is no person"]
OWN_WORDS = ["there are exactly two cups", "the picture shows a table", "there is no people"]


@dataclass(slots=True)
class Completing(ScriptedPlanner):
    """A planner that can be asked for what is missing, by the script `more`."""

    more: Sequence[Planned | Exception] = (MORE,)
    told: list[tuple[str, ...]] = field(default_factory=list[tuple[str, ...]])

    def completing(self, planned: Planned, missing: Sequence[str]) -> ScriptedPlanner:
        self.told.append(tuple(missing))
        return ScriptedPlanner(self.bill, self.more, price=self.price, name=self.name, asked=self.asked)

    def corrected(self, what: str) -> Self:
        return self


def run(folder: Path, planner: ScriptedPlanner, bill: Bill, brief: Brief = BRIEF) -> Run:
    return pursue(folder, replace(crew(bill), planner=planner), brief=brief, run_id="r", delivered=False)[-1].run


def texts(run: Run) -> list[str]:
    assert run.checklist is not None
    return [requirement.text for requirement in run.checklist.requirements]


def test_what_is_missing_is_asked_for_once_by_name_and_paid_for_once(tmp_path: Path) -> None:
    bill = Bill()
    planner = Completing(bill, [CUPS])
    ended = run(tmp_path, planner, bill)
    assert (texts(ended), ended.warnings, planner.told) == (LIST, (), [("a table", "no people")])
    assert ended.usage.text_calls == len(bill.of("plan")) == 2
    assert run(tmp_path, planner, bill).checklist == ended.checklist
    assert len(bill.of("plan")) == 2


def test_what_is_still_missing_is_a_must_in_the_briefs_own_words_and_a_warning(tmp_path: Path) -> None:
    bill = Bill()
    ended = run(tmp_path, Completing(bill, [CUPS], more=[Planned((), cites=())]), bill)
    assert texts(ended) == OWN_WORDS
    assert [w for w in ended.warnings if "own words" in w] == list(ended.warnings)
    assert len(ended.warnings) == 2
    assert len(bill.of("plan")) == 2


def test_a_planner_that_cannot_be_asked_again_is_not(tmp_path: Path) -> None:
    bill = Bill()
    assert texts(run(tmp_path, ScriptedPlanner(bill, [CUPS]), bill)) == OWN_WORDS
    assert len(bill.of("plan")) == 1


def test_a_second_call_that_always_fails_ends_the_run_and_is_not_repeated_without_end(tmp_path: Path) -> None:
    bill = Bill()
    failing = Completing(bill, [CUPS], more=[Failed("out of order")])
    assert run(tmp_path, failing, bill).outcome == "failed"
    before = len(bill.of("plan"))
    assert run(tmp_path, Completing(bill, [Failed("is not asked")]), bill).outcome == "failed"  # three tries in all sessions
    assert len(bill.of("plan")) == before == 4


def test_a_requirement_that_contradicts_its_citation_is_left_out_with_a_warning(tmp_path: Path) -> None:
    wrong = Planned(
        (*CUPS.requirements, one("c4", "there are people"), *MORE.requirements[:1]),
        cites=(*(CUPS.cites or ()), ("no people",), ("table",)),
    )
    ended = run(tmp_path, ScriptedPlanner(Bill(), [wrong]), Bill())
    assert texts(ended) == ["there are exactly two cups", "there is a table", "there is no people"]
    assert "the requirement “there are people” was left out: the brief says “no people”" in ended.warnings


def test_an_open_question_is_read_as_the_record_says(tmp_path: Path) -> None:
    open_ = OpenQuestion("no people", "none at all?", "none in front")
    planned = Planned((*CUPS.requirements, *MORE.requirements[:1]), cites=(("two cups",), ("a table",)), questions=(open_,))
    ended = run(tmp_path, ScriptedPlanner(Bill(), [planned]), Bill())
    assert ended.warnings == ("the brief says “no people”: read as none in front",)


def test_a_list_that_is_full_makes_room_and_never_loses_a_part_in_silence() -> None:
    many = tuple(one(f"c{n}", f"there is a cup {n}", must=n < 60) for n in range(MAX_REQUIREMENTS))
    brief = Brief(text="a cat, a dog, a cow")
    for requirements, told in ((many, "own words"), (tuple(replace(r, must=True) for r in many), "not checked")):
        plan = planning.first(Planned(requirements, cites=((),) * len(many)), brief, ScriptedPlanner())
        assert len(plan.checklist(brief).requirements) <= MAX_REQUIREMENTS
        assert any(told in warning for warning in plan.warnings)


# -- on the wire -------------------------------------------------------------------------------------------------------

WIRED = Brief(text="two red cups on a table", size=(512, 512))
LACKING = {
    "requirements": [
        {"id": "c1", "cites": ["cups"], "text": "there are cups", "kind": "object", "must": True, "parents": []},
        {
            "id": "c2",
            "cites": ["two cups"],
            "text": "there are exactly two cups",
            "kind": "count",
            "must": True,
            "parents": ["c1"],
        },
    ],
    "questions": [],
}


def planned_by(planner: Any, brief: Brief) -> Checklist:
    async def go() -> planning.Plan:
        begun = planning.first(await planner.checklist(brief), brief, planner)
        assert begun.missing == ("two red cups", "a table")
        return planning.completed(begun, await planner.completing(begun.planned, begun.missing).checklist(brief), brief)

    return asyncio.run(go()).checklist(brief)


def test_the_sandbox_server_is_asked_for_what_its_first_answer_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    script = Play()
    with served(Terms(script=script)) as server:
        reach(server, monkeypatch)
        script.now(Fault(does="text", text=json.dumps(LACKING), calls=(1,)))
        checklist = planned_by(registry.planner("bedrock:"), WIRED)
    assert [(r.text, r.parents) for r in checklist.requirements] == [
        ("there are cups", ()),
        ("there are exactly two cups", ("r1",)),
        ("the cups are red", ("r1",)),
        ("there is a table", ()),
        ("the cups are above the table", ("r1", "r4")),
    ]


def test_the_second_question_names_what_is_missing_as_material(monkeypatch: pytest.MonkeyPatch) -> None:
    def reply(document: object) -> Reply:
        content = [{"toolUse": {"toolUseId": "t", "name": "checklist", "input": document}}]
        usage = {"inputTokens": 10, "outputTokens": 10, "totalTokens": 20}
        return Reply(
            {"output": {"message": {"role": "assistant", "content": content}}, "stopReason": "tool_use", "usage": usage}
        )

    with recording(reply(LACKING), reply({"requirements": [], "questions": []})) as recorder:
        lead_to(recorder.port, monkeypatch)
        checklist = planned_by(registry.planner("bedrock:"), WIRED)
        first, second = (json.dumps(body["messages"]) for body in recorder.bodies)
    assert "<missing>" not in first
    assert second.count("<missing>") == 1
    assert "red cups" in second.partition("<missing>")[2].partition("</missing>")[0]
    assert [r.text for r in checklist.requirements][2:] == ["there are exactly two red cups", "the picture shows a table"]


# -- what the user decides ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("recorded_by", "prompt"), [("this version", f"{BRIEF.text}. it is calm"), ("one before", BRIEF.text)])
def test_what_a_review_adds_is_in_the_first_prompt_of_every_session(recorded_by: str, prompt: str, tmp_path: Path) -> None:
    async def add(checklist: Checklist, plan: planning.Plan) -> Checklist:
        calm = one("calm", "it is calm", "style", must=False)
        return Checklist((*checklist.requirements[1:], calm, replace(checklist.requirements[0], must=False)))

    async def left_after_the_review() -> None:
        about = order(tmp_path, brief=BRIEF, run_id="r", seed=7)
        async with open_pursuit(about, models, review=add) as pursuit, aclosing(pursuit.events()) as events:
            await anext(events)

    models = replace(crew(Bill()), planner=ScriptedPlanner(script=(LIST,)))
    asyncio.run(left_after_the_review())
    with closing(sqlite3.connect(tmp_path / "ledger.db")) as ledger, ledger:
        found = json.loads(*ledger.execute("SELECT result FROM calls WHERE kind = 'review'").fetchone())
        assert found["added"] == ["calm"]
        if recorded_by == "one before":
            alone = json.dumps(found["requirements"])
            ledger.execute("UPDATE calls SET result = ? WHERE kind = 'review'", (alone,))
    ended = pursue(tmp_path, models, brief=BRIEF, run_id="r")[-1].run
    assert (texts(ended)[2], ended.prompts[0].text) == ("it is calm", prompt)
