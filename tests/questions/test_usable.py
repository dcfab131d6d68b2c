"""What makes a reviser's prompt unusable."""

from __future__ import annotations

import pytest

from onbrief.brief import Brief, Checklist, Requirement
from onbrief.ports import CLIP_TOKENS, NATURAL, Dialect
from onbrief.questions import usable
from onbrief.record import Prompt
from tests.questions.answers import BRIEF, CHECKLIST

CLIP = Dialect(unit="CLIP tokens", most=CLIP_TOKENS, negative=True, weights=True, hardest_first=True)
GOOD = 'three red circles in a row above a blue square, a sign that says "OPEN"'


def faults(text: str, negative: str = "", dialect: Dialect = CLIP, checklist: Checklist = CHECKLIST) -> tuple[str, ...]:
    tried = [Prompt.first(BRIEF), Prompt(1, f"{GOOD}, painted")]
    return usable.faults(Prompt(2, text, negative), BRIEF, checklist, dialect, tried)


def listed(*texts: str, kind: str = "object") -> Checklist:
    return Checklist(tuple(Requirement(id=f"r{n}", text=t, kind=kind) for n, t in enumerate(texts, 1)))  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize("negative", ["", "dogs", "dogs, people, frames", "barking dog"])
def test_a_prompt_that_names_everything_can_be_used(negative: str) -> None:
    assert faults(GOOD, negative) == ()


@pytest.mark.parametrize(
    ("text", "negative", "fault"),
    [
        (BRIEF.text.upper(), "", "`text` is the brief as it stands"),
        (f"{GOOD}; painted.", "", "it is the same as prompt 1"),
        ("", "", "`text` is empty"),
        (f"```\n{GOOD}\n```", "", "it has a heading or a code fence"),
        (f"# Prompt\n{GOOD}", "", "it has a heading"),
        (f"**Prompt:** {GOOD}", "", "it has a heading"),
        (f"{GOOD}\nNegative prompt: dogs", "", "it has a heading"),
        (f"{GOOD} --ar 16:9", "", "it has syntax of another image generator"),
        (f"{GOOD} <lora:x:1>", "", "it has syntax of another image generator"),
        (f"{GOOD}::2", "", "it has syntax of another image generator"),
        (GOOD, "no dogs", "`negative` is a list of names, and “no dogs” denies one"),
        (GOOD, "dogs, without frames", "and “without frames” denies one"),
        (GOOD, "broken circle", "`negative` names circle (“broken circle”), which r2 requires"),
        (GOOD, "other text", "`negative` names text (“other text”), which r5 requires"),
        ('three red ones, a sign "OPEN"', "", "`text` does not name the circles of r2"),
        ("three red circles and a sign", "", "`text` does not have the lettering “OPEN” of r5"),
        (f"{GOOD}, " + "very " * 90, "", "CLIP tokens, more than the 75 that the model reads: leave out at least"),
        (GOOD, "dogs, " * 60, "`negative` has 120 CLIP tokens"),
    ],
)
def test_a_fault_is_named(text: str, negative: str, fault: str) -> None:
    found = faults(text, negative)
    assert any(fault in one for one in found), found


def test_weights_are_syntax_only_where_they_are_not_read_and_take_no_length() -> None:
    weighted = GOOD.replace("three red circles", "(three red circles:1.3)")
    assert faults(weighted) == ()
    assert "syntax of another image generator" in faults(weighted, dialect=NATURAL)[0]
    assert usable.length(weighted, CLIP) == usable.length(GOOD, CLIP)


def test_what_is_to_be_read_may_look_like_syntax() -> None:
    lettered = listed('the words "--ar 16:9" can be read', kind="text")
    assert faults('a sign that says "--ar 16:9"', checklist=lettered) == ()


def test_length_is_that_of_the_dialect() -> None:
    many = f"{GOOD}, " + "very " * 90
    assert faults(many, dialect=NATURAL) == ()
    assert "300 that the model reads" in faults(f"{many} {'very ' * 290}", dialect=NATURAL)[0]
    assert faults(GOOD, dialect=Dialect(unit="characters", most=40)) != ()


@pytest.mark.parametrize(
    ("requirement", "named"),
    [
        ("there is a wine glass", "a glass of wine"),
        ("the girl has a fox tail", "a bushy tail"),
        ("there are people", "three persons"),
        ("there is a burger", "a hamburger"),
        ("there is a person riding a horse", "a rider on a horse"),
        ("es gibt einen Hund", "a dog"),  # what is not in English is not compared
        ("Hund", "a dog"),
    ],
)
def test_a_thing_is_named_by_its_word(requirement: str, named: str) -> None:
    expected = requirement == "there is a person riding a horse"  # a rider is no word for a person here
    assert bool(faults(named, checklist=listed(requirement))) == expected


def test_what_is_worn_is_a_thing_and_one_part_of_a_name_is_not_enough() -> None:
    worn = listed("the girl is wearing a long maxi skirt", kind="attribute")
    assert faults("a girl with long hair", checklist=worn) == ("`text` does not name the long maxi skirt of r1",)
    assert faults("a girl in a blue skirt", checklist=worn) == ()


def test_what_is_to_be_absent_may_be_named_although_another_requirement_has_its_word() -> None:
    checklist = Checklist(
        (
            Requirement(id="r1", text="there is a hot dog", kind="object"),
            Requirement(id="r2", text="there is no dog", kind="absence"),
        )
    )
    assert faults("a hot dog on a plate", "dogs", checklist=checklist) == ()
    assert faults("a hot dog on a plate", "hot plates", checklist=checklist) != ()


@pytest.mark.parametrize(
    "text",
    ["(" + " " * 9_000, "(a:" + "1" * 9_000, "\n" * 9_000 + "x", "[" + ":1" * 4_000, "qz" * 5_000, "(" * 9_000, '"' * 9_000],
)
def test_a_text_made_to_take_long_is_refused_like_any_other(text: str) -> None:
    assert faults(text, text) != ()


def test_a_prompt_that_would_be_cut_is_a_warning() -> None:
    brief = Brief(text="very " * 80 + "small cups")
    (warning,) = usable.cut(Prompt.first(brief), CLIP)
    assert warning == "of prompt 0, with 82 CLIP tokens, all after the first 75 may be cut off"
    assert usable.cut(Prompt.first(brief), NATURAL) == usable.cut(Prompt(0, "two cups"), CLIP) == ()
