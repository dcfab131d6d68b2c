"""Judges that do not see, or agree to everything; and what a judge is told, on the wire."""

from __future__ import annotations

import asyncio
import base64
import json
import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import pytest
from pydantic_ai.messages import BinaryContent, ModelMessage, ModelResponse, ToolCallPart, UserPromptPart
from pydantic_ai.models.function import AgentInfo, FunctionModel

from onbrief import questions
from onbrief.brief import Brief, Checklist, Requirement
from onbrief.judging import decide
from onbrief.judging.rule import Rule
from onbrief.pictures import PictureFile, view_of
from onbrief.ports import ANY_PICTURE, Judged, Planned
from onbrief.providers import registry
from onbrief.providers.language.model import LanguageModel
from onbrief.providers.language.roles import VisionJudge
from onbrief.testing import Bill, ScriptedPlanner, crew, picture
from onbrief_sandbox.server.mind.framing import unframed
from tests.claude import lead_to
from tests.providers.recording import Reply, recording
from tests.pursuing import pursue, settings
from tests.studio.test_judging import said

Kind = Literal["blind, says yes", "blind, guesses", "blind, always the same", "sees, says yes", "sees, says no"]
KINDS: tuple[Kind, ...] = ("blind, says yes", "blind, guesses", "blind, always the same", "sees, says yes", "sees, says no")
REQUIREMENTS = (
    Requirement(id="r1", text="there is a circle", kind="object"),
    Requirement(id="r2", text="the circle is red", kind="attribute"),
)
ABSENT = (Requirement(id="r1", text="there is no person", kind="absence"),)


Answers = Callable[[bytes, str], dict[str, Any]]


def answers(kind: Kind) -> Answers:
    """A model that answers in this way, whatever it is shown."""
    draw = random.Random(1)  # noqa: S311 - it guesses, it keeps no secret

    def colours(image: bytes) -> list[str]:
        if kind.startswith("sees"):
            framed = unframed(image, beside=False)
            return list(framed.squares) if framed else []
        if kind == "blind, always the same":
            return ["red", "green", "blue", "yellow", "white"]
        return [draw.choice(questions.COLOURS) for _ in range(5)]

    def word(text: str) -> str:
        if kind == "blind, guesses":
            return "false" if "band" in text or "person" in text else "true"
        return "false" if kind == "sees, says no" else "true"

    def answer(image: bytes, text: str) -> dict[str, Any]:
        words = {s["id"]: word(s["text"]) for s in questions.materials(text)["statements"]}
        said = [
            {"id": id_, "evidence": "", "probability": 0.99 if word == "true" else 0.01, "answer": word}
            for id_, word in words.items()
        ]
        return {"control": colours(image), "lettering": [], "statements": said}

    return answer


def in_process(answer: Answers) -> VisionJudge:
    """A judge with this model, without a wire between them."""

    def respond(messages: list[ModelMessage], info: AgentInfo) -> ModelResponse:
        prompt = next(part for part in messages[-1].parts if isinstance(part, UserPromptPart))
        image, text = prompt.content[0], prompt.content[-1]
        assert isinstance(image, BinaryContent)
        assert isinstance(text, str)
        call = ToolCallPart(info.output_tools[0].name, answer(image.data, text))
        return ModelResponse(parts=[call], finish_reason="stop")

    return VisionJudge(LanguageModel("test:blind", "test:blind", FunctionModel(respond), 4096))


def on_the_wire(answer: Answers) -> Callable[[Any], Reply]:
    """The replies of Converse with this model behind it."""

    def reply(body: Any) -> Reply:
        content = body["messages"][0]["content"]
        image = next(part["image"]["source"]["bytes"] for part in content if "image" in part)
        return said(answer(base64.b64decode(image), content[-1]["text"]))

    return reply


def is_seen_through(kind: Kind, asked: tuple[Requirement, ...]) -> bool:
    """Whether the control question shows it: who says no to everything fails every picture, unless something must be absent."""
    return kind != "sees, says no" or asked is ABSENT


THOUSAND = pytest.param(1000, marks=pytest.mark.soak)
FIFTY = pytest.param(50, marks=pytest.mark.soak)


@pytest.mark.parametrize("pictures", [15, THOUSAND])
@pytest.mark.parametrize("asked", [REQUIREMENTS, ABSENT], ids=["present", "absent"])
@pytest.mark.parametrize("kind", KINDS)
def test_no_picture_passes_a_judge_that_does_not_see_or_always_says_the_same(
    kind: Kind, asked: tuple[Requirement, ...], pictures: int
) -> None:
    judge, passed, seen_through = in_process(answers(kind)), list[int](), 0

    async def go() -> None:
        nonlocal seen_through
        for seed in range(pictures):
            judged = await judge.judge(PictureFile(picture(seed)).judge_copy(ANY_PICTURE), asked)
            seen_through += bool(judged.blind)
            if not judged.blind and decide.verdict(Checklist(asked), judged.findings, Rule.named("lenient")).passed:
                passed.append(seed)

    asyncio.run(go())
    print(f"{kind}: of {pictures} pictures {len(passed)} passed, {seen_through} show that the judge does not see")
    assert passed == []
    assert seen_through == (pictures if is_seen_through(kind, asked) else 0)


@pytest.mark.parametrize("runs", [1, FIFTY])
@pytest.mark.parametrize("asked", [REQUIREMENTS, ABSENT], ids=["present", "absent"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_run_over_http_stops_at_the_first_picture_of_such_a_judge(
    kind: Kind, asked: tuple[Requirement, ...], runs: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    planner = ScriptedPlanner(script=(Planned(asked),))
    with recording(on_the_wire(answers(kind))) as server:
        lead_to(server.port, monkeypatch)
        for seed in range(runs):
            bill = Bill()
            models = replace(crew(bill), planner=planner, judge=registry.judge("bedrock:"))
            run = pursue(tmp_path / str(seed), models, settings(max_images=2), seed=seed)[-1].run
            done = run.outcome, len(bill.of("image")), run.usage.judge_calls
            if is_seen_through(kind, asked):
                assert done == ("failed", 1, 1)
                assert run.reason.startswith("the judge does not see the picture: ")
                assert "resume with another judge" in run.reason
            else:
                assert done == ("unmet", 2, 2)


def entries(question: questions.Question[Judged], tag: str, word: Callable[[str], tuple[str, float]]) -> list[dict[str, Any]]:
    return [
        {"id": s["id"], "evidence": "as it is", "probability": word(s["text"])[1], "answer": word(s["text"])[0]}
        for s in questions.materials(question.text)[tag]
    ]


def test_no_request_to_a_judge_holds_words_of_the_prompt_that_are_in_no_requirement(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    brief = Brief(text="a zyzzyva betwixt a quokka, xylographed", size=(64, 64))
    copy = PictureFile(PictureFile(picture(7)).stripped()).judge_copy(ANY_PICTURE)
    checklist = ("there is a circle", "the circle is red")
    asked = [
        replace(r, id=f"r{n}", text=text, kind="object")
        for n, (r, text) in enumerate(zip(REQUIREMENTS, checklist, strict=True), 1)
    ]
    view = view_of(copy, ANY_PICTURE)
    first = questions.judge(asked, view.colours)
    again = questions.confirm(asked[:1], view.colours, {"r1": "A"})

    def doubting(text: str) -> tuple[str, float]:
        return ("false", 0.01) if "band" in text else ("borderline", 0.5) if text == checklist[0] else ("true", 0.99)

    doubts = entries(first, "statements", doubting)
    next(entry for entry in doubts if entry["id"] == "r1")["box"] = [0.2, 0.2, 0.6, 0.6]
    supported = entries(again, "claims", lambda text: ("contradicted", 0.99) if "band" in text else ("supported", 0.02))
    replies = [{"control": list(view.colours), "lettering": [], "statements": each} for each in (doubts, supported)]
    with recording(*(said(reply) for reply in replies)) as server:
        lead_to(server.port, monkeypatch)
        models = replace(crew(Bill()), planner=ScriptedPlanner(script=(checklist,)), judge=registry.judge("bedrock:"))
        run = pursue(tmp_path, models, settings(max_images=1), brief)[-1].run
        bodies = server.bodies
    assert (run.outcome, run.usage.judge_calls, len(bodies)) == ("passed", 2, 2)
    assert run.attempts[0].verdict is not None
    assert run.attempts[0].verdict.findings[0].source == "closer look"
    assert "enlarged" in bodies[1]["messages"][0]["content"][-1]["text"]
    for body in bodies:
        images = [part["image"]["source"]["bytes"] for part in body["messages"][0]["content"] if "image" in part]
        assert len(images) == 1, "a judge is shown one picture"
        for held in (json.dumps(body), base64.b64decode(images[0]).decode("latin-1")):
            assert not any(word in held for word in ("zyzzyva", "quokka", "xylograph", "betwixt"))
