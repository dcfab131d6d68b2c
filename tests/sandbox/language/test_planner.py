from __future__ import annotations

import asyncio

import pytest

from benchmarks.geneval import briefs, expected
from onbrief.brief import MAX_REQUIREMENTS, Brief, Checklist, Requirement
from onbrief_sandbox.language.planner import SandboxPlanner
from onbrief_sandbox.language.sentences import read

JAPANESE = (
    "自然の中から見た夜景で、空にはオーロラと月と流星群があり、地上には海が広がって流氷が流れ、"
    "地平線から太陽が出ている無人の写真。"
)


def plan(text: str, **fields: object) -> tuple[Requirement, ...]:
    brief = Brief(text=text, **fields)  # pyright: ignore[reportArgumentType]
    return asyncio.run(SandboxPlanner("sandbox:grammar", 0.0).checklist(brief)).requirements


def texts(requirements: tuple[Requirement, ...], *, must: bool) -> list[str]:
    return [r.text for r in requirements if r.must is must]


def test_each_claim_of_a_brief_is_one_requirement() -> None:
    assert [(r.text, r.kind) for r in plan("three red circles above a blue square on a yellow background")] == [
        ("there are circles", "object"),
        ("there are exactly three circles", "count"),
        ("the circles are red", "attribute"),
        ("there is a square", "object"),
        ("the square is blue", "attribute"),
        ("the circles are above the square", "relation"),
        ("the background is yellow", "attribute"),
    ]


def test_what_is_said_of_a_thing_has_the_thing_as_its_parent() -> None:
    requirements = plan("three red circles above a blue square")
    names = {r.id: r.text for r in requirements}
    assert {r.text: [names[p] for p in r.parents] for r in requirements if r.parents} == {
        "there are exactly three circles": ["there are circles"],
        "the circles are red": ["there are circles"],
        "the square is blue": ["there is a square"],
        "the circles are above the square": ["there are circles", "there is a square"],
    }


def test_namesakes_are_told_apart_by_colour() -> None:
    assert texts(plan("a red circle left of a blue circle"), must=True) == [
        "there is a circle",
        "there is a red circle",
        "there is a blue circle",
        "the red circle is to the left of the blue circle",
    ]


def test_an_article_asks_for_no_exact_number_but_a_numeral_does() -> None:
    assert texts(plan("a red circle"), must=True) == ["there is a circle", "the circle is red"]
    assert texts(plan("one circle"), must=True) == ["there is a circle", "there is exactly one circle"]


def test_a_vague_brief_gives_few_musts_and_styles_are_nice_to_have() -> None:
    requirements = plan("A serene landscape with mountains and a lake")
    assert texts(requirements, must=True) == ["there is a lake", "there are mountains"]
    assert texts(requirements, must=False) == ["the picture has a serene style"]


def test_a_japanese_brief_is_read_by_the_lexicon() -> None:
    requirements = plan(JAPANESE)
    assert sorted(texts(requirements, must=True)) == [
        "it is night",
        "the sun is on the horizon",
        "there are meteors",
        "there is a moon",
        "there is a sea",
        "there is an aurora",
        "there is ice",
        "there is no person",
    ]
    assert texts(requirements, must=False) == []
    assert [r.kind for r in requirements if r.text == "there is no person"] == ["absence"]


@pytest.mark.parametrize(
    ("text", "musts"),
    [
        (
            "赤い円と三つの四角",
            ["there is a circle", "the circle is red", "there are squares", "there are exactly three squares"],
        ),
        ("雲のない山と湖", ["there is a lake", "there are mountains", "there are no clouds"]),
        ("猫が「おはよう」という", ["猫が「おはよう」という", "there is a cat"]),
        ("夜景", ["it is night"]),
    ],
)  # fmt: skip
def test_other_japanese_briefs(text: str, musts: list[str]) -> None:
    assert texts(plan(text), must=True) == musts


@pytest.mark.parametrize("text", ["красный круг", "市场", "🙂", "something serene", "x" * 600])
def test_what_cannot_be_read_is_one_requirement_as_a_whole(text: str) -> None:
    musts = [r for r in plan(text) if r.must]
    assert len(musts) == 1
    assert text[:24] in musts[0].text or musts[0].kind == "whole"


def test_the_checklist_can_always_be_frozen() -> None:
    text = ". ".join(f"{n} red {c}{c}ob and {c}{c}ib at the left, no {c}{c}ub" for n, c in enumerate("bcdfghjklmnpqrstvwxz", 2))
    own = tuple(Requirement(text=f"own {n}") for n in range(30))
    brief = Brief(text=text, requirements=own, avoid=("dogs",))
    planned = asyncio.run(SandboxPlanner("sandbox:grammar", None).checklist(brief))
    assert len(Checklist.freeze(planned.requirements, brief).requirements) <= MAX_REQUIREMENTS
    assert len(planned.requirements) > 20


def test_the_checklist_of_every_prompt_of_geneval_is_its_metadata() -> None:
    for brief in briefs():
        requirements = plan(brief.prompt)
        said = [claim for requirement in requirements if requirement.must for claim in read(requirement.text) or ()]
        assert (brief.prompt, len(requirements), set(said)) == (brief.prompt, len(set(said)), expected(brief))


@pytest.mark.parametrize(
    ("text", "undecided"),
    [
        ("a fluffy cat next to a small dog", ["the cat is fluffy", "the cat is next to the dog"]),
        ("two cats between a dog and a horse", ["the cats are between the dog and the horse"]),
        ("a man riding a red horse beside a blue horse", ["the person is riding the red horse",
                                                          "the red horse is beside the blue horse", "the person is a man"]),
        ("a cup of coffee and a bird that flies", ["the cup of coffee is there", "the bird flies"]),
        ("misty mountains and a red moon", ["there are misty mountains", "there is a red moon"]),
        ("a boat on a lake", []),
    ],
)  # fmt: skip
def test_what_nobody_can_check_is_asked_for_and_left_undecided(text: str, undecided: list[str]) -> None:
    musts = texts(plan(text), must=True)
    assert [said for said in musts if read(said) is None] == undecided


@pytest.mark.parametrize(
    ("text", "musts", "nice"),
    [
        ("two small fluffy dogs", ["the dogs are fluffy"], ["the dogs are small"]),
        ("a very big cute happy dog", [], ["the dog is big", "the dog is cute", "the dog is happy"]),
        ("a huge beautiful lake", [], ["there is a huge beautiful lake"]),
        ("a small blue lake", ["there is a small blue lake"], []),
        ("a dog that must be really tiny, a small car", ["the dog is tiny"], ["the car is small"]),
        ("the cup has to be big", ["the cup is big"], []),
        ("an empty cup", ["the cup is empty"], []),
        ("at least two cats", ["the cats are at least two"], []),
    ],
)  # fmt: skip
def test_words_of_degree_and_taste_are_nice_to_have_unless_the_brief_insists(
    text: str, musts: list[str], nice: list[str]
) -> None:
    requirements = plan(text)
    assert [said for said in texts(requirements, must=True) if read(said) is None] == musts
    assert texts(requirements, must=False) == nice


@pytest.mark.parametrize("text", ["a sign that says OPEN LATE and a cat", 'a cat and a sign that says "OPEN LATE"'])
def test_words_to_be_lettered_are_asked_for_together_with_the_sign_that_carries_them(text: str) -> None:
    planned = asyncio.run(SandboxPlanner("sandbox:grammar", 0.0).checklist(Brief(text=text)))
    assert planned.questions == ()
    assert texts(planned.requirements, must=True) == [
        "there is a cat",
        'the words "OPEN LATE" can be read',
        'there is a sign that says "OPEN LATE"',
    ]
    assert all(read(requirement.text) for requirement in planned.requirements)


def test_what_nobody_can_check_has_its_things_as_parents() -> None:
    requirements = plan("a cat next to a dog")
    names = {r.id: r.text for r in requirements}
    assert [(r.kind, [names[p] for p in r.parents]) for r in requirements if "next" in r.text] == [
        ("relation", ["there is a cat", "there is a dog"])
    ]
