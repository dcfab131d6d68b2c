"""Properties of all scenes: sentences can be parsed back, written prompts can be painted, and faults are visible."""

from __future__ import annotations

from itertools import pairwise, permutations
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onbrief.questions.claims import Lettering
from onbrief_sandbox import world
from onbrief_sandbox.language import claims, composing, sentences, words
from onbrief_sandbox.language.checks import check
from onbrief_sandbox.language.grammar import parse, read
from onbrief_sandbox.language.words import STYLES
from onbrief_sandbox.scene import (
    COLOURS,
    ELEMENTS,
    THINGS,
    Box,
    Colour,
    Direction,
    Group,
    Place,
    Relation,
    Scene,
    Sight,
    Thing,
)
from onbrief_sandbox.world import atoms
from onbrief_sandbox.world.faults import faulty

CARDS = (
    "robot", "fluffy robot", "champagne glass", "jar of honey", "traffic cone", "butterfly", "ostrich", "cactus", "leaf",
    "goose", "tower", "computer screen", "stop light", "tiger", "building",
)  # fmt: skip
NOUNS = (*THINGS, *CARDS)
HOURS = {"day", "night", "sunset"}

Cell = tuple[int, int]
Laid = tuple[Scene, tuple[Cell, ...]]
"""A scene, and for each group a cell (column, row) of a 3 x 3 grid where it can be placed to meet every claim."""


def place_of(cell: Cell) -> list[Place | None]:
    column, row = cell
    across: tuple[Place | None, ...] = ("left", None, "right")
    down: tuple[Place | None, ...] = ("top", None, "bottom")
    return [None, across[column], down[row], "middle" if cell == (1, 1) else None]


def direction_of(one: Cell, other: Cell) -> Direction:
    if one[0] != other[0]:
        return "left of" if one[0] < other[0] else "right of"
    return "above" if one[1] < other[1] else "below"


@st.composite
def laid_scenes(draw: st.DrawFn) -> Laid:
    names = draw(st.lists(st.sampled_from(NOUNS), max_size=4, unique=True))
    kinds: list[tuple[str, Colour | None]] = []
    for name in names:
        colours = draw(st.lists(st.sampled_from(COLOURS), max_size=2, unique=True))
        kinds.extend((name, colour) for colour in colours or [None])
    every = [(column, row) for column in range(3) for row in range(3)]
    cells = draw(st.permutations(every))[: len(kinds)]
    groups: list[Group] = []
    for (noun, colour), cell in zip(kinds, cells, strict=True):
        numbered = draw(st.booleans())
        count = draw(st.integers(1, 9)) if numbered else draw(st.sampled_from((1, 3)))
        groups.append(Group(noun, count, colour, draw(st.sampled_from(place_of(cell))), numbered=numbered))
    pairs = list(pairwise(range(len(groups))))
    chosen = draw(st.lists(st.sampled_from(pairs), unique=True)) if pairs else []
    elements = draw(st.frozensets(st.sampled_from(ELEMENTS), max_size=5))
    taken: set[str] = {*names, *elements, "stars", "sun"} | {name.removesuffix("s") for name in elements & {"stars"}}
    absent = draw(st.frozensets(st.sampled_from([*NOUNS, *ELEMENTS, "red circle", "text"]), max_size=3)) - taken
    absent -= {"red circle"} if "circle" in names else set()
    lettering = draw(st.lists(st.from_regex(r"[A-Z0-9]{1,6}( [A-Z0-9]{1,6})?", fullmatch=True), max_size=2, unique=True))
    if any(Lettering(one).stands_in(other) for one, other in permutations(lettering, 2)):
        lettering = lettering[:1]  # else one can still be read where it was misspelt
    return Scene(
        groups=tuple(groups),
        relations=tuple(Relation(a, direction_of(cells[a], cells[b]), b) for a, b in chosen),
        background=draw(st.sampled_from((None, *COLOURS))),
        elements=elements,
        words=tuple(lettering),
        absent=absent - ({"text"} if lettering else set()),
        styles=draw(st.frozensets(st.sampled_from(STYLES), max_size=1)),
    ), tuple(cells)


def perfect_sight(laid: Laid) -> Sight:
    scene, cells = laid
    things: list[Thing] = []
    for group, (column, row) in zip(scene.groups, cells, strict=True):
        for number in range(group.count):
            x, y = (column + 0.2 + 0.06 * number) / 3, (row + 0.5) / 3
            things.append(Thing(group.noun, group.colour or "black", Box(x - 0.01, y - 0.01, x + 0.01, y + 0.01)))
    return Sight(tuple(things), scene.background, scene.elements, scene.words, scene.styles)


@settings(deadline=None)
@given(laid_scenes())
def test_every_sentence_reads_back_as_its_claim(laid: Laid) -> None:
    for claim in claims.of(laid[0]):
        assert sentences.read(sentences.sentence(claim)) == (claim,)


@settings(deadline=None)
@given(laid_scenes())
def test_a_picture_painted_without_flaws_meets_every_claim(laid: Laid) -> None:
    sight = perfect_sight(laid)
    assert [(c, check(c, sight)[1]) for c in claims.of(laid[0]) if not check(c, sight)[0]] == []


def numbered(group: Group) -> tuple[str, int | None]:
    """Return a noun and its number, as far as the words can tell: without a numeral, "fish" can be one or several."""
    return group.noun, None if not group.numbered and words.plural(group.noun) == group.noun else group.count


@settings(deadline=None)
@given(laid_scenes(), st.integers(0, 9_999), st.data())
def test_what_is_written_is_understood_as_all_that_was_asked(laid: Laid, wording: int, data: st.DataObject) -> None:
    asked = claims.of(laid[0])
    scene = claims.scene(asked)
    stressed = tuple(data.draw(st.lists(st.sampled_from(asked), max_size=2, unique=True))) if asked else ()
    text = composing.compose(composing.Ask(scene, stressed), wording)
    understood = parse(text, composing.negative(scene))
    assert set(asked) - set(claims.of(understood)) == set()
    assert {numbered(group) for group in understood.groups} == {numbered(group) for group in laid[0].groups}
    assert (understood.elements, sorted(understood.words)) == (scene.elements, sorted(scene.words))


@settings(deadline=None)
@given(laid_scenes())
def test_a_scene_is_rebuilt_from_its_claims(laid: Laid) -> None:
    assert set(claims.of(claims.scene(claims.of(laid[0])))) == set(claims.of(laid[0]))


@settings(deadline=None)
@given(laid_scenes(), st.integers(0, 2**32))
def test_a_wrong_atom_is_a_fault_that_shows(laid: Laid, seed: int) -> None:
    scene, cells = laid
    sight_of = {(g.noun, g.colour): cell for g, cell in zip(scene.groups, cells, strict=True)}
    for atom in atoms.atoms(scene):
        painted = faulty(scene, {atom: Random(seed)})  # noqa: S311 - no secret
        match atom.claim:
            case claims.Related() | claims.Placed():
                assert painted != scene
            case _:
                where = tuple(sight_of.get((g.noun, g.colour), (1, 1)) for g in painted.groups)
                assert check(atom.claim, perfect_sight((painted, where)))[0] is False


@settings(deadline=None)
@given(laid_scenes(), st.text(max_size=40), st.integers(0, 2**63))
def test_the_same_prompt_and_seed_give_the_same_picture(laid: Laid, text: str, seed: int) -> None:
    assert world.distort(laid[0], text, seed) == world.distort(laid[0], text, seed)


@settings(deadline=None)
@given(st.text(max_size=400), st.text(max_size=100))
def test_any_text_can_be_read(text: str, negative: str) -> None:
    scene = parse(text, negative)
    for claim in claims.of(scene):
        sentence = sentences.sentence(claim)
        assert len(sentence) < 100
        assert len(sentences.read(sentence) or ()) <= 3


WORDS = """fluffy next to beside holding riding between at least and black white
    a the no not is are and or of on left right side top middle background red orange circle circles star stars
    people cat sun horizon rising sky three one 12 some , . ; : ( ) :1.2) " ' word says there it in with without"""


@settings(deadline=None, max_examples=300)
@given(st.lists(st.sampled_from(WORDS.split()), max_size=60))
def test_any_string_of_known_words_can_be_read(tokens: list[str]) -> None:
    reading = read(" ".join(tokens))
    scene = reading.scene
    assert len(scene.groups) <= 12
    said = [sentences.statement(unread, scene) for unread in reading.unread if not unread.loose]
    assert [text for text in said if len(text) > 300 or sentences.read(text) is not None] == []
    assert all(len(sentences.sentence(claim)) < 100 for claim in claims.of(scene))


@pytest.mark.parametrize(
    "hostile",
    [
        "(" * 10_000, "((a:1.2)" * 1_500, '"' * 10_000, "'" * 10_000, "a " * 5_000, "of " * 3_300, "no a, " * 1_600,
        "the circle is " * 700, "left of " * 1_200, "." * 10_000, "1" * 10_000, "1.2" * 3_300, "red and " * 1_200,
        "x" * 10_000, "word " * 2_000, "\u0301" * 10_000, "a-" * 5_000, ":1.2)" * 2_000, ", " * 5_000, "𝔞" * 9_000,
        "the \u3042" + " " * 9_000, ", a" * 3_000 + "の", "\ud800" * 100,
    ],
)  # fmt: skip
def test_hostile_text_is_read_like_any_other(hostile: str) -> None:
    scene = parse(hostile, hostile)
    assert len(scene.groups) <= 12
    assert len(world.distort(scene, hostile, 1).groups) <= 12 + len(scene.absent)
    sentences.read(hostile)
