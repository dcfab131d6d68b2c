"""The page in a real browser: nothing runs, nothing overflows, and everything is reached by keyboard."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from playwright.sync_api import Page

from onbrief.report import card, page
from tests.report import samples
from tests.report.browsing import Show, accessible, comes_back_to, sideways
from tests.report.hostile import MARKUP, MISCHIEF, PAYLOADS, run_of
from tests.report.samples import Pictured
from tests.report.test_page import palette

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("make", samples.SAMPLES.values(), ids=samples.SAMPLES)
def test_the_page_never_scrolls_sideways(show: Show, complaints: list[str], make: Callable[[], Pictured]) -> None:
    shown = show(page(*make()))
    assert ([sideways(shown, width) for width in (360, 390, 768, 1280, 1600)], complaints) == ([0] * 5, [])


MIXED = [*map("\n".join, zip(*[iter(MARKUP)] * 11, strict=True))]
REST = [pytest.param(payload, marks=pytest.mark.soak if number % 3 else ()) for number, payload in enumerate(MISCHIEF)]


@pytest.mark.parametrize("payload", [*MIXED, *REST], ids=range(19))
def test_hostile_texts_run_nothing_and_break_no_layout(show: Show, complaints: list[str], payload: str) -> None:
    shown = show(page(*run_of(payload)))
    facts = (shown.title()[:8], shown.evaluate("window.ran ?? null"), sideways(shown, 390), sideways(shown, 1280))
    assert (facts, complaints) == (("No pictu", None, 0, 0), [])


def test_a_card_with_hostile_texts_runs_nothing_even_without_a_policy(show: Show, complaints: list[str]) -> None:
    cards = "".join(card(*run_of(payload)) for payload in PAYLOADS)
    shown = show(f"<!doctype html><meta charset=utf-8><title>cards</title>{cards}", 700)
    assert (shown.title(), shown.evaluate("window.ran ?? null"), sideways(shown, 700), complaints) == ("cards", None, 0, [])


def test_a_script_that_got_in_anyway_would_not_run(show: Show) -> None:
    shown = show(page(*samples.single()))
    ran = shown.evaluate(
        "() => { const s = document.createElement('script'); s.textContent = 'window.ran = 1';"
        " document.body.append(s); return window.ran ?? null }"
    )
    assert ran is None


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_colours_follow_the_scheme(show: Show, scheme: str) -> None:
    shown = show(page(*samples.single()), color_scheme=scheme)
    paper, ink = (tuple(bytes.fromhex(palette(scheme)[name][1:])) for name in ("paper", "ink"))
    style = "(({backgroundColor, color}) => [backgroundColor, color])(getComputedStyle(document.body))"
    assert shown.evaluate(style) == [f"rgb{paper}", f"rgb{ink}"]


def test_the_first_key_offers_to_skip_to_the_report(show: Show) -> None:
    shown = show(page(*samples.passed()), reduced_motion="reduce")
    shown.keyboard.press("Tab")
    box = shown.locator(".skip").bounding_box()
    assert box
    assert box["y"] >= 0
    shown.keyboard.press("Enter")
    assert shown.evaluate("document.activeElement.id") == "main"


def test_the_keyboard_reaches_links_strips_and_findings_in_order_and_shows_where_it_is(show: Show) -> None:
    shown = show(page(*samples.single()))
    stops: list[tuple[str, bool]] = []
    for _ in range(5):
        shown.keyboard.press("Tab")
        where = "(e => [e.tagName + '.' + e.className, getComputedStyle(e)])(document.activeElement)"
        name, outline = shown.evaluate(f"(([name, style]) => [name, parseFloat(style.outlineWidth)])({where})")
        stops.append((name, outline >= 2))
    assert stops == [("A.skip", True), ("A.", True), ("DIV.strip", True), ("A.", True), ("SUMMARY.", True)]


def test_findings_open_with_a_key(show: Show) -> None:
    shown = show(page(*samples.single()))
    shown.locator("summary").first.focus()
    shown.keyboard.press("Enter")
    assert shown.locator(".findings li").first.is_visible()


def test_whatever_scrolls_is_reached_by_keyboard(show: Show) -> None:
    run, pictures = samples.twelve()
    prompts = tuple(
        replace(prompt, text=f"{prompt.text} {prompt.revision} {samples.SECOND.text * 30}") for prompt in run.prompts
    )
    for make in ((run, pictures), samples.five()):
        shown = show(page(replace(make[0], prompts=prompts[: len(make[0].prompts)]), make[1]), 390)
        shown.evaluate("document.querySelectorAll('details').forEach(e => (e.open = true))")
        scrolls = "e => ['auto', 'scroll'].includes(getComputedStyle(e).overflowY) && e.scrollHeight > e.clientHeight"
        found = shown.evaluate(f"[...document.querySelectorAll('main *')].filter({scrolls}).map(e => e.tabIndex)")
        assert len(found) >= 3
        assert set(found) == {0}


def test_a_strip_scrolls_by_itself(show: Show) -> None:
    shown = show(page(*samples.passed()), 390, reduced_motion="reduce")
    strip = shown.locator(".strip").first
    assert strip.evaluate("e => e.scrollWidth > e.clientWidth")
    shown.locator(".frame img").nth(2).scroll_into_view_if_needed()
    assert strip.evaluate("e => e.scrollLeft") > 0
    assert sideways(shown, 390) == 0


def test_everything_has_a_name_in_the_accessibility_tree(show: Show) -> None:
    shown = show(page(*samples.unmet()))
    named = {role: accessible(shown, role) for role in ("image", "link", "region", "heading", "DisclosureTriangle")}
    assert {role: len(names) for role, names in named.items()} == {
        "image": 11,
        "link": 12,
        "region": 10,
        "heading": 13,
        "DisclosureTriangle": 10,
    }
    assert [(role, name) for role, names in named.items() for name in names if not name.strip()] == []
    assert len(set(named["DisclosureTriangle"])) == 10


def test_attempts_stand_in_order_from_left_to_right_at_one_height(show: Show) -> None:
    shown = show(page(*samples.unmet()))
    boxes = [film.bounding_box() for film in shown.locator(".frame .film").all()]
    lefts = [box["x"] for box in boxes if box]
    heights = {round(box["height"]) for box in boxes if box}
    assert [lefts[row : row + 3] for row in range(0, 12, 3)] == [[lefts[0] + 288 * column for column in range(3)]] * 4
    assert len(heights) == 1


def test_attempts_are_as_wide_as_they_can_be_and_five_fit_a_page(show: Show) -> None:
    shown = show(page(*samples.five()))
    boxes = [frame.bounding_box() for frame in shown.locator(".frame").all()]
    rows = [[box for box in boxes[row : row + 5] if box] for row in range(0, 15, 5)]
    assert [len({round(box["y"]) for box in row}) for row in rows] == [1, 1, 1]
    assert all(box["x"] >= 0 and box["x"] + box["width"] <= 1280 for row in rows for box in row)
    assert shown.locator(".strip").first.evaluate("e => e.scrollWidth - e.clientWidth") == 0


def test_prompts_with_one_picture_each_share_rows(show: Show) -> None:
    shown = show(page(*samples.twelve()))
    films = shown.locator(".film")
    places = "all => all.map(e => e.getBoundingClientRect()).map(box => [box.y, box.x])"
    tops = [top for top, _ in films.evaluate_all(places)]
    assert [tops.count(top) for top in sorted(set(tops))] == [6, 6]
    assert shown.evaluate("document.documentElement.scrollHeight") < 9_855 / 3  # its height with one below the other
    assert sideways(shown, 390) == 0
    assert len({left for _, left in films.evaluate_all(places)}) == 1


def test_the_findings_stand_beside_the_best_picture(show: Show) -> None:
    shown = show(page(*samples.five()))
    picture, findings = (shown.locator(place).bounding_box() for place in (".chosen img", ".verdict"))
    assert picture
    assert findings
    assert findings["x"] + findings["width"] <= picture["x"]
    assert findings["y"] < picture["y"] + picture["height"]


def test_right_to_left_texts_begin_at_the_right(show: Show) -> None:
    shown = show(page(*samples.arabic()))
    style = "e => [getComputedStyle(e).direction, e.scrollWidth > 0]"
    assert shown.locator(".brief p").evaluate(style) == ["rtl", True]
    assert shown.locator(".prompt .text p").first.evaluate(style) == ["rtl", True]


def at(shown: Page) -> str:
    """The name of the picture that has the focus."""
    return shown.evaluate("document.activeElement.closest('.frame')?.querySelector('.edge span').textContent ?? ''")


def test_keys_lead_from_picture_to_picture_and_can_be_turned_off(show: Show) -> None:
    shown = show(page(*samples.passed()), 390)
    seen: list[str] = []
    for key in ("j", "ArrowRight", "ArrowRight", "j", "k", "ArrowLeft", "ArrowLeft", "k", "k"):
        shown.keyboard.press(key)
        seen.append(at(shown))
    assert seen == ["000-000", "000-001", "000-002", "001-000", "000-002", "000-001", "000-000", "000-000", "000-000"]
    assert shown.evaluate("parseFloat(getComputedStyle(document.activeElement).outlineWidth)") >= 2
    shown.keyboard.press("j")
    box = shown.locator(".frame").nth(1).bounding_box()
    assert box
    assert 0 <= box["x"] < 390
    shown.locator("#keys").uncheck()
    shown.keyboard.press("j")
    assert at(shown) == ""


def test_two_pictures_are_compared_with_keys_and_with_buttons(show: Show, complaints: list[str]) -> None:
    shown = show(page(*samples.unmet()))
    dialog = shown.locator("dialog")
    for key in ("j", "c", "j"):
        shown.keyboard.press(key)
    assert shown.locator("#said").inner_text() == "Picture 000-000 is chosen: choose another one to see both side by side."
    assert not dialog.is_visible()
    shown.keyboard.press("c")
    left, right = (box for picture in dialog.locator("img").all() if (box := picture.bounding_box()))
    assert left["x"] + left["width"] <= right["x"]
    assert round(left["y"]) == round(right["y"])
    assert dialog.locator("figcaption b").all_inner_texts() == ["000-000", "000-001"]
    assert [" ".join(row.split()) for row in dialog.locator("tbody tr").all_inner_texts()] == [
        "there is no text met met",
        "there is no birds met met",
        "a red boat on the lake differs met unmet",
        "two people in the boat unmet unmet",
        "snow on the mountains unmet unmet",
        "the moon above the left peak unmet unmet",
        "a reflection of the moon in the water differs unmet met",
    ]
    shown.keyboard.press("ArrowRight")
    assert dialog.locator("figcaption b").all_inner_texts() == ["000-000", "000-002"]
    shown.keyboard.press("Escape")
    assert not dialog.is_visible()
    comes_back_to(shown, "000-002", ".edge span")
    shown.locator(".frame .choose").nth(5).click()
    assert shown.locator(".frame .choose").nth(5).get_attribute("aria-pressed") == "true"
    shown.locator(".frame .choose").nth(4).click()  # one without a picture
    assert dialog.locator("figcaption b").all_inner_texts() == ["001-002", "001-001"]
    assert sideways(shown, 390) == 0
    dialog.locator(".close").click()
    assert not dialog.is_visible()
    assert complaints == []


def test_the_keyboard_leaves_the_dialog_of_two_pictures(show: Show) -> None:
    shown = show(page(*samples.five()))
    for key in ("j", "c", "j", "c", "Tab", "Tab", "Escape"):
        shown.keyboard.press(key)
    shown.locator("dialog").wait_for(state="hidden")
    comes_back_to(shown, "000-001", ".edge span")
    shown.keyboard.press("Tab")
    assert (at(shown), shown.evaluate("document.activeElement.tagName")) == ("000-001", "SUMMARY")


def test_without_a_script_the_page_is_whole_and_offers_no_keys(show: Show) -> None:
    shown = show(page(*samples.twelve()), java_script_enabled=False)
    assert shown.locator(".keys").is_hidden()
    assert shown.locator("button:visible").count() == 0
    shown.locator(".frame summary").nth(1).click()
    assert shown.locator(".frame .findings li").first.is_visible()


def test_print_is_on_white_and_shows_what_is_folded(show: Show) -> None:
    shown = show(page(*samples.twelve()), color_scheme="dark")
    shown.emulate_media(media="print")
    ground = "[document.body, document.querySelector('.film')].map(e => getComputedStyle(e).backgroundColor)"
    assert shown.evaluate(ground) == ["rgb(255, 255, 255)"] * 2
    assert [shown.locator(f"{gone}:visible").count() for gone in ("summary", "button", ".keys", ".cut")] == [0] * 4
    findings = shown.locator(".note .findings li")
    assert findings.count() == 12 * 7
    assert all(box and box["height"] > 20 for box in (findings.nth(n).bounding_box() for n in (0, 40, 83)))
    avoiding = "e => getComputedStyle(e).breakInside"
    assert {shown.locator(f"{whole}").first.evaluate(avoiding) for whole in (".film", "tr", "figure", ".findings li")} == {
        "avoid"
    }
    assert shown.pdf(format="A4").startswith(b"%PDF")
