from __future__ import annotations

from dataclasses import replace

import pytest

from onbrief.errors import Outcome
from onbrief.report.page import page
from onbrief.report.sheet import sheet
from onbrief.report.story import story_of
from tests.report import samples


def test_a_requirement_is_counted_over_all_judged_pictures() -> None:
    story = story_of(samples.unmet()[0])
    assert [(item.requirement.text, item.met, item.judged) for item in story.items if item.requirement.kind == "object"] == [
        ("a red boat on the lake", 6, 10),
        ("two people in the boat", 7, 10),
        ("snow on the mountains", 7, 10),
        ("the moon above the left peak", 0, 10),
    ]


def test_the_requirement_that_no_picture_met_is_named() -> None:
    story = story_of(samples.unmet()[0])
    assert [item.requirement.text for item in story.never] == ["the moon above the left peak"]
    assert story.gap == "1 requirement of 6 was met in no picture."


def test_requirements_met_only_in_different_pictures_are_reported_as_such() -> None:
    run, _ = samples.shoot("r", samples.LAKE, ((samples.FIRST, ("mmummmm", "mmmummm")),))
    story = story_of(run.ended_as("unmet", ""))
    assert story.gap == "Every requirement was met in some picture, but no picture met them all."


def test_a_nice_to_have_never_counts_as_a_gap() -> None:
    run, _ = samples.shoot("r", samples.LAKE, ((samples.FIRST, ("mmmmmuu",)),))
    assert [item.requirement.must for item in story_of(run.ended_as("unmet", "")).never] == [True]


def test_every_attempt_has_a_result() -> None:
    assert [(frame.mark, frame.says) for frame in story_of(samples.unmet()[0]).frames] == [
        ("short", "3 of 6 met"),
        ("short", "2 of 6 met"),
        ("short", "4 of 6 met"),
        ("short", "5 of 6 met"),
        ("problem", "Blank picture"),
        ("short", "4 of 6 met, 1 undecided"),
        ("short", "5 of 6 met"),
        ("short", "4 of 6 met"),
        ("problem", "Outcome unknown"),
        ("short", "5 of 6 met"),
        ("short", "3 of 6 met"),
        ("undecided", "5 of 6 met, 1 undecided"),
    ]


def test_a_doubt_that_is_not_accepted_is_no_pass_and_an_accepted_one_is_a_reservation() -> None:
    story = story_of(samples.reserved()[0])
    frames = [
        (f.mark, f.says, [a.requirement.id for a in f.missed], [a.requirement.id for a in f.reserved]) for f in story.frames
    ]
    assert frames == [
        ("short", "4 of 6 met, 1 borderline", ["r1", "r4"], []),
        ("borderline", "5 of 6 met, 1 borderline", ["r1"], []),
        ("passed", "Passed with 3 reservations", [], ["r1", "r2", "r4"]),
    ]
    assert (story.headline, [frame.attempt.name for frame in story.reserved]) == ("Passed with 3 reservations", ["000-002"])
    assert [(item.requirement.id, item.met, item.borderline, item.accepted) for item in story.items][:2] == [
        ("r1", 0, 3, 1),
        ("r2", 2, 1, 3),
    ]


def test_a_picture_left_unjudged_says_why() -> None:
    assert [frame.says for frame in story_of(samples.passed()[0]).frames][-2:] == [
        "Passed",
        "Not judged: another one had passed",
    ]


def test_a_picture_that_waits_is_being_judged() -> None:
    assert [frame.says for frame in story_of(samples.in_progress()[0]).frames][-1] == "Being judged"


def test_a_picture_that_waited_when_the_run_stopped_is_not_judged() -> None:
    run = samples.in_progress()[0].ended_as("cancelled", "")
    assert [frame.says for frame in story_of(run).frames][-1] == "Not judged: the run had stopped"


def test_exactly_the_best_attempt_is_marked() -> None:
    run, _ = samples.unmet()
    assert [frame.attempt for frame in story_of(run).frames if frame.best] == [run.best]


@pytest.mark.parametrize(
    ("outcome", "headline", "command"),
    [
        (None, "In progress", "onbrief resume lake-04"),
        ("passed", "Passed", "onbrief show lake-04"),
        ("unmet", "No picture met every requirement", "onbrief resume lake-04"),
        ("over_budget", "Over budget", "onbrief resume lake-04"),
        ("blocked", "Blocked by the provider", "onbrief show lake-04"),
        ("unknown", "The outcome of a paid call is unknown", "onbrief resume lake-04 --resend-unknown"),
        ("failed", "Stopped by an error", "onbrief resume lake-04"),
        ("cancelled", "Cancelled", "onbrief resume lake-04"),
    ],
)
def test_every_outcome_has_a_headline_and_a_command(outcome: Outcome | None, headline: str, command: str) -> None:
    story = story_of(replace(samples.in_progress()[0], outcome=outcome))
    assert (story.headline, story.command) == (headline, command)


@pytest.mark.parametrize(
    ("key", "file"),
    [
        ("run/000-000.png", "000-000.png"),
        ("000-000.png", "000-000.png"),
        ("run/javascript:alert(1)", None),
        ('run/"onclick="x', None),
        ("run/..", None),
        ("run/.hidden", None),
        ("run/", None),
        ("run/a b.png", None),
        ("run/画.png", None),
        ("run/a.png\n", None),
    ],
)
def test_only_a_plain_name_is_a_link(key: str, file: str | None) -> None:
    run, _ = samples.single()
    [attempt] = run.attempts
    assert attempt.image
    run = replace(run, attempts=(replace(attempt, image=replace(attempt.image, key=key)),))
    assert [frame.file for frame in story_of(run).frames] == [file]


def test_a_picture_with_a_name_chosen_by_the_caller_is_linked_where_it_is_stored() -> None:
    run, _ = samples.single()
    [attempt] = run.attempts
    assert attempt.image
    url = f"s3://bucket/shots/spring sale-20261123101500-{attempt.name}.png"
    image = replace(attempt.image, key=f"run/{attempt.name}.png", url=url)
    run = replace(run, attempts=(replace(attempt, image=image),))
    assert [frame.file for frame in story_of(run).frames] == [f"../../spring%20sale-20261123101500-{attempt.name}.png"]


def test_an_edited_picture_stands_beside_the_one_that_it_was_made_from() -> None:
    run, pictures = samples.shoot("r", samples.LAKE, ((samples.FIRST, ("mmummmm", "mmummmm", "mmmmmmm")),))
    edited = replace(run.attempts[2], base="000-000", must="r3", model="test:editor")
    run = run.with_attempt(edited).ended_as("passed", "")
    assert [frame.attempt.name for frame in story_of(run).frames] == ["000-000", "000-002", "000-001"]
    assert edited.origin == "repair of 000-000: r3"
    html = page(run, pictures)
    assert "repair of 000-000: r3" in html
    assert "test:editor" in html
    assert sheet(run, pictures) != sheet(run.with_attempt(replace(edited, base="", must="")), pictures)
