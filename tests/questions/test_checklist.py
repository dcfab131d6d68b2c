"""The question for a checklist, and how its answers are read."""

from __future__ import annotations

import json
from typing import Any

import pytest

from onbrief import questions
from onbrief.brief import MAX_REQUIREMENTS, Brief, Requirement
from onbrief.errors import Failed
from tests.questions.answers import BRIEF, SECOND, planned


def test_a_checklist_is_read_as_it_was_written() -> None:
    second = planned(id="c2", cites=["Three", "circles"], text="there are exactly three circles.", kind="count", parents=["c1"])
    assert questions.plan(BRIEF).read({"requirements": [planned(), second]}).requirements == (
        Requirement(id="c1", text="there are circles", kind="object"),
        Requirement(id="c2", text="there are exactly three circles.", kind="count", parents=("c1",)),
    )


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"kind": "feeling"}, r"requirements\[0\].kind: 'feeling' is not allowed; expected object or count"),
        ({"text": " "}, r"requirements\[0\].text"),
        ({"text": "x" * 501}, r"requirements\[0\]: requirement.text: .* expected at most 500 characters"),
        ({"id": "é 1"}, r"requirements\[0\]: requirement.id: 'é1'"),
        ({"id": None}, r"requirements\[0\].id: None"),
        ({"must": "perhaps"}, r"requirements\[0\].must: 'perhaps' is not allowed; expected true or false"),
        ({"parents": [["c9"]]}, r"requirements\[0\].parents\[0\]"),
    ],
)
def test_a_requirement_that_is_not_as_asked_for_is_refused(changed: dict[str, object], message: str) -> None:
    with pytest.raises(Failed, match=message):
        questions.plan(BRIEF).read({"requirements": [planned(**changed)]})


def test_a_citation_may_differ_in_case_width_and_spacing() -> None:
    brief = Brief(text="ＲＥＤ  circles,\nand 赤い円")
    read = questions.plan(brief).read({"requirements": [planned(cites=["red circles", "赤い 円"])]})
    assert len(read.requirements) == 1


@pytest.mark.parametrize(
    "answer",
    [
        {"requirements": json.dumps([planned(), SECOND])},
        json.dumps({"requirements": [planned(), SECOND]}),
        {"checklist": {"requirements": [planned(), SECOND]}},
        {"checklist": [planned(), SECOND]},
        {"checklist": json.dumps({"Requirements": [planned(), SECOND]})},
        [planned(), SECOND],
        [{"requirements": [planned(), SECOND]}],
        {"requirements": {"c1": planned(), "c2": SECOND}},
        {"requirements": [planned(must="True", kind="Object", parents=None), {**SECOND, "must": "yes", "Kind": "attribute."}]},
        {"requirements": [planned(id="C1"), {**SECOND, "id": "C 2", "parents": "c1"}]},
        {"requirements": [planned(id=1), {**SECOND, "id": 2, "parents": ["1", "c9", "c2"]}]},
        {"requirements": [planned(cites="red circles"), {**SECOND, "cites": json.dumps(["red", "circles"])}]},
    ],
)
def test_a_checklist_with_one_meaning_is_read_however_it_is_written(answer: Any) -> None:
    read = questions.plan(BRIEF).read(answer)
    assert read.requirements == (
        Requirement(id="c1", text="there are circles", kind="object"),
        Requirement(id="c2", text="the circles are red", kind="attribute", parents=("c1",)),
    )
    assert read.warnings == ()


def test_a_list_of_one_may_be_the_object_alone() -> None:
    assert questions.plan(BRIEF).read({"requirements": planned()}).requirements[0].id == "c1"


@pytest.mark.parametrize(
    ("cites", "told"),
    [
        (["three circles"], "cites “three circles”, which the brief says in other words"),  # of "Three red circles"
        (["a red circle", "blue squares"], "cites “a red circle”, “blue squares”, which is not in the brief"),
        (["Red Circle", "blue squares"], "cites “blue squares”, which the brief says in other words"),
        (["rote Kreise"], "cites “rote Kreise”, which is not in the brief"),
        ([], "cites no words of the brief"),
        (["circles red"], "cites “circles red”, which is not in the brief"),
    ],
)
def test_a_citation_that_is_not_verbatim_marks_its_requirement_and_refuses_nothing(cites: list[str], told: str) -> None:
    read = questions.plan(BRIEF).read({"requirements": [planned(cites=cites), SECOND]})
    assert [requirement.id for requirement in read.requirements] == ["c1", "c2"]
    assert read.warnings == (f"the requirement “there are circles” {told}",)


def test_ids_that_occur_twice_and_lists_without_a_must_are_refused() -> None:
    with pytest.raises(Failed, match=r"requirements\[1\].id: 'c1'"):
        questions.plan(BRIEF).read({"requirements": [planned(), planned()]})
    with pytest.raises(Failed, match="at least one that is a must"):
        questions.plan(Brief(text="red circles")).read({"requirements": [planned(must=False)]})
    assert questions.plan(BRIEF).read({"requirements": []}).requirements == ()  # dogs are to be avoided, which is a must


def test_more_than_a_checklist_can_take_is_refused() -> None:
    many = [planned(id=f"c{n}", text=f"there is a thing {n}") for n in range(MAX_REQUIREMENTS)]
    with pytest.raises(Failed, match=r"64 requirements.* at most 63 for this brief"):
        questions.plan(BRIEF).read({"requirements": many})
