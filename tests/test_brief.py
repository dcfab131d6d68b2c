from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onbrief.brief import (
    MAX_BRIEF_CHARACTERS,
    MAX_REQUIREMENT_CHARACTERS,
    MAX_REQUIREMENTS,
    Brief,
    Checklist,
    Kind,
    Requirement,
    fields_of,
    parse_size,
    size_for_aspect,
)
from onbrief.errors import UsageError

CIRCLE = Requirement(id="r1", text="there is a circle", kind="object")
RED = Requirement(id="r2", text="the circle is red", kind="attribute", parents=("r1",))
BRIEF = Brief(text="a red circle")


def texts(checklist: Checklist) -> list[tuple[str, str]]:
    return [(requirement.id, requirement.text) for requirement in checklist.requirements]


# -- requirements and briefs -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"text": ""}, "requirement.text: '' is not allowed"),
        ({"text": " \n"}, "requirement.text"),
        ({"text": "x" * 501, "kind": "object"}, f"at most {MAX_REQUIREMENT_CHARACTERS} characters"),
        ({"id": "R1"}, "requirement.id: 'R1' is not allowed"),
        ({"id": "1"}, "requirement.id"),
        ({"id": "a" * 33}, "requirement.id"),
        ({"id": "a b"}, "requirement.id"),
        ({"weight": 0.0}, "requirement.weight: 0.0 is not allowed"),
        ({"weight": -1.0}, "requirement.weight"),
        ({"weight": 100.5}, "requirement.weight"),
        ({"weight": float("nan")}, "requirement.weight"),
        ({"weight": float("inf")}, "requirement.weight"),
        ({"text": "half a \ud800 pair"}, "requirement.text"),
    ],
)
def test_a_wrong_requirement_names_the_field_the_value_and_what_is_allowed(wrong: dict[str, object], named: str) -> None:
    with pytest.raises(UsageError) as caught:
        Requirement(**({"text": "a cat"} | wrong))  # pyright: ignore[reportArgumentType] - wrong on purpose
    assert named in str(caught.value)
    assert "expected" in str(caught.value)


def test_only_a_requirement_of_the_brief_as_a_whole_may_be_as_long_as_a_brief() -> None:
    text = "a cat " * 100
    whole = Requirement(text=text, kind="whole")
    assert Brief(text=text, requirements=(whole,)).requirements == (whole,)
    with pytest.raises(UsageError, match=f"at most {MAX_REQUIREMENT_CHARACTERS} characters"):
        Brief(text="a cat", requirements=(whole,))


def test_an_unknown_kind_is_refused_with_the_known_ones() -> None:
    kind: Kind = "colour"  # pyright: ignore[reportAssignmentType] - wrong on purpose
    with pytest.raises(UsageError, match=r"requirement\.kind: 'colour' is not allowed; expected object count attribute"):
        Requirement(text="a cat", kind=kind)


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"text": ""}, "brief.text"),
        ({"text": "\t"}, "brief.text"),
        ({"text": "x" * (MAX_BRIEF_CHARACTERS + 1)}, f"at most {MAX_BRIEF_CHARACTERS} characters"),
        ({"text": "bytes that were no text: \udcff"}, "brief.text"),
        ({"avoid": ("",)}, "brief.avoid"),
        ({"avoid": ("x" * (MAX_REQUIREMENT_CHARACTERS + 1),)}, "brief.avoid"),
        ({"size": (63, 1024)}, "brief.size: '63x1024'"),
        ({"size": (1024, 4097)}, "brief.size"),
        ({"requirements": (CIRCLE, replace(RED, id="r1", parents=()))}, "requirement.id: 'r1'"),
        ({"requirements": (RED,)}, "parents of 'r2'"),
        ({"requirements": tuple(Requirement(text=f"t{n}") for n in range(MAX_REQUIREMENTS + 1))}, "65 requirements"),
    ],
)
def test_a_wrong_brief_names_the_field_the_value_and_what_is_allowed(wrong: dict[str, object], named: str) -> None:
    with pytest.raises(UsageError) as caught:
        Brief(**({"text": "a cat"} | wrong))  # pyright: ignore[reportArgumentType] - wrong on purpose
    assert named in str(caught.value)
    assert "expected" in str(caught.value)


def test_a_long_value_is_cut_in_the_message() -> None:
    with pytest.raises(UsageError) as caught:
        Brief(text="x" * 20_000)
    assert len(str(caught.value)) < 200


def test_the_longest_thing_to_avoid_makes_a_requirement_of_the_longest_length() -> None:
    longest = "x" * (MAX_REQUIREMENT_CHARACTERS - len("there is no "))
    checklist = Checklist.freeze((), Brief(text="a cat", avoid=(longest,)))
    assert len(checklist["r1"].text) == MAX_REQUIREMENT_CHARACTERS
    with pytest.raises(UsageError, match=r"brief\.avoid"):
        Brief(text="a cat", avoid=(longest + "x",))


@given(st.text(min_size=1, max_size=MAX_REQUIREMENT_CHARACTERS), st.text(max_size=20))
def test_every_brief_that_is_accepted_can_be_frozen(thing: str, text: str) -> None:
    """Errors in a brief are found before a planner is paid for."""
    try:
        brief = Brief(text="a cat " + text, avoid=(thing,), requirements=(Requirement(text=thing, must=False),))
    except UsageError:
        return
    assert Checklist.freeze((), brief).musts[0].kind == "absence"


# -- the checklist ---------------------------------------------------------------------------------------------------


def test_a_checklist_is_the_users_own_then_what_to_avoid_then_what_was_planned() -> None:
    brief = Brief(text="a cat", requirements=(Requirement(text="a cat"), Requirement(id="own", text="a hat")), avoid=("dogs",))
    checklist = Checklist.freeze([Requirement(id="x", text="a tail")], brief)
    assert texts(checklist) == [("r1", "a cat"), ("own", "a hat"), ("r2", "there is no dogs"), ("r3", "a tail")]
    assert [requirement.kind for requirement in checklist.requirements] == ["whole", "whole", "absence", "whole"]


def test_fresh_ids_leave_out_those_that_the_user_gave() -> None:
    brief = Brief(text="a cat", requirements=(Requirement(id="r1", text="a hat"),))
    assert texts(Checklist.freeze([Requirement(text="a cat")], brief)) == [("r1", "a hat"), ("r2", "a cat")]


def test_a_planned_requirement_that_is_a_duplicate_is_dropped_and_its_children_keep_their_parent() -> None:
    brief = Brief(text="a cat", requirements=(Requirement(id="cat", text="There is  a cat"),))
    planned = [Requirement(id="p1", text="there is a cat"), Requirement(id="p2", text="it is black", parents=("p1", "gone"))]
    checklist = Checklist.freeze(planned, brief)
    assert texts(checklist) == [("cat", "There is a cat"), ("r1", "it is black")]
    assert checklist["r1"].parents == ("cat",)


def test_a_users_duplicate_requirement_is_merged_and_keeps_its_children() -> None:
    own = (
        Requirement(id="a", text="a cat"),
        Requirement(id="b", text="A  cat"),
        Requirement(id="c", text="black", parents=("b",)),
    )
    checklist = Checklist.freeze((), Brief(text="a cat", requirements=own))
    assert texts(checklist) == [("a", "a cat"), ("c", "black")]
    assert checklist["c"].parents == ("a",)


def test_a_checklist_without_a_must_is_refused() -> None:
    with pytest.raises(UsageError, match="at least one requirement that must be met"):
        Checklist((replace(CIRCLE, must=False),))


@pytest.mark.parametrize(
    "wrong",
    [
        (CIRCLE, CIRCLE),
        (replace(CIRCLE, id=""),),
        (RED,),
        tuple(Requirement(id=f"r{n}", text=f"t{n}") for n in range(MAX_REQUIREMENTS + 1)),
        (),
    ],
)
def test_an_inconsistent_checklist_is_refused(wrong: tuple[Requirement, ...]) -> None:
    with pytest.raises(UsageError):
        Checklist(wrong)


def test_the_hash_is_that_of_the_json_of_the_requirements() -> None:
    text = '[{"id":"r1","kind":"object","must":true,"parents":[],"text":"there is a circle","weight":1.0}]'
    assert Checklist((CIRCLE,)).sha256 == hashlib.sha256(text.encode()).hexdigest()


@pytest.mark.parametrize(
    "changed",
    [
        replace(RED, id="r3"),
        replace(RED, text="the circle is blue"),
        replace(RED, kind="whole"),
        replace(RED, must=False),
        replace(RED, weight=2.0),
        replace(RED, parents=()),
    ],
)
def test_no_field_of_a_requirement_changes_without_the_hash(changed: Requirement) -> None:
    frozen = Checklist((CIRCLE, RED))
    assert Checklist((CIRCLE, changed)).sha256 != frozen.sha256
    with pytest.raises(UsageError, match=r"checklist\.sha256"):
        Checklist((CIRCLE, changed), frozen.sha256)


def test_the_order_of_requirements_is_part_of_the_hash() -> None:
    assert Checklist((CIRCLE, RED)).sha256 != Checklist((RED, CIRCLE)).sha256


def test_a_weight_is_the_same_as_a_whole_number_or_not() -> None:
    assert Checklist((replace(CIRCLE, weight=2),)).sha256 == Checklist((replace(CIRCLE, weight=2.0),)).sha256


def test_a_requirement_is_found_by_its_id() -> None:
    checklist = Checklist((CIRCLE, RED))
    assert checklist["r2"] == RED
    with pytest.raises(KeyError):
        _ = checklist["r9"]


# -- sizes -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "size"), [("1024x768", (1024, 768)), (" 64 X 64 ", (64, 64)), ("512×512", (512, 512)), ("8*9", (8, 9))]
)
def test_a_size_is_read(text: str, size: tuple[int, int]) -> None:
    assert parse_size(text) == size


@pytest.mark.parametrize("text", ["", "1024", "1024x", "axb", "-1x5", "1024x768x3", "123456x1"])
def test_an_invalid_size_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match=r"^size: .* expected WIDTHxHEIGHT"):
        parse_size(text)


@pytest.mark.parametrize(
    ("text", "size"), [("1:1", (1024, 1024)), ("16:9", (1344, 768)), ("9:16", (768, 1344)), ("4:1", (2048, 512))]
)
def test_an_aspect_is_a_size_of_about_a_megapixel(text: str, size: tuple[int, int]) -> None:
    assert size_for_aspect(text) == size


@pytest.mark.parametrize("text", ["", "16", "1:0", "0:1", "5:1", "1:5", "a:b"])
def test_an_invalid_aspect_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match=r"^aspect: .* expected WIDTH:HEIGHT"):
        size_for_aspect(text)


def test_documents_with_dataclasses_in_them_are_encoded_as_ledgers_have_them() -> None:
    brief = Brief(text="a red circle", requirements=(CIRCLE, RED), avoid=("dogs",))
    assert json.dumps({"brief": brief}, default=fields_of) == json.dumps({"brief": asdict(brief)})
    with pytest.raises(TypeError):
        json.dumps({1: object()}, default=fields_of)
