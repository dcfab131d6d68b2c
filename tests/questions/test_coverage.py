"""Coverage: no part of a brief is lost silently, and nothing that is there is said to be lost."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onbrief.brief import Brief, Kind, Requirement
from onbrief.ports import OpenQuestion, Planned
from onbrief.questions import coverage
from onbrief.questions.claims import Absence, Count, Lettering, claim

T = TypeVar("T")
REAL = Path(__file__).parents[2] / "benchmarks" / "data" / "real"
BRIEFS: dict[str, str] = json.loads((REAL / "briefs.json").read_text())
LISTS = sorted(path.stem for path in (REAL / "checklists").glob("*.json"))


@dataclass(frozen=True)
class Listed:
    """A brief and a checklist with its citations."""

    text: str
    requirements: tuple[Requirement, ...]
    cites: tuple[tuple[str, ...], ...]

    def without(self, at: int) -> Listed:
        return replace(self, requirements=_cut(self.requirements, at), cites=_cut(self.cites, at))

    def uncited(self, at: int) -> Listed:
        return replace(self, cites=(*self.cites[:at], (), *self.cites[at + 1 :]))

    def saying(self, at: int, text: str, kind: Kind) -> Listed:
        changed = replace(self.requirements[at], text=text, kind=kind)
        return replace(self, requirements=(*self.requirements[:at], changed, *self.requirements[at + 1 :]))

    def check(self) -> coverage.Coverage:
        return coverage.check(Brief(text=self.text), Planned(self.requirements, cites=self.cites))


def _cut(items: tuple[T, ...], at: int) -> tuple[T, ...]:
    return (*items[:at], *items[at + 1 :])


def real(name: str) -> Listed:
    """A checklist that a language model wrote for a brief, as it is."""
    found = json.loads((REAL / "checklists" / f"{name}.json").read_text())["requirements"]
    requirements = tuple(Requirement(id=r["id"], text=r["text"], kind=r["kind"], must=r["must"]) for r in found)
    return Listed(BRIEFS[name], requirements, tuple(tuple(r["cites"]) for r in found))


def listed(text: str, *requirements: tuple[str, str, Kind]) -> Listed:
    """A checklist of requirements that are each a text, its citation and a kind."""
    made = tuple(Requirement(id=f"c{n}", text=text, kind=kind) for n, (text, _, kind) in enumerate(requirements, 1))
    return Listed(text, made, tuple((cited,) if cited else () for _, cited, _ in requirements))


@pytest.mark.parametrize("name", LISTS)
def test_a_real_checklist_lacks_nothing(name: str) -> None:
    assert real(name).check() == coverage.Coverage()


# -- planted losses ----------------------------------------------------------------------------------------------------


def words(text: str) -> set[str]:
    return set(re.findall(r"[a-z0-9#]{4,}|[^\x00-\x7f]+", text.casefold())) - {"that", "with", "there"}


def losses(name: str) -> Iterator[tuple[str, str, Listed]]:
    """Every loss of each kind that can be planted in a list, by rules that know nothing of how coverage is checked."""
    whole = real(name)
    for at, requirement in enumerate(whole.requirements):
        text, cited = requirement.text, words(" ".join(whole.cites[at]))
        if text == "the picture is square":  # the shape is a matter of the order
            continue
        other_texts = words(" ".join(r.text for r in _cut(whole.requirements, at)))
        other_cites = words(" ".join(" ".join(cites) for cites in _cut(whole.cites, at)))
        foreign = {w for w in cited if not w.isascii() and not any(w in other or other in w for other in other_cites)}
        if (cited & words(text)) - other_texts or foreign:
            yield "a requirement taken out", text, whole.without(at)
        if (cited & words(text)) - other_cites or foreign:
            yield "a citation cut", text, whole.uncited(at)
        if requirement.kind == "count":
            for number in ("three", "four", "six", "seven"):
                yield (
                    "a number changed",
                    f"{number}: {text}",
                    whole.saying(at, re.sub(r"exactly \w+", f"exactly {number}", text), "count"),
                )
        elif (match := re.fullmatch(r"there (?:is an?|are) (\w+)", text)) and " ".join(whole.cites[at]).isascii():
            yield "a number changed", text, whole.saying(at, f"there are exactly three {match[1]}", "count")
        if match := re.fullmatch(r"there (?:is|are) no (.+)", text):
            yield "a negation turned", text, whole.saying(at, f"there are {match[1]}", "object")
        elif match := re.fullmatch(r"there (?:is an?|are) (.+)", text):
            yield "a negation turned", text, whole.saying(at, f"there is no {match[1]}", "absence")


ALL = {
    kind: [(name, what, plant) for name in LISTS for of, what, plant in losses(name) if of == kind]
    for kind in ("a requirement taken out", "a number changed", "a negation turned", "a citation cut")
}
PLANTED = [(kind, *ALL[kind][n * len(ALL[kind]) // 15]) for kind in ALL for n in range(15)]  # 15 of each, evenly over the lists


@pytest.mark.parametrize(("kind", "name", "what", "plant"), PLANTED, ids=[f"{p[0]}-{p[1]}-{p[2]}" for p in PLANTED])
def test_a_planted_loss_is_found(kind: str, name: str, what: str, plant: Listed) -> None:
    assert plant.check() != coverage.Coverage()


@pytest.mark.soak
def test_every_loss_of_these_kinds_is_found() -> None:
    assert sum(map(len, ALL.values())) > 480
    assert [plant[:2] for plants in ALL.values() for plant in plants if plant[-1].check() == coverage.Coverage()] == []


# -- what is covered and what is not -----------------------------------------------------------------------------------

POSTER = "a concert poster, a guitar, a drum, a piano, a trumpet, a violin, a lamp, a curtain, a red carpet, a dog, two cats"


@pytest.mark.parametrize(
    ("brief", "requirements", "missing"),
    [
        (POSTER, [("the poster shows all that the brief asks for", POSTER, "whole")], 11),
        (POSTER, [("there is a concert poster", POSTER, "object")], 10),
        ("a cat on a sofa", [], ("a cat", "a sofa")),
        ("no people", [("there are people", "no people", "object")], ("no people",)),
        ("two cups", [("there are exactly three cups", "two cups", "count")], ("two cups",)),
        ("two cups", [("there are cups", "two cups", "object")], ("two cups",)),
        ("a scar and a car", [("there is a scar", "scar", "object")], ("a car",)),
        ("a car and a scar", [("there is a car", "car", "object")], ("a scar",)),
        (
            "a red car, a red scarf",
            [("there is a car", "car", "object"), ("the car is red", "red", "attribute"), ("a scarf", "scarf", "object")],
            ("a red scarf",),
        ),
        (
            "a dark room without any windows, doors or lamps",
            [
                ("there is a room", "room", "object"),
                ("the room is dark", "dark room", "attribute"),
                ("there are no windows", "without any windows", "absence"),
                ("there are no doors", "doors", "absence"),
            ],
            ("without lamps",),
        ),
        ('a sign "OPEN"', [("there is a sign", 'sign "OPEN"', "object")], ('"OPEN"',)),
        ('sign "OPEN"', [("there is a sign", "sign", "object"), ('the word "OPNE" can be read', "OPEN", "text")], ('"OPEN"',)),
        ("draw a picture of a cat", [], ("a cat",)),
        ("die zwei roten Tassen", [("there are exactly three cups", "zwei Tassen", "count")], ("zwei roten Tassen",)),
        ("la rue sans voitures", [("there is a street", "rue", "object"), ("a car", "voitures", "object")], ("sans voitures",)),
        ("三只猫", [("there are cats", "猫", "object"), ("there are exactly four cats", "三只", "count")], ("三只",)),
        ("没有人", [("there are people", "没有人", "object")], ("没有人",)),
        ("りんごと月", [("there is a moon", "月", "object")], ("りんご",)),
        ("круг и квадрат", [("there is a circle", "круг", "object")], ("квадрат",)),
    ],
)  # fmt: skip
def test_what_is_missing_is_named_in_the_words_of_the_brief(
    brief: str, requirements: list[tuple[str, str, Kind]], missing: int | tuple[str, ...]
) -> None:
    found = listed(brief, *requirements).check().missing
    assert (len(found) if isinstance(missing, int) else found) == missing


@pytest.mark.parametrize(
    ("brief", "requirements"),
    [
        (
            "a red circle left of a blue square, 16:9 --ar 16:9 --v 6, (cat:1.2), 1024x768, square format, landscape",
            [("there is a red circle", "red circle", "object"), ("there is a blue square", "blue square", "object"),
             ("the circle is left of the square", "left of", "relation"), ("there is a cat", "cat", "object")],
        ),
        (
            "a bald man in an empty street, his hound asleep",
            [("there is a man", "man", "object"), ("the man has no hair", "bald", "attribute"),
             ("there is a street", "street", "object"), ("there is a dog", "hound", "object"),
             ("there are no people or cars on the street", "empty street", "absence"),
             ("the dog is sleeping", "asleep", "action")],
        ),
        ("a sign that says OPEN", [("there is a sign", "sign", "object"), ('the word "OPEN" can be read', "OPEN", "text")]),
        (
            "A man kneads the dough. The man's hands are in the dough.",
            [("there is a man", "A man", "object"), ("the man is kneading dough", "kneads the dough", "action"),
             ("the man's hands are in the dough", "hands", "relation")],
        ),
        (
            "zwei rote Tassen auf einem Tisch, keine Menschen",
            [("there are exactly two cups", "zwei rote Tassen", "count"), ("the cups are red", "rote", "attribute"),
             ("the cups are on a table", "auf einem Tisch", "relation"), ("there is no person", "keine Menschen", "absence")],
        ),
        (
            "une chambre sans fenêtre avec deux chats noirs",
            [("there is a room", "une chambre", "object"), ("there are exactly two cats", "deux chats", "count"),
             ("the cats are black", "noirs", "attribute"), ("there is no window", "sans fenêtre", "absence")],
        ),
        (
            "三只红色的猫坐在桌子上，没有人",
            [("there are exactly three cats", "三只红色的猫", "count"), ("the cats are red", "红色", "attribute"),
             ("the cats are sitting on the table", "坐在桌子上", "action"), ("there is no person", "没有人", "absence")],
        ),
        (
            "красный круг слева от синего квадрата",
            [("there is a red circle", "красный круг", "object"), ("the circle is left of the square", "слева от", "relation"),
             ("there is a blue square", "синего квадрата", "object")],
        ),
    ],
)  # fmt: skip
def test_what_is_there_in_other_words_or_belongs_to_the_order_is_not_missing(
    brief: str, requirements: list[tuple[str, str, Kind]]
) -> None:
    assert listed(brief, *requirements).check() == coverage.Coverage()


def test_a_requirement_that_says_otherwise_than_its_citation_is_named() -> None:
    wrong = listed(
        "no people, two cups",
        ("there are people", "no people", "object"),
        ("there are exactly three cups", "two cups", "count"),
    )
    assert wrong.check().contradicting == ((0, "no people"), (1, "two cups"))
    invented = listed(
        "cups on a table", ("there are exactly four cups", "cups", "count"), ("there is a table", "on a table", "object")
    )
    assert invented.check().contradicting == ((0, "cups"),)


def test_the_users_own_requirements_things_to_avoid_and_open_questions_cover_too() -> None:
    text = "a cat on a sofa in daytime at sunset, no dogs"
    own = (Requirement(text="there is a cat"), Requirement(text="the sofa is there"))
    open_ = (OpenQuestion("in daytime", "day or sunset?", "sunset"),)
    planned = Planned((Requirement(id="c1", text="it is sunset"),), cites=(("at sunset",),), questions=open_)
    assert coverage.check(Brief(text=text, requirements=own, avoid=("dogs",)), planned) == coverage.Coverage()
    assert coverage.check(Brief(text=text), replace(planned, questions=())).missing == ("a cat", "a sofa", "daytime", "no dogs")
    alone = Brief(text=text, requirements=own[:1])
    assert coverage.check(alone, Planned((), cites=())).missing == ("a sofa", "daytime", "sunset", "no dogs")


def test_without_citations_nothing_is_checked() -> None:
    assert coverage.check(Brief(text="a cat"), Planned(())) == coverage.Coverage()


@pytest.mark.parametrize(
    ("phrase", "form"),
    [
        ("no people", Absence("people")),
        ("without any lamps", Absence("lamps")),
        ("two cups", Count("cups", 2)),
        ("“Open late”", Lettering("Open late")),
        ("500 ml", "the picture shows 500 ml"),
        ("a blue maxi skirt", "the picture shows a blue maxi skirt"),
        ("нет людей", "the picture shows нет людей"),
    ],
)
def test_the_briefs_own_words_are_a_must_in_a_form_that_can_be_judged(phrase: str, form: object) -> None:
    requirement = coverage.in_own_words(phrase)
    assert requirement.must
    assert (requirement.text if isinstance(form, str) else claim(requirement)) == form


@given(
    st.text(min_size=1, max_size=80).filter(str.strip),
    st.lists(st.tuples(st.text(min_size=1, max_size=30), st.text(max_size=20)), max_size=4),
)
def test_any_text_can_be_checked_and_what_is_missing_becomes_requirements(brief: str, said: list[tuple[str, str]]) -> None:
    brief = brief.encode("utf-8", "replace").decode()
    requirements: list[tuple[str, str, Kind]] = [(t, cited, "object") for t, cited in said if t.strip() and t.isprintable()]
    for phrase in listed(brief, *requirements).check().missing:
        assert coverage.in_own_words(phrase).text


# -- briefs written as image generators are prompted -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("brief", "missing"),
    [
        ("a lighthouse at night, octane render, unreal engine 5, 8k, trending on artstation", ("a lighthouse", "night")),
        ("a red fox, dslr, 85mm lens, f/1.8, hdr, 8 k resolution, sharp focus, intricate details", ("a red fox",)),
        ("a camera body, a lens, an engine, a sharp knife", ("a camera body", "a lens", "an engine", "a sharp knife")),
        ("a close-up of a high-contrast wall", ("a close-up", "high-contrast wall")),
        ("a castle, art by craig mullins and studio ghibli", ("a castle", "art", "by craig mullins and studio ghibli")),
        ("a photo by annie leibovitz of a cat", ("a photo", "by annie leibovitz", "a cat")),
        ("a house by the sea, by two old roads, lit by candle light",
         ("a house", "the sea", "two old roads", "lit", "candle light")),
    ],
)  # fmt: skip
def test_praise_and_programs_ask_for_nothing_and_a_credit_is_one_part(brief: str, missing: tuple[str, ...]) -> None:
    assert listed(brief).check().missing == missing


def test_a_credit_is_a_style_that_is_nice_to_have() -> None:
    wanted = Requirement(text="the picture is in the style of greg rutkowski", kind="style", must=False)
    assert coverage.in_own_words("by greg rutkowski") == wanted
    assert coverage.in_own_words("by the sea").must
