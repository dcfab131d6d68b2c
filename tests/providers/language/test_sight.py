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
from onbrief.pictures import PictureFile, view_of
from onbrief.ports import ANY_PICTURE, Judged
from onbrief.providers import registry
from onbrief.providers.language.model import LanguageModel
from onbrief.providers.language.roles import VisionJudge
from onbrief.testing import Bill, ScriptedPlanner, crew, picture
from onbrief_sandbox.server.mind.framing import unframed
from tests.claude import lead_to
from tests.providers.recording import recording
from tests.pursuing import pursue, settings
from tests.studio.test_judging import said

Kind = Literal["blind, says yes", "blind, guesses", "blind, always the same", "sees, says yes", "sees, says no"]
KINDS: tuple[Kind, ...] = ("blind, says yes", "blind, guesses", "blind, always the same", "sees, says yes", "sees, says no")
REQUIREMENTS = (
    Requirement(id="r1", text="there is a circle", kind="object"),
    Requirement(id="r2", text="the circle is red", kind="attribute"),
)
ABSENT = (Requirement(id="r1", text="there is no person", kind="absence"),)


def answering(kind: Kind) -> VisionJudge:
    """A judge whose model answers in this way, whatever it is shown."""
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

    def answer(messages: list[ModelMessage], info: AgentInfo) -> ModelResponse:
        prompt = next(part for part in messages[-1].parts if isinstance(part, UserPromptPart))
        image, text = prompt.content[0], prompt.content[-1]
        assert isinstance(image, BinaryContent)
        assert isinstance(text, str)
        stated = questions.materials(text).get("statements", ())
        statements = [
            {
                "id": s["id"],
                "evidence": "",
                "probability": 0.99 if word(s["text"]) == "true" else 0.01,
                "answer": word(s["text"]),
            }
            for s in stated
        ]
        arguments = {"control": colours(image.data), "lettering": [], "statements": statements}
        return ModelResponse(parts=[ToolCallPart(info.output_tools[0].name, arguments)], finish_reason="stop")

    return VisionJudge(LanguageModel("test:blind", "test:blind", FunctionModel(answer), 4096))


async def passes(kind: Kind, asked: tuple[Requirement, ...], pictures: range) -> list[int]:
    """Return the pictures that this judge would pass."""
    judge, passed = answering(kind), list[int]()
    for seed in pictures:
        copy = PictureFile(picture(seed)).judge_copy(ANY_PICTURE)
        judged = await judge.judge(copy, asked)
        verdict = decide.verdict(Checklist(asked), judged.findings)
        if verdict.passed and not judged.blind:
            passed.append(seed)
    return passed


def run_all(kind: Kind, number: int) -> None:
    async def go() -> None:
        for asked in (REQUIREMENTS, ABSENT):
            assert await passes(kind, asked, range(number)) == []

    asyncio.run(go())


@pytest.mark.parametrize("kind", KINDS)
def test_no_picture_passes_a_judge_that_does_not_see_or_always_says_the_same(kind: Kind) -> None:
    run_all(kind, 15)


@pytest.mark.soak
@pytest.mark.parametrize("kind", KINDS)
def test_of_a_thousand_pictures_none_passes_such_a_judge(kind: Kind) -> None:
    run_all(kind, 1000)


@pytest.mark.parametrize("kind", ["blind, says yes", "sees, says yes"])
def test_the_run_stops_at_its_first_picture(kind: Kind, tmp_path: Path) -> None:
    bill = Bill()
    run = pursue(tmp_path, replace(crew(bill), judge=answering(kind)), settings(max_images=12))[-1].run
    assert (run.outcome, len(bill.of("image")), run.usage.judge_calls) == ("failed", 1, 1)
    assert run.reason.startswith("the judge does not see the picture: ")
    assert "resume with another judge" in run.reason


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
