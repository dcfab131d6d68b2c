"""No word of a brief is lost: a checklist with which a picture can pass asks for all that the brief says.

What counts as a word here, and which words say nothing by themselves, is decided in this file, and not by the planner.
"""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path

import pytest

from onbrief.brief import MAX_REQUIREMENT_CHARACTERS, MAX_REQUIREMENTS, Brief, Checklist, Requirement
from onbrief_sandbox.language.planner import requirements
from onbrief_sandbox.language.sentences import read
from tests.intake.test_briefs import BRIEFS, text_of

PROMPTS = (Path(__file__).parents[2] / "data" / "partiprompts" / "prompts.txt").read_text("utf-8").splitlines()

_FUNCTION = """
    a an the this that these those it its it's he him his she her hers they them their theirs i me my we us our you your one's
    itself himself herself themselves who whom whose which what where when while as than and or but nor so if because though
    also then there here is are was were be been being am isn't aren't do does did has have had having of in on at with to from
    for by into onto up out off s t very just can will would could should may might must some such any each every both all too
    visible"""
FUNCTION = set(_FUNCTION.split())
PICTURE = re.compile(r"^(?:an? |the )?(?:photo|photograph|picture|image|view)(?: of)?\b", re.IGNORECASE)
"""A brief may begin with a word for the picture itself: "a photo of a cat" asks for a cat."""

_NUMERALS = "zero one two three four five six seven eight nine ten eleven twelve"
NUMBERS = {word: str(n) for n, word in enumerate(_NUMERALS.split())}
IRREGULAR = {
    "people": "person", "men": "man", "women": "woman", "children": "child", "mice": "mouse", "feet": "foot", "teeth": "tooth",
    "leaves": "leaf", "wolves": "wolf", "shelves": "shelf", "knives": "knife", "geese": "goose",
}  # fmt: skip
NEGATIONS = {"no", "not", "without", "never"}
_TOKEN = re.compile(r"\d+(?:[.,:]\d+)*|[^\W\d_]+(?:'[^\W\d_]+)?|[^\w\s]")
_PUNCTUATION = set(".,;:!?\"'()[]{}-“”‘’„«»–—/…*#|`~>\\_")


def tokens(text: str) -> list[str]:
    plain = unicodedata.normalize("NFKD", text).replace("’", "'")
    return _TOKEN.findall("".join(c for c in plain if not unicodedata.combining(c)).casefold())


def forms(word: str) -> set[str]:
    """Return a word, the digits for a numeral, and what it can be the plural of."""
    word = IRREGULAR.get(NUMBERS.get(word, word), NUMBERS.get(word, word))
    endings = [("ies", "y"), ("es", ""), ("s", ""), ("'s", "")]
    return {word, *(word.removesuffix(end) + instead for end, instead in endings if word.endswith(end))}


def lost(brief: str, asked: tuple[Requirement, ...]) -> list[str]:
    """Return the words, numbers and signs of a brief that no requirement says."""
    said = {form for requirement in asked for word in tokens(requirement.text) for form in forms(word)}
    content = [word for word in tokens(PICTURE.sub("", brief)) if word not in FUNCTION and word not in _PUNCTUATION]
    return [word for word in content if not forms(word) & said and not (word in NEGATIONS and NEGATIONS & said)]


def can_pass(asked: tuple[Requirement, ...]) -> bool:
    """Return whether the eye can decide every requirement that a picture must meet."""
    return all(read(requirement.text) for requirement in asked if requirement.must)


def test_no_checklist_of_1632_prompts_that_can_pass_has_lost_a_word() -> None:
    assert len(PROMPTS) == 1632
    asked = {prompt: requirements(Brief(text=prompt)) for prompt in PROMPTS}
    passable = {prompt: those for prompt, those in asked.items() if can_pass(those)}
    assert {prompt: lost(prompt, those) for prompt, those in passable.items() if lost(prompt, those)} == {}
    assert len(passable) >= 500  # it is no merit to refuse them all


@pytest.mark.parametrize(
    ("text", "quoted"),
    [
        ("120 sheep on a hill", "120"), ("300 movie titles", "300"), ("a clock showing 3:47", "3:47"),
        ("3.5 apples", "3.5"), ("a price tag, $5", "$"), ("a cat, 50% off", "%"), ("two lakes and a moon", "two lakes"),
        ("a cat with a ♥", "♥"), ("a cat 🐱", "🐱"), ('a mug that says "I ♥ NY"', "♥"),
        ('a sign that says "we are open every day until late in the evening"', "late in the evening"),
        ("apple, pear, plum, cherry, grape, fig, kiwi, lime, lemon, melon, mango, peach, quince, papaya, banana", "papaya"),
        ("een rode fiets tegen een witte muur", "rode"), ("drie honden", "drie"), ("ett rött hus vid en sjö", "hus"),
        ("czerwony dom nad jeziorem i drzewo", "jeziorem"),
        ("a woman with an umbrella", "woman"), ("a cottage", "cottage"), ("a full moon", "full"),
        ("a horse standing on an elephant", "standing"), ("a heart made of wood", "made of"),
        ("an oil painting of a cat", "oil painting"), ("an aerial view of a lake", "aerial view"),
        ("the word 'START' on a blue shirt", "on the shirt"), ("no big dogs, a cat", "no big dogs"),
        ("a shelf without a cup with a handle", "no cup with a handle"), ("a robot gives a cat a book", "gives"),
        ("a stop sign with a tree behind it", "behind the stop sign"), ("sunset over the sea", "over"),
        ("a black and white cat", "black and white"), ("a blue swirl above a dashed line", "dashed"),
        ("a kitchen with a sink under the shelf in the corner", "corner"), ("a row of houses", "row"),
        ("a very long and supercalifragilisticexpialidocious word-like thing", "supercalifragilisticexpialidocious"),
    ],
)  # fmt: skip
def test_what_cannot_be_drawn_or_decided_is_quoted_and_never_passes(text: str, quoted: str) -> None:
    asked = requirements(Brief(text=text))
    undecided = [requirement.text for requirement in asked if requirement.must and not read(requirement.text)]
    assert any(quoted in said for said in undecided), asked
    assert lost(text, asked) == []


@pytest.mark.parametrize(
    ("text", "musts"),
    [
        ("a mug on a sofa", ["there is a mug", "there is a sofa", "the mug is above the sofa"]),
        ("a cup under a bike", ["there is a cup", "there is a bike", "the cup is under the bike"]),
        ("a lighthouse by the ocean at dusk", ["there is a lighthouse", "there is an ocean", "it is dusk"]),
        ("a towel with a cat on it", ["there is a towel", "there is a cat", "the cat is above the towel"]),
        ("a pair of scissors", ["there is a pair of scissors"]),
        ("a pair of cups", ["there are cups", "there is a pair of cups"]),
        ("a rainbow in the sky", ["there is a rainbow in the sky"]),
        ("a concert without fans", ["there is a concert", "there is no fan"]),
    ],
)  # fmt: skip
def test_what_can_be_decided_is_asked_for_in_the_words_of_the_brief(text: str, musts: list[str]) -> None:
    asked = requirements(Brief(text=text))
    assert [requirement.text for requirement in asked if requirement.must] == musts
    assert can_pass(asked)


@pytest.mark.parametrize("case", BRIEFS, ids=lambda case: " ".join(text_of(case).split())[:40])
def test_no_word_of_a_brief_that_people_write_is_lost(case: dict[str, str]) -> None:
    brief = Brief(text=text_of(case))
    asked = requirements(brief)
    assert not can_pass(asked) or lost(brief.text, asked) == []
    assert len(Checklist.freeze(asked, brief).requirements) <= MAX_REQUIREMENTS
    assert all(len(requirement.text) <= MAX_REQUIREMENT_CHARACTERS for requirement in asked)
