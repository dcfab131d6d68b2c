from __future__ import annotations

import unicodedata
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onbrief.report.formatting import MAX_MARKS, clock, command, counted, duration, language, moment, money, shown


def test_white_space_is_folded() -> None:
    assert shown("  a\tred\n\n circle ") == "a red circle"


def test_control_characters_become_visible() -> None:
    assert shown("a\x00b\x1b[31mc\x7f\x9b") == "a␀b␛[31mc␡␡"


def test_controls_that_reorder_text_are_dropped() -> None:
    assert shown("safe\u202egnp.exe\u2066\u2069") == "safegnp.exe"


def test_halves_of_surrogates_and_noncharacters_are_replaced() -> None:
    assert shown("a\ud800b\uffffc\ufdd0d\U0001ffff") == "a\ufffdb\ufffdc\ufffdd\ufffd"


def test_piled_up_marks_are_thinned() -> None:
    assert shown("e" + "\u0301" * 500) == "e" + "\u0301" * MAX_MARKS


def test_long_text_is_cut_with_an_ellipsis() -> None:
    assert shown("abcdefghij", 5) == "abcd…"


def test_text_that_fits_is_not_cut() -> None:
    assert shown("abcde", 5) == "abcde"


def test_a_letter_is_not_cut_from_its_marks() -> None:
    assert shown("abce\u0301fgh", 5) == "abc…"


@given(st.text(), st.integers(2, 40))
def test_what_is_shown_can_always_be_written_and_fits(text: str, at_most: int) -> None:
    cut = shown(text, at_most)
    cut.encode("utf-8")
    assert len(cut) <= at_most
    assert {unicodedata.category(character) for character in cut} <= {
        *("Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Mc", "Me", "Nd", "Nl", "No", "Pc", "Pd", "Ps", "Pe", "Pi", "Pf", "Po"),
        *("Sm", "Sc", "Sk", "So", "Zs", "Cf", "Co", "Cn"),
    }


@pytest.mark.parametrize(
    ("text", "tag"),
    [
        ("赤い舟", "ja"),
        ("빨간 배", "ko"),
        ("红船", "zh"),
        ("סירה", "he"),
        ("κόκκινο", "el"),
        ("a red boat", ""),
        ("ein Boot", ""),
        ("月夜の山の湖", "ja"),
        ("قارب أحمر", "ar"),
        ("قایق قرمز روی دریاچه", "fa"),
        ("سرخ کشتی ہے", "ur"),
        ("красный круг", "ru"),
        ("червоне коло, яке має їжа", "uk"),
        ("дървен стол", ""),  # Bulgarian, whose letters are all in Russian too
        ("एक लाल वृत्त", "hi"),
        ("लाल वर्तुळ", "mr"),
        ("เรือสีแดง", "th"),
        ("a sign that reads 営業中 in red", ""),
        ("3 × 4", ""),
        ("", ""),
    ],
)
def test_a_script_of_one_language_gives_it_away(text: str, tag: str) -> None:
    assert language(text) == tag


@pytest.mark.parametrize(
    ("usd", "words"),
    [
        (None, "price not known"),
        (float("nan"), "price not known"),
        (0.0, "$0.00"),
        (0.00003, "under $0.0001"),
        (0.002, "$0.002"),
        (0.04, "$0.04"),
        (0.0425, "$0.0425"),
        (1.5, "$1.50"),
        (1234.5, "$1,234.50"),
    ],
)
def test_money(usd: float | None, words: str) -> None:
    assert money(usd) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.0, "0.0 s"),
        (59.94, "59.9 s"),
        (59.96, "1 min 0 s"),
        (72.4, "1 min 12 s"),
        (3599.6, "1 h 0 min"),
        (7380, "2 h 3 min"),
        (float("inf"), "not known"),
        (-1, "not known"),
    ],
)
def test_duration(seconds: float, words: str) -> None:
    assert duration(seconds) == words


def test_a_moment_is_formatted_in_utc() -> None:
    assert moment("2026-11-22T21:34:00+01:00") == datetime(2026, 11, 22, 20, 34, tzinfo=UTC)
    assert clock(datetime(2026, 11, 2, 20, 4, tzinfo=UTC)) == "2 November 2026, 20:04 UTC"


@pytest.mark.parametrize("text", ["", "<script>", "2026-99-01", "0001-01-01T00:00:00+23:59"])
def test_an_invalid_time_is_none(text: str) -> None:
    assert moment(text) is None


def test_things_are_counted() -> None:
    assert [counted(n, "picture") for n in (0, 1, 1200)] == ["0 pictures", "1 picture", "1,200 pictures"]


def test_a_command_is_quoted_for_the_shell() -> None:
    assert command("onbrief", "resume", "lake; rm -rf ~") == "onbrief resume 'lake; rm -rf ~'"
