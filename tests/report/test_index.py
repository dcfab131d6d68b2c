"""The page of a batch: what it holds, and what people do with it in a real browser."""

from __future__ import annotations

import asyncio
import json
import re
import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from onbrief.batches.outputs import BatchOutputs
from onbrief.report import index, index_thumbnail
from onbrief.report.formatting import shown
from onbrief.results import Result, Summary
from onbrief.store import open_bucket
from tests.buckets import Service, new_place
from tests.report.browsing import Show, accessible, comes_back_to, sideways
from tests.report.hostile import PAYLOADS
from tests.report.outline import Outline
from tests.report.samples import paint
from tests.report.test_page import contrast, palette, source

TEXTS = (
    "a red boat on a lake, snow on the mountains",
    "two owls on a branch, no people",
    "Café crème on a marble table, Ångström lamp behind it",
    "湖の上の赤い船",
    "مزهرية حمراء على طاولة زرقاء",
    "a very long brief " * 40,
)
OUTCOMES = ("passed", "unmet", "passed", "failed", "passed", "blocked", "passed", "invalid")


def result(n: int, **facts: Any) -> Result:
    outcome = OUTCOMES[n % len(OUTCOMES)]
    drawn = outcome in ("passed", "unmet")
    usual: dict[str, Any] = {
        "id": f"row-{n}",
        "number": n + 2,
        "text": TEXTS[n % len(TEXTS)],
        "outcome": outcome,
        "reason": "" if outcome == "passed" else f"why {outcome}",
        "run_id": "" if outcome == "invalid" else f"run-{n}",
        "picture": f"run-{n}/000-000.png" if drawn else "",
        "thumbnail": f"run-{n}/thumbnail.webp" if drawn else "",
        "report": "" if outcome == "invalid" else f"run-{n}/report.html",
        "width": 96 if drawn else 0,
        "height": 64 if drawn else 0,
        "unmet": ("two boats", "the moon") if outcome == "unmet" else (),
        "reserved": ("a red lamp",) if n % 16 == 2 else (),
        "model": ("model:one", "model:two")[n % 3 == 0] if drawn else "",
        "images": n % 7,
        "usd": 0.01 * (n % 11),
        "seconds": float(n % 13),
        "ended": f"2026-11-29T01:{n // 60 % 60:02d}:{n % 60:02d}.000Z",
    }
    return Result(**(usual | facts))


def batch(count: int = 24, **facts: Any) -> list[Result]:
    return [result(n, **facts) for n in range(count)]


def hostile() -> list[Result]:
    return [
        result(n, id=text, text=text, reason=text, unmet=(text,), reserved=(text,), outcome="unmet", model=text, picture="")
        for n, text in enumerate(PAYLOADS)
    ]


def written(results: Sequence[Result], thumbnails: Mapping[str, bytes] | None = None, **about: Any) -> str:
    usual: dict[str, Any] = {
        "started": "2026-11-28T22:00:00Z",
        "ended": "2026-11-29T06:10:00Z",
        "seconds": 4000.0,
        "limits": {"max_total_usd": 20.0},
    }
    return index(results, Summary.of("shop", results, **(usual | about)), thumbnails)


def embedded(results: Sequence[Result]) -> dict[str, bytes]:
    small = index_thumbnail(paint(1, (96, 64)))
    assert small
    return {result.thumbnail: small for result in results if result.thumbnail}


def data_of(html: str) -> dict[str, Any]:
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', html, re.DOTALL)
    assert found
    return json.loads(found[1])


# -- what the page holds -------------------------------------------------------------------------------------------------


def test_without_its_script_the_page_says_how_the_batch_went_and_links_to_its_rows() -> None:
    outline = Outline(written(batch(100), briefs=120))
    for text in (
        "50 of 108 briefs passed",
        "20 not done yet: the same command resumes the batch.",
        "12 rows of the file are not briefs.",
        "The first 60 of 100 briefs; all of them are in results.csv .",
        "of $20.00",
    ):
        assert text in outline.text
    links = [link.get("href") for link in outline.all("a")]
    assert {"results.csv", "summary.json", "run-0/000-000.png", "run-3/report.html", "run-59/report.html"} <= set(links)
    assert "run-60/report.html" not in links
    assert {image.get("loading") for image in outline.all("img")} == {"lazy"}


def test_a_small_batch_is_whole_in_its_html_with_its_thumbnails() -> None:
    results = batch(100)
    html = written(results, embedded(results))
    outline = Outline(html)
    assert sum(item.get("data-n") is not None for item in outline.all("li")) == 101  # with the one that is copied
    assert {str(image["src"])[:23] for image in outline.all("img")} == {"data:image/webp;base64,"}
    assert "The first" not in outline.text
    assert html.count("data:image/webp") == sum(bool(each.thumbnail) for each in results)


def test_what_is_unknown_is_said() -> None:
    results = [result(0, usd=None, unknown_calls=2), result(1)]
    text = Outline(written(results)).text
    assert "Cost at least $0.01" in text
    assert "price not known" in text
    assert "Calls with unknown outcome 2" in text
    empty = Outline(written([], ended=None)).text
    assert "0 of 0 briefs passed" in empty
    assert "No brief has a result yet." in empty


def test_a_row_says_in_plain_words_what_is_wrong() -> None:
    html = written([result(1), result(1, unmet=("two boats",)), result(2), result(3), result(7), result(0)])
    assert data_of(html)["why"] == ["two boats, and 1 more", "two boats", "a red lamp", "why failed", "why invalid", ""]
    says = data_of(html)["says"]
    assert [says[n][0] for n in data_of(html)["said"]] == [
        "Unmet: 2 requirements",
        "Unmet: 1 requirement",
        "Passed with 1 reservation",
        "Stopped by an error",
        "Not a brief",
        "Passed",
    ]


@pytest.mark.parametrize(
    ("key", "path"),
    [
        ("run-0/a b#1?x=2%41.png", "run-0/a%20b%231%3Fx%3D2%2541.png"),
        ("javascript:alert(1)//x.png", "javascript%3Aalert%281%29//x.png"),
        ("//example.invalid/x.png", "example.invalid/x.png"),
        ("湖/é.png", "%E6%B9%96/%C3%A9.png"),
    ],
)
def test_every_path_is_relative_and_encoded(key: str, path: str) -> None:
    outline = Outline(written([result(0, picture=key)]))
    assert next(link["href"] for link in outline.all("a") if link.get("class") == "window") == path


def test_every_hostile_text_stays_a_text() -> None:
    html = written(hostile())
    data = data_of(html)
    assert data["text"] == [shown(text, 1_000) for text in PAYLOADS]
    outline = Outline(html)
    assert len(outline.all("script")) == 2
    assert not {tag for tag, _ in outline.elements} & {"iframe", "object", "base", "plaintext", "math"}


def test_the_colours_of_the_page_are_readable_on_its_grounds() -> None:
    own = dict(zip(("light", "dark"), re.findall(r"--failed: (#[0-9a-f]{6})", source("index.css")), strict=False))
    for scheme, failed in own.items():
        assert all(contrast(failed, palette(scheme)[ground]) >= 4.5 for ground in ("paper", "leaf"))
        assert contrast(palette(scheme)["ink"], palette(scheme)["paper"]) >= 7  # a button that is pressed


# -- in a browser --------------------------------------------------------------------------------------------------------

pytestmark = pytest.mark.browser


def ids(shown: Page) -> list[str]:
    return shown.locator("#rows .id").all_inner_texts()


def state(shown: Page) -> str:
    return shown.evaluate("decodeURIComponent(location.hash)")


@pytest.mark.parametrize("view", ["sheet", "list"])
def test_the_page_never_scrolls_sideways(show: Show, complaints: list[str], view: str) -> None:
    results = batch()
    page = show(written(results, embedded(results)), at=f"#view={view}")
    assert ([sideways(page, width) for width in (360, 390, 768, 1280, 1600)], complaints) == ([0] * 5, [])


def test_hostile_texts_run_nothing_and_break_no_layout(show: Show, complaints: list[str]) -> None:
    page = show(written(hostile()), 390)
    title = page.title()
    for n in range(0, len(PAYLOADS), 9):
        page.evaluate("n => document.querySelectorAll('.window')[n % 6].click()", n)
        page.keyboard.press("ArrowRight")
        assert sideways(page, 390) == 0
        page.keyboard.press("Escape")
    page.locator("#query").fill("<script>")
    page.locator("#as-list").click()
    facts = (page.title() == title, page.evaluate("window.ran ?? null"), sideways(page, 390), sideways(page, 1280))
    assert (facts, complaints) == ((True, None, 0, 0), [])
    ran = page.evaluate(
        "() => { const s = document.createElement('script'); s.textContent = 'window.ran = 1';"
        " document.body.append(s); return window.ran ?? null }"
    )
    assert ran is None


@pytest.mark.parametrize(
    ("width", "scheme", "at"),
    [
        (1280, "light", ""),
        (390, "dark", "#view=list&q=a"),
        (1280, "dark", "#show=row-1&beside=row-2"),
        (390, "light", "#show=row-1"),
    ],
)
def test_axe_finds_nothing(show: Show, width: int, scheme: str, at: str) -> None:
    if not find_spec("axe_playwright_python"):
        pytest.skip("axe-playwright-python is not installed")
    results = batch()
    page = show(written(results, embedded(results)), width, at=at, color_scheme=scheme, bypass_csp=True)
    page.evaluate(files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8"))
    found = page.evaluate("axe.run(document, { resultTypes: ['violations'] })")
    assert [(wrong["id"], wrong["nodes"][0]["html"]) for wrong in found["violations"]] == []


def test_everything_has_a_name_in_the_accessibility_tree(show: Show) -> None:
    page = show(written(batch()))
    named = {role: accessible(page, role) for role in ("image", "link", "button", "searchbox", "combobox", "listitem", "list")}
    assert [(role, name) for role, names in named.items() if role != "listitem" for name in names if not name.strip()] == []
    assert named["searchbox"] == ["Search"]
    assert named["combobox"] == ["Model", "Sort by"]
    assert len(set(named["link"])) == len(named["link"])
    assert page.locator("#rows li").nth(4).evaluate("e => [e.ariaPosInSet, e.ariaSetSize]") == ["5", "24"]


def test_rows_are_filtered_searched_and_sorted_and_the_address_says_how(show: Show, complaints: list[str]) -> None:
    results = batch()
    page = show(written(results, embedded(results)))
    found = page.locator("#found")
    assert found.inner_text() == "24 briefs"
    page.locator("[data-state=unmet]").click()
    assert (ids(page), found.inner_text()) == (["row-1", "row-9", "row-17"], "3 of 24 briefs")
    page.locator("[data-state=failed]").click()
    page.locator("#query").fill("CAFE angstrom")
    assert ids(page) == []
    assert page.locator("#none").is_visible()
    page.locator("#query").fill("OWLS")
    assert ids(page) == ["row-1", "row-19"]
    assert page.locator("[data-state=passed] .count").inner_text() == "0"
    page.locator("[data-state=unmet]").click()
    page.locator("[data-state=failed]").click()
    page.locator("#query").fill("Cafe angstrom")
    page.locator("#sort").select_option("Highest cost")
    assert ids(page) == ["row-20", "row-8", "row-14", "row-2"]
    page.locator("#reverse").click()
    assert ids(page) == ["row-2", "row-14", "row-8", "row-20"]
    page.locator("#model").select_option(page.locator("#model option", has_text="model:one").get_attribute("value"))
    assert ids(page) == ["row-2", "row-14", "row-8", "row-20"]
    assert state(page) == "#q=Cafe+angstrom&model=model:one&sort=usd&reverse=1"
    page.locator("#all").click()
    assert (found.inner_text(), state(page)) == ("24 briefs", "#sort=usd&reverse=1")
    assert page.evaluate("document.activeElement.id") == "query"
    assert complaints == []


def test_a_shared_address_shows_the_same_rows_in_the_same_order(show: Show) -> None:
    page = show(written(batch()), at="#sort=outcome&view=list&model=model:none")
    assert page.locator("#rows").get_attribute("class") == "rows several live list"
    found: dict[str, list[str]] = {}
    for by in ("outcome", "images", "seconds", "ended", "text", "nonsense"):
        page.evaluate("by => (location.hash = `sort=${by}`)", by)
        expect(page.locator("#sort")).to_have_value("number" if by == "nonsense" else by)
        found[by] = ids(page)[:3]
    assert found == {
        "outcome": ["row-1", "row-9", "row-17"],
        "images": ["row-6", "row-13", "row-20"],
        "seconds": ["row-12", "row-11", "row-10"],
        "ended": ["row-23", "row-22", "row-21"],
        "text": ["row-0", "row-6", "row-12"],
        "nonsense": ["row-0", "row-1", "row-2"],
    }


def test_a_picture_is_seen_large_and_the_keys_lead_to_the_others(show: Show, complaints: list[str]) -> None:
    results = batch()
    page = show(written(results, embedded(results)))
    page.locator(".window").nth(1).click()
    dialog = page.locator("dialog")
    assert dialog.locator("h2").inner_text() == "2 of 24"
    told = dialog.inner_text()
    for words in ("row-1", "Unmet: 2 requirements", "two owls on a branch, no people", "two boats", "the moon", "why unmet"):
        assert words in told
    links = [link.get_attribute("href") for link in dialog.locator(".facts a").all()]
    assert links == ["run-1/000-000.png", "run-1/report.html"]
    expect(dialog.get_by_text("The picture itself is not beside this page.")).to_be_visible()  # its thumbnail stays
    assert dialog.locator("img").evaluate("e => e.naturalWidth") == 96
    page.keyboard.press("j")
    assert state(page) == "#show=row-2"
    assert "In doubt" in dialog.inner_text()
    page.keyboard.press("ArrowLeft")
    page.locator("#back").click()
    assert state(page) == "#show=row-0"
    page.keyboard.press("Escape")
    comes_back_to(page, "row-0", ".id")
    assert state(page) == ""
    assert [text for text in complaints if "000-000.png" not in text and "ERR_FILE_NOT_FOUND" not in text] == []


def test_two_rows_are_compared_with_buttons_and_with_keys(show: Show) -> None:
    results = batch()
    page = show(written(results, embedded(results)), 390)
    page.locator(".choose").nth(0).click()
    assert page.locator("#said").inner_text() == "row-0 is chosen: choose another one to see both side by side."
    assert page.locator(".choose").nth(0).get_attribute("aria-pressed") == "true"
    page.locator(".choose").nth(3).click()  # one without a picture
    dialog = page.locator("dialog")
    assert dialog.locator("h3").all_inner_texts() == ["row-0", "row-3"]
    left, right = (box for side in dialog.locator(".large").all() if (box := side.bounding_box()))
    assert (left["x"] + left["width"] <= right["x"], left["y"], sideways(page, 390)) == (True, right["y"], 0)
    page.keyboard.press("ArrowLeft")
    assert dialog.locator("h3").all_inner_texts() == ["row-0", "row-2"]
    assert state(page) == "#show=row-0&beside=row-2"
    page.locator("#leave").click()
    comes_back_to(page, "row-2", ".id")
    assert page.locator("#picked").is_hidden()
    for key in ("j", "c", "j", "c"):
        page.keyboard.press(key)
    assert dialog.locator("h3").all_inner_texts() == ["row-3", "row-4"]
    page.keyboard.press("Escape")
    comes_back_to(page, "row-4", ".id")
    page.keyboard.press("c")
    page.locator("#clear").click()
    assert page.locator("#picked").is_hidden()
    page.locator("#keys").uncheck()
    page.keyboard.press("c")
    assert page.locator("#picked").is_hidden()


def test_the_search_is_reached_with_a_key_and_letters_in_it_are_letters(show: Show) -> None:
    page = show(written(batch()))
    page.keyboard.press("/")
    page.keyboard.type("j/c")
    assert (page.evaluate("document.activeElement.id"), page.locator("#query").input_value()) == ("query", "j/c")


def test_the_tab_key_goes_through_the_frames_and_shows_where_it_is(show: Show) -> None:
    page = show(written(batch()))
    page.locator("#rows .choose").first.focus()
    stops: list[tuple[str, bool]] = []
    for _ in range(4):
        page.keyboard.press("Tab")
        where = "(e => [e.className, getComputedStyle(e)])(document.activeElement)"
        name, outline = page.evaluate(f"(([name, style]) => [name, parseFloat(style.outlineWidth)])({where})")
        stops.append((name, outline >= 2))
    assert stops == [("window", True), ("report", True), ("choose", True), ("window", True)]


def test_of_many_rows_only_those_near_the_window_are_drawn(show: Show, complaints: list[str]) -> None:
    page = show(written(batch(3_000, text="a lake", thumbnail="", picture="")))
    assert len(ids(page)) < 80
    page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
    expect(page.locator("#rows li").last.locator(".id")).to_have_text("row-2999")
    assert len(ids(page)) < 80
    assert page.locator("#rows li").last.evaluate("e => [e.ariaPosInSet, e.ariaSetSize]") == ["3000", "3000"]
    page.locator("#rows li:last-child .window").focus()
    page.keyboard.press("k")
    page.evaluate("scrollTo(0, 0)")
    expect(page.locator("#rows .id").first).to_have_text("row-0")
    page.locator("#query").fill("row-1234")
    assert ids(page) == ["row-1234"]
    page.locator(".choose").click()
    page.locator("#query").fill("")
    page.evaluate("location.hash = 'show=row-2500'")
    page.wait_for_selector("dialog[open]")
    page.keyboard.press("Escape")
    comes_back_to(page, "row-2500", ".id")
    assert complaints == []


def test_print_is_on_white_with_all_frames_and_no_tools(show: Show) -> None:
    results = batch(90)
    page = show(written(results), color_scheme="dark")
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert [page.locator(f"{gone}:visible").count() for gone in (".tools", ".keys", ".choose", ".files")] == [0] * 4
    assert page.locator(".frame:visible").count() == 90
    assert page.pdf(format="A4").startswith(b"%PDF")


def test_without_a_script_the_first_rows_are_there_and_no_tool_is(show: Show) -> None:
    page = show(written(batch(100)), java_script_enabled=False)
    assert page.locator(".frame").count() == 60
    assert page.locator("button:visible, input:visible, select:visible").count() == 0
    assert page.locator("noscript, .sub", has_text="The first 60 of 100 briefs").first.is_visible()


# -- where the page lies ---------------------------------------------------------------------------------------------------


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name of the overridden one
        pass


@pytest.fixture
def website(tmp_path: Path) -> Iterator[str]:
    """The folder of the test over HTTP, as a bucket behind a website is."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=tmp_path))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize("place", ["folder", "website"])
def test_pictures_beside_the_page_are_shown_whatever_their_names(
    browser: Browser, tmp_path: Path, website: str, place: str
) -> None:
    folder = tmp_path / "run-0"
    folder.mkdir()
    (folder / "a b#1?50%.png").write_bytes(paint(2, (96, 64)))
    small = index_thumbnail(paint(2, (48, 32)))
    assert small
    (folder / "thumb?#1.webp").write_bytes(small)
    html = written([result(0, picture="run-0/a b#1?50%.png", thumbnail="run-0/thumb?#1.webp")])
    (tmp_path / "index.html").write_text(html, "utf-8")
    page = browser.new_page()
    page.goto((tmp_path / "index.html").as_uri() if place == "folder" else f"{website}/index.html")
    expect(page.locator("#rows img")).to_have_js_property("naturalWidth", 48)
    page.locator(".window").click()
    expect(page.locator("dialog img")).to_have_js_property("naturalWidth", 96)
    page.close()


def test_a_signed_link_to_the_page_in_a_bucket_shows_it_with_its_thumbnails(s3: Service, browser: Browser) -> None:
    store, results = open_bucket(new_place()), batch(8)

    async def work() -> None:
        for key, data in embedded(results).items():
            await store.replace(key, data, "image/webp")
        async with await BatchOutputs.open(store, "shop") as outputs:
            await outputs.close(results)

    with ThreadPoolExecutor(1) as other:  # this thread has the browser's event loop
        other.submit(asyncio.run, work()).result()
    page = browser.new_page()
    page.goto(store.link("index.html", 600))
    assert page.locator("h1").inner_text() == "4 of 7 briefs passed"
    assert page.locator("#rows img").first.evaluate("e => [e.src.slice(0, 15), e.naturalWidth]") == ["data:image/webp", 96]
    page.locator(".window").first.click()
    expect(page.get_by_text("The picture itself is not beside this page.")).to_be_visible()
    page.close()
