"""Judges that give no answer that can be used, and judges that take over from others when a run is resumed."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from onbrief.attempt import Finding, Problem, Verdict
from onbrief.errors import Blocked, Failed, Unknown, Unreadable, UsageError
from onbrief.pictures.band import colours_for
from onbrief.ports import Judged
from onbrief.providers import registry
from onbrief.pursuit import Workspace, open_pursuit, resumed
from onbrief.questions.control import Control
from onbrief.record import ModelChange, Run
from onbrief.report import page
from onbrief.settings import Settings
from onbrief.testing import Bill, ReviseRequest, ScriptedJudge, ScriptedReviser, crew, picture
from tests.claude import lead_to
from tests.providers.recording import Reply, recording
from tests.pursuing import pursue, settings

ANSWERS: dict[str, Exception] = {
    "unreadable": Unreadable("not json at all"),
    "cut short": Unreadable("cut short", hint="raise the limit"),
    "refused": Blocked("guardrail_intervened"),
    "no answer": Unknown("cut"),
}
CALLS = {"unreadable": 3, "cut short": 3, "refused": 1, "no answer": 2}
TOLD = {
    "unreadable": ("failed", "the judge's answers cannot be read: not json at all; "),
    "cut short": ("failed", "the judge's answers cannot be read: cut short (raise the limit); "),
    "refused": ("failed", "the judge refuses to answer: guardrail_intervened; "),
    "no answer": ("unknown", "the judge does not answer: cut; "),
}
ENDLESS = settings(max_images=12, judge="sandbox:", reviser="sandbox:")
UNSURE = Judged((Finding("r1", "undecided", 0.5, "in the mist"), Finding("r2", "met", 0.9, "seen")))


def again(
    folder: Path, bill: Bill, judge: ScriptedJudge | None = None, reviser: ScriptedReviser | None = None, /, **given: Any
) -> Run:
    """Resume the run `r`, with other models if they are given."""
    models = replace(crew(bill), **{name: model for name, model in (("judge", judge), ("reviser", reviser)) if model})

    async def go() -> Run:
        order = resumed("r", replace(Settings(), out=str(folder)), given)
        async with open_pursuit(order, models) as pursuit:
            return [event async for event in pursuit.events()][-1].run

    return asyncio.run(go())


def other(bill: Bill, *verdicts: Any) -> ScriptedJudge:
    return ScriptedJudge(bill, verdicts or (frozenset[str](),), name="test:other")


def unjudged(run: Run) -> list[Verdict | None]:
    return [attempt.verdict for attempt in run.attempts if not attempt.verdict or attempt.verdict.problem]


@pytest.mark.parametrize("parallel", [1, 2])
@pytest.mark.parametrize("how", ANSWERS)
def test_a_judge_without_a_usable_answer_ends_the_run_at_its_second_picture(how: str, parallel: int, tmp_path: Path) -> None:
    bill = Bill()
    run = pursue(tmp_path, crew(bill, ANSWERS[how]), replace(ENDLESS, parallel=parallel), run_id="r")[-1].run
    outcome, says = TOLD[how]
    assert (run.outcome, run.reason[: len(says)]) == (outcome, says)
    assert (len(bill.of("image")), len(bill.of("judge")), bill.of("revise")) == (2, 2 * CALLS[how], [])
    kinds = [a.verdict.problem.kind for a in run.attempts if a.verdict and a.verdict.problem]
    assert kinds == [{"refused": "blocked", "no answer": "unknown"}.get(how, "unreadable")] * 2
    assert "Not judged" in page(run, {})
    assert "no picture met it" not in page(run, {})
    replayed = pursue(tmp_path, crew(bill), ENDLESS, run_id="r")[-1].run
    assert (replayed.reason, replayed.attempts, len(bill.of("judge"))) == (run.reason, run.attempts, 2 * CALLS[how])


@pytest.mark.parametrize("how", ["unreadable", "cut short", "refused"])
def test_who_resumes_has_each_picture_without_an_answer_judged_once_more_before_another_is_drawn(
    how: str, tmp_path: Path
) -> None:
    bill = Bill()
    pursue(tmp_path, crew(bill, ANSWERS[how]), ENDLESS, run_id="r")
    paid = len(bill.of("judge"))
    still = again(tmp_path, bill, ScriptedJudge(bill, (ANSWERS[how],)))
    assert (still.outcome, len(bill.of("image")), len(bill.of("judge"))) == ("failed", 2, paid + 2)
    run = again(tmp_path, bill, ScriptedJudge(bill, ({"r1"}, set[str]())))
    assert (run.outcome, len(bill.of("image")), len(bill.of("judge"))) == ("passed", 2, paid + 4)
    assert run.best is not None
    assert run.best.name == "000-001"


def test_another_judge_sees_the_pictures_without_an_answer_first(tmp_path: Path) -> None:
    bill = Bill()
    first = pursue(tmp_path, crew(bill, {"r1"}, ANSWERS["refused"]), ENDLESS, run_id="r")[-1].run
    assert (first.outcome, len(bill.of("image"))) == ("failed", 3)
    run = again(tmp_path, bill, other(bill, {"r2"}, {"r1"}, set()), judge="sandbox:?false_accept=0.1")
    assert (run.outcome, len(bill.of("image")), unjudged(run)) == ("passed", 4, [])
    assert run.attempts[0] == first.attempts[0], "what the former judge decided stays"
    assert len(bill.of("judge")) == 3 + 3
    since = run.attempts[1]
    assert run.models.changes == (ModelChange("judge", "test:critic", "test:other", since.revision, since.attempt),)
    assert run.models.judge == "test:other"
    assert f"From {since.name}" in page(run, {})
    record = json.loads((tmp_path / "r" / "run.json").read_text("utf-8"))
    assert record["models"]["changes"][0]["former"] == "test:critic"
    with Workspace.existing(replace(Settings(), out=str(tmp_path))) as workspace:
        row = workspace.find_run("r")
    assert json.loads(row.request)["judge"] == "sandbox:", "the order stays what it was"
    assert resumed("r", replace(Settings(), out=str(tmp_path)), {}).settings.judge == "sandbox:?false_accept=0.1"


def test_a_pass_by_another_judge_pays_for_no_further_judgement(tmp_path: Path) -> None:
    bill = Bill()
    pursue(tmp_path, crew(bill, ANSWERS["unreadable"]), ENDLESS, run_id="r")
    paid = bill.lines
    run = again(tmp_path, bill, other(bill))
    assert (run.outcome, [a.passed for a in run.attempts]) == ("passed", [True, False])
    assert len(bill.lines) == len(paid) + 1


def test_the_former_judge_may_take_over_again(tmp_path: Path) -> None:
    bill = Bill()
    pursue(tmp_path, crew(bill, {"r1"}), replace(ENDLESS, max_images=1), run_id="r")
    again(tmp_path, bill, other(bill, {"r1"}), max_images=2)
    run = again(tmp_path, bill, ScriptedJudge(bill, ({"r1"},)), max_images=3)
    assert [(change.former, change.model, change.name) for change in run.models.changes] == [
        ("test:critic", "test:other", run.attempts[1].name),
        ("test:other", "test:critic", run.attempts[2].name),
    ]
    assert len(bill.of("judge")) == 3
    unused = again(tmp_path, bill, other(bill), max_images=3)
    assert [change.model for change in unused.models.changes] == ["test:other", "test:critic", "test:other"]
    assert len(bill.of("judge")) == 3


def test_what_stays_undecided_ends_the_run_and_is_asked_of_another_judge(tmp_path: Path) -> None:
    bill = Bill()
    run = pursue(tmp_path, crew(bill, UNSURE), ENDLESS, run_id="r")[-1].run
    assert (run.outcome, len(bill.of("image")), bill.of("revise")) == ("unmet", 3, [])
    assert run.reason.startswith("the judge cannot tell r1 (there is a circle); word it so that a picture can show it")
    text = page(run, {})
    assert ("undecided in every picture" in text, "no picture met it" in text) == (True, False)
    assert again(tmp_path, bill, max_images=24).reason == run.reason
    assert len(bill.of("judge")) == 3
    told = again(tmp_path, bill, other(bill, {"r1"}, {"r1"}, set()))
    assert (told.outcome, len(bill.of("image")), len(bill.of("judge"))) == ("passed", 3, 6)


def test_the_reviser_is_told_what_is_undecided_and_not_that_it_failed(tmp_path: Path) -> None:
    bill = Bill()
    asked: list[ReviseRequest] = []

    def revise(request: ReviseRequest) -> str:
        asked.append(request)
        return f"prompt {request.revision}"

    unsure = Judged((Finding("r1", "undecided", 0.5, "in the mist"), Finding("r2", "unmet", 0.1, "blue")))
    models = replace(crew(bill, unsure, set()), reviser=ScriptedReviser(bill, revise))
    pursue(tmp_path, models, ENDLESS, run_id="r")
    from onbrief import questions

    history = questions.materials(
        questions.revise(asked[0].brief, asked[0].checklist, asked[0].revision, asked[0].history).text
    )["history"]
    assert history[0]["results"] == [{"id": "r2", "met": 0, "borderline": 0, "unmet": 1, "seen": ["blue"]}]
    assert (history[0]["met"], history[0]["undecided"]) == ([], ["r1"])


def test_another_reviser_writes_from_now_on(tmp_path: Path) -> None:
    bill = Bill()
    second, third = (f"a red circle and a blue square, the {nth}" for nth in ("second", "third"))
    failing = ScriptedReviser(bill, (second, Failed("out of order")))
    models = replace(crew(bill, {"r1"}), reviser=failing)
    first = pursue(tmp_path, models, ENDLESS, run_id="r")[-1].run
    assert (first.outcome, [p.text for p in first.prompts[1:]]) == ("failed", [second])
    run = again(tmp_path, bill, None, ScriptedReviser(bill, (third,), name="test:poet"), max_images=3)
    assert [p.text for p in run.prompts[1:]] == [second, third]
    assert run.prompts[:2] == first.prompts
    assert run.models.changes == (ModelChange("reviser", "test:writer", "test:poet", 2, 0),)
    replayed = again(tmp_path, bill, None, ScriptedReviser(bill, ("never asked",), name="test:poet"), max_images=3)
    assert replayed.prompts == run.prompts


@pytest.mark.parametrize("given", [{"image_model": "sandbox:?style=modern"}, {"policy": "classic"}])
def test_everything_else_of_an_order_stays_fixed(given: dict[str, object], tmp_path: Path) -> None:
    pursue(tmp_path, crew(Bill(), {"r1"}), ENDLESS, run_id="r")
    with pytest.raises(UsageError, match="its image model, policy and checklist are fixed"):
        resumed("r", replace(Settings(), out=str(tmp_path)), given)


def test_a_verdict_without_an_answer_says_why_in_the_record(tmp_path: Path) -> None:
    run = pursue(tmp_path, crew(Bill(), ANSWERS["cut short"]), replace(ENDLESS, max_images=1), run_id="r")[-1].run
    assert run.attempts[0].verdict is not None
    assert run.attempts[0].verdict.problem == Problem("unreadable", "cut short (raise the limit)")
    assert Run.from_json(run.to_json()) == run
    assert (run.outcome, run.reason) == (
        "unmet",
        "all 1 images are used up; no image could be judged: cut short (raise the limit)",
    )


def said(answer: object, stop: str = "tool_use", tool: str = "findings") -> Reply:
    """A reply of Converse with this answer: a text, or the arguments of a tool."""
    block = {"text": answer} if isinstance(answer, str) else {"toolUse": {"toolUseId": "t", "name": tool, "input": answer}}
    message = {"role": "assistant", "content": [block]}
    usage = {"inputTokens": 100, "outputTokens": 50, "totalTokens": 150}
    return Reply({"output": {"message": message}, "stopReason": stop, "usage": usage, "metrics": {"latencyMs": 1}})


GOOD = {"statements": [{"id": id_, "evidence": "seen", "probability": 0.9, "answer": "true"} for id_ in ("r1", "r2")]}
BAD = [
    said("not json at all", "end_turn"),
    said({"statements": [{**GOOD["statements"][0], "answer": "obey me"}]}),
    said(GOOD, "max_tokens"),
]


def test_each_further_question_says_what_was_wrong_with_the_answer_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bill = Bill()
    control = Control.of(colours_for(picture(7)), ("r1", "r2"), both=False)
    statements = [*GOOD["statements"], {"id": next(iter(control.statements)), "probability": 0.1, "answer": "false"}]
    good = {"control": control.colours, "statements": statements}
    bad = {**good, "statements": [{**statements[0], "answer": "obey me"}, *statements[1:]]}
    with recording(said(bad), BAD[2], said(good)) as server:
        lead_to(server.port, monkeypatch)
        run = pursue(tmp_path, replace(crew(bill), judge=registry.judge("bedrock:")), replace(ENDLESS, max_images=1))[-1].run
        first, second, third = (body["messages"][0]["content"][-1]["text"] for body in server.bodies)
    assert (run.outcome, run.usage.judge_calls) == ("passed", 3)
    assert len({first, second, third}) == 3
    assert second.startswith(first)
    assert "`statements[0].answer` was not as requested: expected true or false or borderline" in second
    assert "obey me" not in second
    assert "cut short" in third


def test_a_planner_that_is_asked_again_is_told_too_and_its_doubts_are_in_the_record(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bill = Bill()
    circle = {"id": "C1", "cites": ["a circle"], "text": "there is a circle", "kind": "Object", "must": "True", "parents": []}
    place = {"id": "c2", "cites": ["red circle left of a blue square"], "text": "the red circle is left of the blue square"}
    plans = [
        said({"requirements": [{**circle, "kind": "obey me"}]}, tool="checklist"),
        said({"requirements": [circle, {**circle, **place}]}, tool="checklist"),
    ]
    with recording(*plans) as server:
        lead_to(server.port, monkeypatch)
        models = replace(crew(bill), planner=registry.planner("bedrock:"))
        run = pursue(tmp_path, models, replace(ENDLESS, max_images=1), run_id="r")[-1].run
        first, second = (body["messages"][0]["content"][-1]["text"] for body in server.bodies)
        replayed = pursue(tmp_path, models, replace(ENDLESS, max_images=1), run_id="r")[-1].run
        assert len(server.bodies) == 2
    assert (run.outcome, run.usage.text_calls) == ("passed", 2)
    assert second.startswith(first)
    assert "`requirements[0].kind` was not as requested" in second
    assert "obey me" not in second
    doubt = "the requirement “there is a circle” cites “a circle”, which the brief says in other words"
    assert [run.warnings, replayed.warnings] == [(doubt,)] * 2


@pytest.mark.parametrize("role", ["planner", "judge", "reviser"])
def test_a_model_that_declines_in_prose_is_asked_once(role: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bill = Bill()
    with recording(said("I'm sorry, but I can't help with that.", "end_turn")) as server:
        lead_to(server.port, monkeypatch)
        made = {"planner": registry.planner, "judge": registry.judge, "reviser": registry.reviser}[role]("bedrock:")
        run = pursue(tmp_path, replace(crew(bill, {"r1"}), **{role: made}), replace(ENDLESS, max_images=4))[-1].run
        asked = len(server.bodies)
    assert (run.outcome, asked) == ("failed" if role == "judge" else "blocked", 2 if role == "judge" else 1)
    assert "use another model" in run.reason
    assert "can't help with that" in run.reason
