from __future__ import annotations

import asyncio
from random import Random

import pytest

from benchmarks import geneval
from benchmarks.hard import hard_briefs
from onbrief.attempt import Attempt, Finding, Verdict
from onbrief.brief import Brief, Checklist, Requirement
from onbrief.ports import Dialect, Revised
from onbrief.record import Prompt
from onbrief_sandbox.language import claims, composing
from onbrief_sandbox.language.emphasis import stress, strip_layout
from onbrief_sandbox.language.grammar import parse
from onbrief_sandbox.language.planner import SandboxPlanner
from onbrief_sandbox.language.sentences import read, sentence
from onbrief_sandbox.language.writer import SandboxWriter
from onbrief_sandbox.scene import Scene

RED_LEFT = Brief(text="three red circles left of a blue square, no people")
JAPANESE = Brief(text="夜景で、空にはオーロラと月と流星群があり、海に流氷が流れ、地平線から太陽が出ている無人の写真。")


def freeze(brief: Brief) -> Checklist:
    planned = asyncio.run(SandboxPlanner("sandbox:grammar", 0.0).checklist(brief))
    return Checklist.freeze(planned.requirements, brief)


def judged(checklist: Checklist, *failing: str, evidence: str = "") -> Attempt:
    findings = tuple(
        Finding(r.id, "unmet", 0.1, evidence) if r.text in failing else Finding(r.id, "met", 0.9)
        for r in checklist.requirements
    )
    return Attempt(0, 0, 1, verdict=Verdict(not failing, findings))


def revise(brief: Brief, *history: tuple[Prompt, list[Attempt]], revision: int | None = None) -> Revised:
    number = len(history) if revision is None else revision
    return asyncio.run(SandboxWriter("sandbox:writer", 0.0).revise(brief, freeze(brief), number, history))


@pytest.mark.parametrize("brief", [RED_LEFT, JAPANESE, Brief(text='a cat on a bicycle and a sign that says "OPEN"')])
def test_the_prompt_asks_for_the_whole_checklist_in_english(brief: Brief) -> None:
    revised = revise(brief)
    asked = {claim for r in freeze(brief).requirements for claim in read(r.text) or ()}
    assert asked - set(claims.of(parse(revised.text, revised.negative))) == set()
    assert revised.text.isascii()


def test_what_failed_most_comes_first_with_a_clause_of_its_own() -> None:
    checklist = freeze(RED_LEFT)
    revised = revise(RED_LEFT, (Prompt(0, RED_LEFT.text), [judged(checklist, "there is a square")] * 3))
    assert revised.text.startswith("The square is there, clear and fully visible")
    revised = revise(RED_LEFT, (Prompt(0, RED_LEFT.text), [judged(checklist, "the square is blue")] * 3))
    assert revised.text.startswith("The square is blue, clear and fully visible")
    assert "picture of three red circles to the left of the blue square, without people." in revised.text.replace(
        "image", "picture"
    )
    assert revised.reason == "“the square is blue” failed 3 of 3 times"


def test_what_is_like_what_failed_is_stressed_too() -> None:
    revised = revise(RED_LEFT, (Prompt(0, RED_LEFT.text), [judged(freeze(RED_LEFT), "the square is blue")]))
    assert "(The circles are red:1.3)." in revised.text


def test_for_a_model_that_reads_no_weights_it_writes_none() -> None:
    tried = (Prompt(0, RED_LEFT.text), [judged(freeze(RED_LEFT), "the square is blue")])
    writer = SandboxWriter("sandbox:writer", 0.0)
    weighted, plain = (
        asyncio.run(writer.writing_for(Dialect(weights=weights)).revise(RED_LEFT, freeze(RED_LEFT), 1, [tried])).text
        for weights in (True, False)
    )
    assert weighted.replace("(The circles are red:1.3)", "The circles are red") == plain


def test_what_failed_alone_of_its_kind_has_a_weight() -> None:
    brief = Brief(text="a red circle above a square")
    revised = revise(brief, (Prompt(0, brief.text), [judged(freeze(brief), "the circle is red")]))
    assert revised.text.startswith("(The circle is red:1.3), clear and fully visible")


def test_a_missing_thing_hides_what_is_said_of_it() -> None:
    attempt = judged(freeze(RED_LEFT), "there is a square", "the square is blue", "the circles are to the left of the square")
    assert revise(RED_LEFT, (Prompt(0, "x"), [attempt])).reason == "“there is a square” failed 1 of 1 times"


def test_a_failing_relation_is_laid_out() -> None:
    attempt = judged(freeze(RED_LEFT), "the circles are to the left of the square")
    text = revise(RED_LEFT, (Prompt(0, "x"), [attempt])).text
    assert text.startswith("The circles are to the left of the square")
    assert "The circles on the left side, the square on the right side." in text


def test_what_must_be_absent_is_in_the_negative_text() -> None:
    assert revise(RED_LEFT).negative == "people"


def test_no_two_revisions_are_the_same() -> None:
    history: list[tuple[Prompt, list[Attempt]]] = []
    for revision in range(80):
        history.append((Prompt(revision, revise(RED_LEFT, *history).text), []))
    assert len({prompt.text for prompt, _ in history}) == 80


def test_without_history_the_number_of_the_prompt_decides_its_words() -> None:
    texts = [revise(RED_LEFT, revision=number).text for number in range(1, 41)]
    assert len(set(texts)) == 40
    assert [revise(RED_LEFT, revision=number).text for number in range(1, 41)] == texts


def test_evidence_is_never_copied_into_the_prompt() -> None:
    attempt = judged(freeze(RED_LEFT), "the square is blue", evidence="a purple elephant that says IGNORE")
    revised = revise(RED_LEFT, (Prompt(0, "x"), [attempt]))
    assert "elephant" not in revised.text + revised.negative + revised.reason


def test_what_nobody_can_read_is_passed_on_as_it_is() -> None:
    assert "красный круг" in revise(Brief(text="красный круг")).text


def test_the_users_own_requirements_join_what_the_brief_says() -> None:
    brief = Brief(text="three circles", requirements=(Requirement(text="three red circles"),), avoid=("clouds",))
    revised = revise(brief)
    assert parse(revised.text, revised.negative) == parse("three red circles, no clouds")


@pytest.mark.parametrize("wording", [*range(40), 36 * 1023 + 35])
def test_the_ornaments_of_a_prompt_ask_for_nothing(wording: int) -> None:
    assert parse(composing.compose(composing.Ask(Scene()), wording)) == Scene()


BRIEFS = [brief.prompt for brief in geneval.briefs()[::5]] + [brief.text for brief in hard_briefs()[::5]]


def test_after_any_failure_the_prompt_asks_for_exactly_the_checklist_and_stresses_what_failed() -> None:
    draw = Random(7)  # noqa: S311
    for text in BRIEFS:
        brief = Brief(text=text)
        checklist = freeze(brief)
        failing = draw.sample([r.text for r in checklist.requirements], min(draw.randint(1, 2), len(checklist.requirements)))
        revised = revise(brief, (Prompt(0, text), [judged(checklist, *failing)]))
        scene = parse(revised.text, revised.negative)
        asked = {claim for r in checklist.requirements for claim in read(r.text) or ()}
        assert (revised.text, set(claims.of(strip_layout(scene)))) == (revised.text, asked)
        written = stress(scene, revised.text, revised.negative, first_words=10)
        assert written.well_formed
        assert max(written.on(claim) for claim in asked if sentence(claim) in failing) >= 2
        kinds = {type(claim) for claim in asked if sentence(claim) in failing}
        assert max((written.on(claim) for claim in asked if type(claim) not in kinds), default=0) <= 2
        assert written.words < 60


@pytest.mark.soak
def test_whatever_fails_the_prompt_asks_for_exactly_the_checklist() -> None:
    draw = Random(11)  # noqa: S311
    texts = [brief.prompt for brief in geneval.briefs()] + [brief.text for brief in hard_briefs()]
    for text in texts:
        brief = Brief(text=text)
        checklist = freeze(brief)
        asked = {claim for r in checklist.requirements for claim in read(r.text) or ()}
        history: list[tuple[Prompt, list[Attempt]]] = [(Prompt(0, text), [])]
        for revision in range(1, 9):
            failing = draw.sample([r.text for r in checklist.requirements], draw.randint(0, len(asked)))
            history[-1][1].append(judged(checklist, *failing))
            revised = revise(brief, *history)
            assert set(claims.of(strip_layout(parse(revised.text, revised.negative)))) == asked
            history.append((Prompt(revision, revised.text, revised.negative), []))
