from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw, ImageFont

from onbrief.report import fonts
from onbrief.report.bidi import in_visual_order, is_right_to_left, levels
from onbrief.report.formatting import shown
from onbrief.report.text import GAP, Letters, drawable
from tests.report.letters import bare, drawn, forget

__all__ = ["bare"]

SCRIPTS = {
    "ja": "月夜の湖に浮かぶ赤い小舟と看板",
    "zh": "月光下湖上的红色小船",
    "ko": "달빛 아래 호수 위의 빨간 배",
    "ar": "قارب أحمر على بحيرة جبلية",
    "fa": "قایق قرمز روی دریاچه‌ی کوهستانی",
    "he": "סירה אדומה על אגם הררי",
    "hi": "पहाड़ी झील पर लाल नाव",
    "th": "เรือสีแดงบนทะเลสาบ",
    "ru": "Красная лодка на горном озере",
    "emoji": "🚣🌕🏔👍🏽",
}


@pytest.mark.parametrize("text", SCRIPTS.values(), ids=SCRIPTS)
def test_every_script_is_drawn_with_the_fonts_of_the_extra(bare: None, text: str) -> None:
    assert drawable(text, 200) == text
    letters = sorted({character for character in text if unicodedata.category(character)[0] in "LSN"})
    pictures = {(drawn(character).size, drawn(character).tobytes()) for character in letters}
    assert len(pictures) == len(letters)  # a sign for missing letters would look the same for all
    missing = {drawn_missing(face) for face in {fonts.face_of(character) or 0 for character in letters}}
    assert not missing & {picture for _, picture in pictures}


def hebrew() -> Path:
    found = [path for path in fonts._packaged("manimgx_fonts") if path.name.startswith("NotoSansHebrew")]
    if not found:
        pytest.skip("onbrief[fonts] is not installed")
    return found[0]


def drawn_missing(face: int) -> bytes:
    spot = Image.new("L", (1600, 120))
    ImageDraw.Draw(spot).text((20, 80), "\U0010fffe", "white", fonts.font(face, 40), "ls")
    return spot.crop(spot.getbbox()).tobytes()


@pytest.mark.parametrize("word", ["قارب", "بحيرة", "جبلية"])
def test_arabic_letters_are_joined_from_right_to_left(bare: None, word: str) -> None:
    joined, apart = drawn(word), [drawn(letter) for letter in word]
    assert joined.width < sum(letter.width for letter in apart)
    assert joined.tobytes() not in (drawn("\u200c".join(word)).tobytes(), drawn(word[::-1]).tobytes())
    last = drawn(f"{word} A")  # what comes last is at the left
    assert last.crop((0, 0, 12, last.height)).getbbox() is not None
    assert is_right_to_left(word)


def test_vowels_and_conjuncts_of_devanagari_are_shaped(bare: None) -> None:
    assert drawn("कि").tobytes() != drawn("क").tobytes()
    assert drawn("क्ष").width < drawn("क").width + drawn("ष").width
    assert drawn("कि").width > drawn("क").width


def test_a_font_of_the_machine_comes_first(bare: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    packaged = hebrew()
    own = tmp_path / "fonts" / "NotoSansHebrew-Regular.ttf"
    own.parent.mkdir()
    own.write_bytes(packaged.read_bytes())
    (own.parent / "broken.ttf").write_bytes(b"not a font")
    monkeypatch.undo()
    monkeypatch.setattr(fonts, "_folders", lambda: iter([own.parent]))
    forget()
    face, other = fonts.face_of("ש"), fonts.face_of("क")
    assert face
    assert other
    assert fonts._faces()[face - 1] == str(own)
    assert "manimgx_fonts" in fonts._faces()[other - 1]
    forget()


def test_no_line_begins_with_a_mark_or_with_closing_punctuation(bare: None) -> None:
    for text in ("क्षत्रियकीर्तिमूर्तिपूर्तिस्फूर्ति" * 3, "月夜、湖。赤い舟、看板。" * 4, "👨‍👩‍👧👍🏽" * 8):
        lines = Letters(20).wrap(text, 90, 40)
        assert "".join(lines) == text
        assert all(unicodedata.category(line[0])[0] != "M" and line[0] not in "、。\u200d🏽" for line in lines)


def test_lines_of_a_paragraph_keep_its_direction(bare: None) -> None:
    lines = Letters(20).wrap("قارب أحمر على بحيرة OPEN 24 HOURS A DAY AND LONGER قارب", 150, 9)
    assert len(lines) > 3
    assert all(is_right_to_left(line) for line in lines)
    assert not any(is_right_to_left(line) for line in Letters(20).wrap("a sign that reads قارب أحمر على بحيرة جبلية", 150, 9))


def test_what_no_font_has_is_marked(bare: None) -> None:
    assert drawable("a sign that reads \U00012000\U00012001, on stone", 80) == f"a sign that reads {GAP}, on stone"


# -- order of drawing --------------------------------------------------------------------------------------------------

PARTS = st.sampled_from(["אבג", "של", "abc", "x", "12", "3", " ", " ", "-", ".", ",", "!", "%", "+", ":", "/", "ש\u05bc", "$"])


@example("אבג 12,3 של 4:5")
@example("של $12 אבג 30% abc 7+8 של")
@example("abc אבג 12-3 של.")
@settings(max_examples=120)
@given(st.lists(PARTS, min_size=1, max_size=12).map("".join))
def test_runs_are_drawn_in_the_order_of_fribidi(text: str) -> None:
    """Raqm orders a whole line with FriBidi, an implementation of its own."""
    text = shown(text)
    path = hebrew()
    font = ImageFont.truetype(str(path), 20)
    whole, parts = Image.new("L", (900, 40)), Image.new("L", (900, 40))
    plain = ["-kern"]
    direction = "rtl" if is_right_to_left(text) else "ltr"
    ImageDraw.Draw(whole).text((5, 30), text, 255, font, "ls", direction=direction, features=plain)
    x, runs = 5.0, list[tuple[int, str]]()
    for level, character in zip(levels(text), text, strict=True):
        if runs and runs[-1][0] == level:
            runs[-1] = (level, runs[-1][1] + character)
        else:
            runs.append((level, character))
    for level, run in in_visual_order(runs):
        direction = "rtl" if level % 2 else "ltr"
        ImageDraw.Draw(parts).text((x, 30), run, 255, font, "ls", direction=direction, features=plain)
        x += font.getlength(run, direction=direction, features=plain)
    difference = sum(abs(one - other) > 96 for one, other in zip(whole.tobytes(), parts.tobytes(), strict=True))
    assert difference < 12, (text, levels(text))


# -- lettering ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text", ["A red boat, two people.", "naïve “quotes” – 3 × 4 €", "W" * 300, "a b " * 200, "赤い舟と湖" * 50]
)
def test_no_line_is_wider_than_its_room(text: str) -> None:
    letters = Letters(20)
    lines = letters.wrap(drawable(text, 900), 400, 4)
    assert len(lines) <= 4
    assert max(letters.width(line) for line in lines) <= 400


def test_text_that_does_not_fit_ends_with_an_ellipsis() -> None:
    assert Letters(20).wrap("one two three four five six seven eight", 120, 2)[-1].endswith("…")


def test_text_that_fits_is_kept_whole() -> None:
    assert " ".join(Letters(20).wrap("one two three four five six", 120, 9)) == "one two three four five six"


def test_a_script_without_any_font_is_named_instead(bare: None) -> None:
    """Cuneiform, which none of these fonts has."""
    assert drawable("\U00012000\U00012001 \U00012002", 80) == "[text in another script]"


def test_latin_text_is_drawn_as_it_is() -> None:
    assert drawable("A red boat, two people: 100%", 80) == "A red boat, two people: 100%"


def test_signs_without_a_form_are_left_out() -> None:
    assert drawable("a\u200bb \ue000c", 80) == "ab c"
