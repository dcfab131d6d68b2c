"""The page in a real browser: nothing runs, nothing overflows, and everything is reached by keyboard."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from onbrief.report import card, page
from tests.report import samples
from tests.report.hostile import MARKUP, MISCHIEF, PAYLOADS, run_of
from tests.report.samples import Pictured
from tests.report.test_page import palette

pytestmark = pytest.mark.browser

CHROMIUM = os.environ.get("ONBRIEF_CHROMIUM") or shutil.which("chromium")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
Show = Callable[..., Page]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if not CHROMIUM:
        pytest.skip("no Chromium: install it, or name it in ONBRIEF_CHROMIUM")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def complaints() -> list[str]:
    """The messages on the browser's console, and all addresses that it requested except the page's own."""
    return []


@pytest.fixture
def show(browser: Browser, tmp_path: Path, complaints: list[str]) -> Iterator[Show]:
    contexts: list[Page] = []

    def open_page(html: str, width: int = 1280, **options: Any) -> Page:
        file = tmp_path / "report.html"
        file.write_text(html, encoding="utf-8")
        shown = browser.new_page(viewport={"width": width, "height": 900}, **options)
        contexts.append(shown)
        shown.on("console", lambda message: complaints.append(message.text))
        shown.on("pageerror", lambda error: complaints.append(str(error)))
        shown.on("dialog", lambda dialog: complaints.append(dialog.message))
        shown.goto(file.as_uri())
        shown.on("request", lambda request: complaints.append(request.url))
        return shown

    yield open_page
    for context in contexts:
        context.close()


def sideways(shown: Page, width: int) -> int:
    """Return by how many pixels the page is wider than a window of this width."""
    shown.set_viewport_size({"width": width, "height": 900})
    return shown.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")


@pytest.mark.parametrize("make", samples.SAMPLES.values(), ids=samples.SAMPLES)
def test_the_page_never_scrolls_sideways(show: Show, complaints: list[str], make: Callable[[], Pictured]) -> None:
    shown = show(page(*make()))
    assert ([sideways(shown, width) for width in (360, 390, 768, 1280, 1600)], complaints) == ([0] * 5, [])


@pytest.mark.parametrize("payload", [*map("\n".join, zip(*[iter(MARKUP)] * 11, strict=True)), *MISCHIEF], ids=range(19))
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


def test_a_strip_scrolls_by_itself(show: Show) -> None:
    shown = show(page(*samples.passed()), 390, reduced_motion="reduce")
    strip = shown.locator(".strip").first
    assert strip.evaluate("e => e.scrollWidth > e.clientWidth")
    shown.locator(".frame img").nth(2).scroll_into_view_if_needed()
    assert strip.evaluate("e => e.scrollLeft") > 0
    assert sideways(shown, 390) == 0


def accessible(shown: Page, role: str) -> list[str]:
    """The names of all nodes of a role in the accessibility tree."""
    session: Any = shown.context.new_cdp_session(shown)
    nodes: list[dict[str, Any]] = session.send("Accessibility.getFullAXTree")["nodes"]
    return [node["name"]["value"] for node in nodes if not node["ignored"] and node["role"]["value"] == role]


def test_everything_has_a_name_in_the_accessibility_tree(show: Show) -> None:
    shown = show(page(*samples.unmet()))
    named = {role: accessible(shown, role) for role in ("image", "link", "region", "heading", "DisclosureTriangle")}
    assert {role: len(names) for role, names in named.items()} == {
        "image": 11,
        "link": 12,
        "region": 10,
        "heading": 12,
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


def test_print_is_on_white_and_leaves_closed_findings_out(show: Show) -> None:
    shown = show(page(*samples.unmet()), color_scheme="dark")
    shown.locator("summary").first.click()
    shown.emulate_media(media="print")
    assert shown.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert shown.locator("summary:visible").count() == 0
    assert shown.locator("details:visible").count() == 1
