"""What a model of any catalogue is sent: what is left out, cut or changed, each with its warning."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onbrief.errors import UsageError
from onbrief.ports import ModelName
from onbrief.providers import drawing
from onbrief.providers.catalogue import Grid, ImageModelFacts, Option, Surcharge
from onbrief.providers.drawing import Chosen, Drawn
from onbrief.record import Prompt

SQUARE = (1024, 1024)
FACTS = ImageModelFacts(id="plain", title="Plain", usd=0.5, state="active", prompt=20, seeds=(1, 10))
OPTIONS = {
    "steps": Option(key="num_steps", low=1, high=50, whole=True, default=20),
    "style": Option(key="style", one_of=("oil", "ink")),
    "scale": Option(key="cfg", low=0, high=10),
}


def drawn(
    facts: ImageModelFacts, text: str = "a cat", negative: str = "", seed: int = 5, size: tuple[int, int] = SQUARE
) -> Drawn:
    return Chosen(facts, {}).drawn(Prompt(0, text, negative), size, seed)


def chosen(query: str, facts: ImageModelFacts = FACTS, others: tuple[str, ...] = ()) -> Chosen:
    return Chosen.of(ModelName.parse(f"maker:plain{query}", "image_model"), facts, ("timeout",), others)


# -- texts -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "sent"),
    [
        ("a (red:1.3) cat", "a red cat"),
        ("((cat:1.2))", "(cat)"),
        ("(a cat: .5), (dog :2)", "a cat, dog"),
        ("at (12:30), 16:9", "at (12:30), 16:9"),
        ("(16:9)", "(16:9)"),
        ("a (small) cat: 1.2", "a (small) cat: 1.2"),
    ],
)
def test_weights_are_words_for_a_model_that_takes_none(text: str, sent: str) -> None:
    made = drawn(replace(FACTS, prompt=100), text)
    assert (made.text, any("no weights" in warning for warning in made.warnings)) == (sent, text != sent)
    assert drawn(replace(FACTS, prompt=100, weights=True), text).text == text


def test_a_text_that_is_too_long_is_cut_between_words() -> None:
    made = drawn(FACTS, "a cat on a very old sofa")
    assert made.text == "a cat on a very old"
    assert made.warnings == ("Plain takes a prompt of 20 characters: the rest of 24 is left out",)
    assert drawn(FACTS, "猫" * 30).text == "猫" * 20


@given(st.text(), st.integers(1, 30))
def test_what_is_cut_is_a_beginning_that_fits(text: str, most: int) -> None:
    warnings: list[str] = []
    kept = drawing.cut("Plain", "prompt", text, most, warnings)
    assert text.startswith(kept)
    assert len(kept) <= most
    assert bool(warnings) == (len(text) > most)


def test_a_negative_text_is_left_out_cut_or_sent() -> None:
    assert drawn(FACTS, negative="rain").negative == ""
    assert drawn(FACTS, negative="rain").warnings == ("Plain takes no negative text: it is left out",)
    for most, sent in ((4, "rain"), (7, "rain"), (9, "rain snow")):
        assert drawn(replace(FACTS, negative=most), negative="rain snow").negative == sent


# -- seeds, sizes ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("seed", "sent"), [(1, 1), (10, 10), (0, 10), (11, 1), (25, 5)])
def test_a_seed_out_of_range_wraps_around_with_a_warning(seed: int, sent: int) -> None:
    made = drawn(FACTS, seed=seed)
    assert made.seed == sent
    assert bool(made.warnings) == (seed != sent)


def test_a_model_without_seeds_is_sent_none_and_says_so_before() -> None:
    without = replace(FACTS, seeds=None)
    assert (drawn(without).seed, drawn(without).warnings) == (None, ())
    assert Chosen(without, {}).check(SQUARE) == ("Plain takes no seed: the same prompt gives another picture each time",)


@pytest.mark.parametrize(
    ("shapes", "size", "shape", "warns"),
    [
        ({}, (1000, 700), (1000, 700), False),
        ({"sizes": (SQUARE, (1536, 1024))}, SQUARE, SQUARE, False),
        ({"sizes": (SQUARE, (1536, 1024))}, (1500, 1000), (1536, 1024), True),
        ({"aspect_ratios": ("1:1", "3:2")}, (1500, 1000), "3:2", False),
        ({"aspect_ratios": ("1:1", "3:2")}, (1600, 900), "3:2", True),
        ({"grid": Grid(step=16, low=64, high=2048, pixels=2**20, ratio=4)}, (1000, 700), (992, 704), True),
    ],
)
def test_a_size_that_a_model_cannot_make_is_the_nearest_with_a_warning(
    shapes: dict[str, Any], size: tuple[int, int], shape: object, warns: bool
) -> None:
    one = Chosen(replace(FACTS, **shapes), {})
    assert (one.drawn(Prompt(0, "a cat"), size, 5).shape, bool(one.check(size))) == (shape, warns)


def test_a_model_that_has_ended_says_so() -> None:
    ended = replace(FACTS, state="ended", ended=date(2026, 5, 1))
    assert Chosen(ended, {}).check(SQUARE) == ("Plain ended on 2026-05-01: it may be refused",)


# -- options, names and prices ---------------------------------------------------------------------------------------------


def test_options_are_sent_by_their_keys_with_their_defaults() -> None:
    facts = replace(FACTS, options=OPTIONS)
    assert chosen("?style=ink&scale=2.5&timeout=3", facts).drawn(Prompt(0, "a cat"), SQUARE, 5).options == {
        "num_steps": 20,
        "style": "ink",
        "cfg": 2.5,
    }


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("?steps=51", "steps in image_model: '51' is not allowed; expected a whole number from 1 to 50"),
        ("?steps=2.5", "expected a whole number"),
        ("?style=Ink", "expected one of oil ink"),
        ("?scale=x", "expected a number from 0 to 10"),
        ("?scale=nan", "expected a number from 0 to 10"),
        ("?colour=red", "the options scale, steps, style, timeout, not colour"),
    ],
)
def test_an_option_that_is_not_allowed_is_refused_with_what_is(query: str, told: str) -> None:
    with pytest.raises(UsageError) as caught:
        chosen(query, replace(FACTS, options=OPTIONS))
    assert told in str(caught.value)


def test_an_option_of_another_model_is_left_out_with_a_warning() -> None:
    one = chosen("?sampler=euler", others=("sampler",))
    assert one.check(SQUARE) == ("Plain does not take sampler=euler: it is left out",)
    assert one.drawn(Prompt(0, "a cat"), SQUARE, 5).options == {}


@pytest.mark.parametrize(
    ("wanted", "told"),
    [
        ("flux-2-por", "expected one of maker:flux-2-pro"),
        ("flux", "expected one of maker:flux-2-pro maker:acme/flux-2-max"),
        ("nothing-like-it", "expected one of maker:flux-2-pro maker:acme/flux-2-max maker:sketch"),
        ("", "expected one of maker:flux-2-pro maker:acme/flux-2-max maker:sketch"),
    ],
)
def test_an_unknown_model_is_refused_with_the_nearest_names_or_all(wanted: str, told: str) -> None:
    models = {name: replace(FACTS, id=name) for name in ("flux-2-pro", "acme/flux-2-max", "sketch")}
    assert drawing.find(ModelName("maker", "sketch"), models).id == "sketch"
    with pytest.raises(UsageError) as caught:
        drawing.find(ModelName("maker", wanted, setting="image_model"), models)
    assert str(caught.value).startswith("image_model: ")
    assert str(caught.value).endswith(told)


def test_the_price_is_that_of_the_options_and_of_the_size_that_is_made() -> None:
    facts = replace(
        FACTS,
        sizes=(SQUARE, (2048, 2048)),
        usd_more=0.1,
        options=OPTIONS,
        surcharges=(Surcharge(option="steps", above=30, usd=0.7), Surcharge(option="style", value="oil", usd=0.9)),
    )
    assert [chosen(query, facts).price(SQUARE) for query in ("", "?steps=40", "?steps=40&style=oil")] == pytest.approx(
        [0.6, 0.8, 1.0]
    )
    assert chosen("", facts).price() == chosen("", facts).price((2000, 2000)) == pytest.approx(0.9)
    assert chosen("", replace(facts, usd=None, surcharges=())).price() is None
