from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from importlib.resources import files
from itertools import pairwise

import pytest

from onbrief.report import card, frame_thumbnail, page
from tests.report import samples
from tests.report.outline import Outline
from tests.report.samples import SAMPLES, Pictured


@cache
def outlined(make: Callable[[], Pictured]) -> Outline:
    return Outline(page(*make()))


def source(name: str) -> str:
    return files("onbrief.report").joinpath(name).read_text("utf-8")


every_sample = pytest.mark.parametrize("make", SAMPLES.values(), ids=SAMPLES)


@every_sample
def test_every_element_is_closed_and_every_id_is_one_of_a_kind(make: Callable[[], Pictured]) -> None:
    outline = outlined(make)
    ids = [attributes["id"] for _, attributes in outline.elements if "id" in attributes]
    assert outline.open == []
    assert sorted(set(ids), key=str) == sorted(ids, key=str)


@every_sample
def test_every_reference_leads_to_an_element(make: Callable[[], Pictured]) -> None:
    outline = outlined(make)
    ids = {attributes["id"] for _, attributes in outline.elements if "id" in attributes}
    labels = {attributes["aria-labelledby"] for _, attributes in outline.elements if "aria-labelledby" in attributes}
    anchors = {(link["href"] or "")[1:] for link in [*outline.all("a"), *outline.all("use")] if (link["href"] or "")[0] == "#"}
    assert labels | anchors <= ids


@every_sample
def test_headings_never_skip_a_level_and_the_first_is_the_only_h1(make: Callable[[], Pictured]) -> None:
    levels = [int(tag[1]) for tag, _ in outlined(make).elements if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(below - above <= 1 for above, below in pairwise(levels))


@every_sample
def test_there_is_one_of_each_landmark(make: Callable[[], Pictured]) -> None:
    outline = outlined(make)
    assert [len(outline.all(tag)) for tag in ("main", "footer", "title")] == [1, 1, 1]


@every_sample
def test_every_picture_says_what_it_is(make: Callable[[], Pictured]) -> None:
    for image in outlined(make).all("img"):
        assert re.match(r"(Picture|Best picture,|The (part|whole) of picture) ((old|new)/)?\d{3}-\d{3}", image["alt"] or "")
        assert (image["src"] or "").startswith("data:image/webp;base64,")


@every_sample
def test_the_page_runs_its_own_script_only_and_loads_nothing(make: Callable[[], Pictured]) -> None:
    outline = outlined(make)
    names = {name for _, attributes in outline.elements for name in attributes}
    addresses = {
        (a.get("href") or a.get("src") or "").partition(":")[0] for tag, a in outline.elements if tag in ("link", "img")
    }
    assert outline.all("script") == [{}]
    assert [data for within, data in outline.texts if within == "script"] == [source("page.js")]
    assert [name for name in names if name.startswith("on") or name == "style"] == []
    assert addresses <= {"data"}


def test_the_policy_names_the_hashes_of_the_style_and_the_script() -> None:
    html = page(*samples.single())
    found = re.findall(r"<(style|script)>(.*?)</\1>", html, re.DOTALL)
    style, script = (base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for _, text in found)
    policy = (
        f"default-src 'none'; img-src data:; style-src 'sha256-{style}'; script-src 'sha256-{script}';"
        " base-uri 'none'; form-action 'none'"
    )
    assert {"http-equiv": "Content-Security-Policy", "content": policy} in Outline(html).all("meta")


def test_full_pictures_are_linked_by_their_names() -> None:
    links = [link["href"] for link in outlined(samples.passed).all("a")]
    assert links == [
        "#main",
        "002-000.png",
        *("000-000.png", "000-001.png", "000-002.png", "001-000.png", "001-001.png", "002-000.png", "002-001.png"),
    ]


def test_the_outcome_is_given_as_text() -> None:
    headlines = {name: outlined(make).text.partition("report of run")[2] for name, make in SAMPLES.items()}
    assert all("Passed" in headlines[name] for name in ("passed", "single", "japanese"))
    assert "No picture met every requirement" in headlines["unmet"]
    assert "Blocked by the provider" in headlines["blocked"]
    assert all("In progress" in headlines[name] for name in ("in progress", "begun"))


def test_what_changed_between_prompts_is_marked() -> None:
    html = page(*samples.twelve())
    assert html.count("<del>at dawn</del> <ins>in fog</ins>") == 4  # prompts 1 and 7, the excerpt and the whole
    assert "… on a still mountain lake <del>at dawn</del> <ins>in fog</ins>, fresh snow on the peaks." in html
    assert "<ins>single person</ins>" in page(*samples.unmet()).replace(
        "<ins>, single person</ins>", "<ins>single person</ins>"
    )


def test_a_prompt_of_the_same_words_is_not_repeated() -> None:
    run, pictures = samples.twelve()
    run = replace(run, prompts=tuple(replace(prompt, text=samples.FIRST.text) for prompt in run.prompts))
    assert Outline(page(run, pictures)).text.count("The same words as before.") == 11


def test_the_findings_on_the_best_picture_stand_beside_it() -> None:
    text = outlined(samples.unmet).text
    best = text.partition("Findings on the best picture")[2].partition("Spent")[0]
    assert best.strip().startswith("there is no text met 0.97")
    assert "the moon above the left peak undecided 0.50 Partly hidden by mist: it could be either." in best
    assert "Findings on the best picture" not in outlined(samples.blocked).text


def test_many_warnings_are_folded() -> None:
    run, _ = samples.begun()
    text = Outline(page(replace(run, warnings=tuple(f"warning {n}" for n in range(40))), {})).text
    assert "warning 11 28 more warnings warning 12" in text


def test_an_unknown_price_is_reported_as_such() -> None:
    assert "Cost price not known" in outlined(samples.in_progress).text


def test_the_checklist_names_what_no_picture_met() -> None:
    text = outlined(samples.unmet).text
    assert "r6 the moon above the left peak object 0 of 10, 1 undecided no picture met it" in text
    assert text.count("no picture met it") == 1


def test_reservations_come_first_each_with_its_words_and_its_part_of_the_picture() -> None:
    outline = outlined(samples.reserved)
    first = outline.text.partition("Reservations")[2].partition("Findings on")[0]
    words = "The front one is red; the one behind it could be red or orange in this light."
    doubt = "borderline: fair people would differ probability 0.55"
    texts = ("r1", "there is no text"), ("r2", "there is no birds"), ("r4", "two people in the boat")
    assert first.split() == " ".join(f"{text} {words} {id_} {doubt}" for id_, text in texts).split()
    assert [(image["alt"] or "").partition(":")[0] for image in outline.all("img")[:4]] == [
        "The part of picture 000-002 in question",
        "The whole of picture 000-002 in question",
        "The part of picture 000-002 in question",
        "Best picture, 000-002",
    ]


def test_a_borderline_answer_has_a_word_a_sign_and_a_dot_of_its_own() -> None:
    html = page(*samples.reserved())
    text = outlined(samples.reserved).text
    assert "0 of 3, 3 borderline" in text
    assert "4 of 6 met, 1 borderline" in text
    assert "Passed with 3 reservations" in text
    assert "borderline , accepted with a reservation" in text.replace("borderline,", "borderline ,")
    assert html.count('<i class="dot borderline">') == 1 + 6


def test_a_problem_is_described_by_the_providers_message() -> None:
    text = outlined(samples.blocked).text
    assert "Blocked by the provider Your request was flagged by our content filter: prompt." in text


def test_the_language_of_a_brief_is_marked() -> None:
    assert '<p lang="ja" dir="auto">月夜の山の湖に浮かぶ赤い小舟と二人の人物。山頂には雪。</p>' in page(*samples.japanese())
    assert '<bdi lang="ja">湖に赤い舟がある</bdi>' in page(*samples.japanese())
    assert '<p lang="ar" dir="auto">قارب <del>أحمر</del> <ins>أزرق</ins> على' in page(*samples.arabic())
    assert f'<p lang="" dir="auto">{samples.LAKE.text}</p>' in page(*samples.passed())


def test_missing_pictures_have_a_placeholder() -> None:
    run, _ = samples.passed()
    outline = Outline(page(run, {}))
    assert outline.all("img") == []
    assert outline.text.count("The picture is not available") == 7


def test_a_dozen_attempts_stay_under_a_megabyte() -> None:
    run, pictures = samples.unmet()
    grainy = {key: samples.paint(number, (768, 768), 14.0) for number, key in enumerate(pictures)}
    assert len(page(run, grainy)) < 1_000_000


def test_thumbnails_that_were_made_during_the_run_give_the_same_page() -> None:
    run, pictures = samples.passed()
    thumbnails = {key: made for key, data in pictures.items() if (made := frame_thumbnail(data))}
    best = run.best and run.best.image
    assert best
    assert page(run, {best.key: pictures[best.key]}, thumbnails) == page(run, pictures)


def test_thumbnails_of_many_attempts_are_made_smaller() -> None:
    run, _ = samples.passed()
    first = run.attempts[0]
    many = replace(run, attempts=tuple(replace(first, attempt=number) for number in range(13)))
    assert first.image
    made = frame_thumbnail(samples.paint(1))
    assert made
    shown = Outline(page(many, {}, {first.image.key: made})).all("img")
    assert {image["width"] for image in shown} == {"480"}


def test_the_same_run_gives_the_same_page() -> None:
    assert page(*samples.passed()) == page(*samples.passed())


@every_sample
def test_the_card_is_a_closed_fragment(make: Callable[[], Pictured]) -> None:
    run, pictures = make()
    outline = Outline(card(run, pictures))
    assert outline.open == []
    assert {tag for tag, _ in outline.elements} <= {"div", "img", "p", "span", "ul", "li", "bdi"}
    assert len(card(run, pictures)) < 80_000


def test_the_card_shows_the_reservations_with_their_parts() -> None:
    outline = Outline(card(*samples.reserved()))
    assert "Passed with 3 reservations" in outline.text
    assert "Reservations ≈ there is no text (borderline, probability 0.55 ): The front one is red" in outline.text.replace(
        "0.55)", "0.55 )"
    )
    assert len(outline.all("img")) == 4


def test_the_card_shows_what_the_best_picture_misses() -> None:
    text = Outline(card(*samples.unmet())).text
    assert "No picture met every requirement" in text
    assert "The best picture misses the moon above the left peak (undecided)" in text


# -- colours -----------------------------------------------------------------------------------------------------------


def palette(scheme: str) -> dict[str, str]:
    css = source("look.css")
    light, dark = re.findall(r":root \{(.*?)\}", css, re.DOTALL)[:2]
    colours = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{3,6});", light))
    return colours if scheme == "light" else colours | dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{3,6});", dark))


def luminance(colour: str) -> float:
    """Relative luminance as WCAG 2.2 defines it."""
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("ink", ["ink", "soft", "link", "met", "unmet", "borderline", "undecided", "stop"])
def test_text_stands_out_from_the_paper(scheme: str, ink: str) -> None:
    colours = palette(scheme)
    assert contrast(colours[ink], colours["paper"]) >= 4.5
    assert contrast(colours[ink], colours["leaf"]) >= 4.5


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("ink", ["film-ink", "edge"])
def test_text_stands_out_from_the_film(scheme: str, ink: str) -> None:
    assert contrast(palette(scheme)[ink], palette(scheme)["film"]) >= 4.5
