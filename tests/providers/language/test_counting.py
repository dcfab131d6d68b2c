"""What is reserved for a request, beside what the sandbox server counts, which has a counting of its own."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onbrief.attempt import Attempt, Finding, Verdict
from onbrief.brief import MAX_REQUIREMENTS, Brief, Checklist, Requirement
from onbrief.errors import Unreadable
from onbrief.ports import ExpectsCost, History
from onbrief.providers import registry
from onbrief.providers.language import counting
from onbrief.providers.language.roles import LONGEST
from onbrief.questions import COLOURS, judge, plan, revise
from onbrief.record import Prompt
from onbrief.studio import price_of
from onbrief_sandbox.server import tokens
from tests.claude import cups

SCRIPTS = {
    "English": "the red cups are on the wooden table and ",
    "Russian": "красные чашки стоят на деревянном столе и ",
    "Chinese": "红色的杯子放在木制的桌子上，旁边有一盏灯。",
    "Japanese": "赤いカップが木のテーブルの上にあります。",
    "Korean": "빨간 컵들이 나무 탁자 위에 놓여 있다. ",
    "Arabic": "الأكواب الحمراء على الطاولة الخشبية ",
    "emoji": "🍷🪑👩‍👩‍👧‍👦🏴󠁧󠁢󠁥󠁮󠁧󠁿",
    "code": 'if(x[0]!=y->z){return{"a":[1,2,3]};}//<&>',
    "digits": "3141592653589793",
}


def long(script: str, characters: int) -> str:
    return (SCRIPTS[script] * characters)[:characters].strip()


def request_of(script: str) -> tuple[Brief, Checklist, History]:
    """The longest checklist, and a history of eight long prompts."""
    brief = Brief(text=long(script, 4_000), size=(512, 512))
    checklist = Checklist(
        tuple(Requirement(id=f"r{n}", text=f"{n} {long(script, 470)}") for n in range(1, MAX_REQUIREMENTS + 1))
    )
    findings = tuple(Finding(r.id, "unmet", 0.1, long(script, 400)) for r in checklist.requirements)
    attempts = [Attempt(0, 0, 1, verdict=Verdict(False, findings))]
    return brief, checklist, [(Prompt(n, f"{n} {long(script, 3_000)}", long(script, 500)), attempts) for n in range(9)]


@pytest.mark.usefixtures("claude")
@pytest.mark.parametrize("script", SCRIPTS)
def test_no_request_costs_more_than_its_price_in_any_script(script: str) -> None:
    """With an answer of one token, of which the cost is what the request cost."""
    brief, checklist, history = request_of(script)
    name = "bedrock:?max_tokens=1"
    planner, judge, reviser = registry.planner(name), registry.judge(name), registry.reviser(name)
    calls: list[tuple[Any, float | None]] = [
        (planner.checklist(brief), price_of(planner, brief)),
        (judge.judge(cups(), checklist.requirements), price_of(judge, checklist.requirements, (512, 512))),
        (reviser.revise(brief, checklist, 9, history), price_of(reviser, brief, checklist, 9, history)),
    ]
    for call, price in calls:
        with pytest.raises(Unreadable) as caught:
            asyncio.run(call)
        assert caught.value.usd is not None
        assert price is not None
        assert caught.value.usd <= price <= 6 * caught.value.usd
        assert caught.value.tokens.output == 1


@given(st.text())
def test_no_text_has_more_tokens_than_bytes(text: str) -> None:
    assert tokens.tokens(text) <= counting.text_tokens(text) + 1


@pytest.mark.parametrize("size", [(64, 64), (512, 512), (1568, 1568), (1568, 64), (900, 1568)])
def test_a_picture_counts_at_least_what_providers_document(size: tuple[int, int]) -> None:
    width, height = size
    documented = [
        width * height / 750,  # Claude
        -(-width // 16) * -(-height // 16) + -(-height // 16),  # Pixtral
        258 * -(-width // 768) * -(-height // 768),  # Gemini 2
        2_240,  # Gemini 3, at its highest resolution
        2.46 * min(1_536, -(-width // 32) * -(-height // 32)),  # GPT by patches
        85 + 170 * 8,  # GPT by tiles
    ]
    assert counting.picture_tokens(size) >= max(documented)
    assert counting.mini_tokens(size) >= 2_833 + 5_667


def test_the_longest_request_is_shorter_than_the_longest_price_assumes() -> None:
    worst = "<" * 10_000  # six bytes each between tags
    brief = Brief(text=worst)
    checklist = Checklist(tuple(Requirement(id=f"r{n}", text=worst, kind="whole") for n in range(MAX_REQUIREMENTS)))
    findings = tuple(Finding(r.id, "unmet", 0.0, f"{worst[:190]}") for r in checklist.requirements)
    history = [(Prompt(n, worst, worst), [Attempt(0, 0, 1, verdict=Verdict(False, findings))]) for n in range(12)]
    for question in (plan(brief), judge(checklist.requirements), revise(brief, checklist, 12, history)):
        texts = (question.system, question.text, json.dumps(question.schema, indent=1))
        assert counting.text_tokens(*texts) + counting.FRAME + 50_000 < LONGEST


def test_a_history_that_is_not_known_yet_costs_as_much_as_any(monkeypatch: pytest.MonkeyPatch) -> None:
    brief, checklist, _ = request_of("English")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION"):
        monkeypatch.setenv(name, "us-west-2")
    reviser = registry.reviser("bedrock:")
    for revision in (1, 2, 8, 20):
        findings = tuple(Finding(r.id, "unmet", 0.1, long("Chinese", 190)) for r in checklist.requirements)
        attempts = [Attempt(0, n, 1, verdict=Verdict(False, findings)) for n in range(5)]
        history = [(Prompt.first(brief), attempts)]
        history += [(Prompt(n, long("English", 3_000), long("English", 900)), attempts) for n in range(1, revision)]
        known, unknown = (
            price_of(reviser, brief, checklist, revision, history),
            price_of(reviser, brief, checklist, revision, None),
        )
        assert known is not None
        assert unknown is not None
        assert known <= unknown


@pytest.mark.parametrize("number", [1, 6, 12, 20])
def test_a_question_to_a_judge_has_about_as_many_tokens_as_are_expected(number: int) -> None:
    requirements = [Requirement(id=f"r{n}", text=f"the jar at place {n} is green", kind="attribute") for n in range(number)]
    question = judge(requirements, COLOURS[:2])
    words = sum(map(tokens.tokens, (question.system, question.text, json.dumps(question.schema))))
    picture = 1_600
    assert 0.8 * words <= counting.judging_tokens(number).input - picture <= 1.25 * words


def test_a_judge_says_what_a_question_can_be_expected_to_cost_by_its_rates(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "none")
    asked = registry.judge("openai:gpt-4.1")
    assert isinstance(asked, ExpectsCost)
    one, twenty = asked.expected_cost(1), asked.expected_cost(20)
    assert one
    assert twenty
    assert one < twenty < 3 * one
    most = price_of(asked, [Requirement(id="r1", text="there is a jar", kind="object")], (1024, 1024))
    assert most
    assert one < most


def test_what_a_model_that_thinks_costs_is_not_foreseen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "none")
    thinking = registry.judge("openai:o3")
    assert isinstance(thinking, ExpectsCost)
    assert thinking.expected_cost(1) is None
