"""Everything shown is data: no text of a run makes an element, an attribute, or an address."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onbrief.record import Run
from onbrief.report import card, page, sheet
from onbrief.report.formatting import shown
from tests.report.hostile import MISCHIEF, PAYLOADS, run_of
from tests.report.outline import Outline

TEXTUAL = {"alt", "lang", "title"}
"""The attributes that hold data; every other one must be the same whatever the data is."""

Skeleton = list[tuple[str, list[tuple[str, str | None]]]]


def skeleton(outline: Outline) -> Skeleton:
    return [
        (tag, [(name, None if name in TEXTUAL else value) for name, value in attributes.items()])
        for tag, attributes in outline.elements
    ]


@cache
def harmless(draw: Callable[[Run, dict[str, bytes]], str], length: int) -> Skeleton:
    """The outline of the page with a harmless text of this length."""
    return skeleton(Outline(draw(*run_of("x" * length))))


def test_there_are_many_payloads() -> None:
    assert len(set(PAYLOADS)) >= 60


@pytest.mark.parametrize("payload", PAYLOADS, ids=range(len(PAYLOADS)))
def test_no_text_makes_an_element_or_an_attribute(payload: str) -> None:
    assert skeleton(Outline(page(*run_of(payload)))) == harmless(page, len(payload))


@pytest.mark.parametrize("payload", PAYLOADS, ids=range(len(PAYLOADS)))
def test_no_text_makes_an_element_in_the_card(payload: str) -> None:
    assert skeleton(Outline(card(*run_of(payload)))) == harmless(card, len(payload))


@pytest.mark.parametrize("payload", PAYLOADS, ids=range(len(PAYLOADS)))
def test_the_text_is_there_as_text(payload: str) -> None:
    run, pictures = run_of(payload)
    html = page(run, pictures)
    html.encode("utf-8")
    titles = [data for within, data in Outline(html).texts if within == "title"]
    assert "".join(titles) == f"No picture met every requirement: {shown(run.brief.text, 80)} · onbrief"


@settings(max_examples=40, deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=60))  # a brief has no halves of surrogate pairs
def test_no_text_at_all_makes_an_element_or_an_attribute(payload: str) -> None:
    assert skeleton(Outline(page(*run_of(payload)))) == harmless(page, len(payload))


@pytest.mark.parametrize("payload", MISCHIEF, ids=range(len(MISCHIEF)))
def test_any_text_can_be_lettered(payload: str) -> None:
    assert sheet(*run_of(payload)).startswith(b"\x89PNG")
