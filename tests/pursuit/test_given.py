"""Pictures that exist already: found, checked before anything is paid, and judged once for each of their contents."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from PIL import Image as Pillow

from onbrief.attempt import Finding
from onbrief.errors import Blocked, OtherRequest, Unreadable, UsageError
from onbrief.events import Event, ImageJudged
from onbrief.ports import Judged
from onbrief.pursuit import PictureFiles, Workspace, given_pictures, kind_of, open_pursuit, resumed
from onbrief.pursuit.given import MAX_PICTURES
from onbrief.record import Run, json_schema
from onbrief.settings import Settings
from onbrief.studio import Crew
from onbrief.testing import Bill, ScriptedJudge, ScriptedPlanner, picture
from tests.pursuing import order, pursue
from tests.pursuing import settings as changed

R1 = frozenset({"r1"})


def art(folder: Path, *names: str) -> list[Path]:
    """Small pictures with these names, each of its own content."""
    paths = [folder / name for name in names]
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(picture(sum(path.name.encode())))
    return paths


def eyes(bill: Bill, *verdicts: frozenset[str] | Judged | Exception) -> Crew:
    """Models without an image model and a reviser."""
    judge = ScriptedJudge(bill, verdicts or (frozenset[str](),))
    return Crew(planner=ScriptedPlanner(bill), image_model=None, judge=judge, reviser=None)


def judged(folder: Path, crew: Crew, given: Sequence[str | Path], settings: Settings | None = None, **about: Any) -> Run:
    pictures, warnings = given_pictures(given)
    events = pursue(folder / "out", crew, settings, seed=None, pictures=pictures, warnings=warnings, **about)
    run = events[-1].run
    document = (folder / "out" / run.run_id / "run.json").read_text("utf-8")
    assert document == run.to_json()
    jsonschema.validate(run.to_document(), json_schema())
    assert Run.from_json(document) == run
    return run


# -- finding and checking ----------------------------------------------------------------------------------------------------


def test_files_folders_and_patterns_are_found_in_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    art(Path("a"), "2.png", "1.PNG", ".hidden.png", "below/3.png", ".git/4.png")
    art(Path("b"), "[x].webp", "5.jpeg")
    (tmp_path / "a" / "notes.txt").write_text("not a picture")

    def found(*given: str | Path, recursive: bool = False) -> list[str]:
        return [one.image.key for one in given_pictures(given, recursive=recursive)[0]]

    assert found("a") == ["a/1.PNG", "a/2.png"]
    assert found("a", recursive=True) == ["a/1.PNG", "a/2.png", "a/below/3.png"]
    assert found("b/*.jp*", Path("a")) == ["b/5.jpeg", "a/1.PNG", "a/2.png"]
    assert found("b/[x].webp") == ["b/[x].webp"]
    assert found(str(tmp_path / "*" / "5.*")) == [str(tmp_path / "b" / "5.jpeg")]
    assert found("[ab]", "./a/2.png") == ["a/1.PNG", "a/2.png", "b/5.jpeg", "b/[x].webp"]


def test_everything_that_cannot_be_used_is_named_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    art(Path(), "good.png")
    whole = picture(1)
    Path("empty").mkdir()
    os.mkfifo("pipe.png")
    Path("cut.png").write_bytes(whole[: len(whole) // 2])
    Path("words.png").write_text("<html>")
    Path("nothing.jpg").write_bytes(b"")
    Path(os.fsdecode(b"\xff.png")).write_text("x")
    given = [
        "good.png",
        "cut.png",
        "words.png",
        "nothing.jpg",
        "missing.png",
        "empty",
        "none*.png",
        "pipe.png",
        os.fsdecode(b"\xff.png"),
    ]
    with pytest.raises(UsageError, match=r"^pictures: 8 cannot be used") as caught:
        given_pictures(given)
    notes = {note.partition(": ")[0]: note.partition(": ")[2] for note in caught.value.__notes__}
    assert sorted(notes) == sorted([*given[1:-1], "\ufffd.png"])
    assert notes["words.png"].startswith("not a PNG, JPEG or WebP picture")
    assert notes["missing.png"] == "No such file or directory"
    assert (notes["pipe.png"], notes["none*.png"]) == ("not a file", "no file matches this pattern")
    assert all("\n" not in note for note in caught.value.__notes__)


@pytest.mark.parametrize("given", [[], [""]], ids=["none", "no name"])
def test_no_pictures_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: list[str]) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match="pictures: "):
        given_pictures(given)


def test_too_many_pictures_are_refused_before_one_is_read(tmp_path: Path) -> None:
    for number in range(MAX_PICTURES + 1):
        (tmp_path / f"{number}.png").touch()
    with pytest.raises(UsageError, match=f"at most {MAX_PICTURES} in one run"):
        given_pictures(tmp_path)


def test_a_changed_file_is_no_longer_the_picture(tmp_path: Path) -> None:
    (path,) = art(tmp_path, "a.png")
    (given,) = given_pictures(path)[0]
    files = PictureFiles([given.image])
    assert files.load(str(path)) == path.read_bytes()
    path.write_bytes(picture(2))
    assert files.load(str(path)) is None
    path.unlink()
    assert (files.load(str(path)), files.load("other")) == (None, None)


# -- judging -----------------------------------------------------------------------------------------------------------------


def test_each_picture_gets_a_verdict_and_nothing_is_drawn_or_copied(tmp_path: Path) -> None:
    paths, bill = art(tmp_path / "art", "a.png", "b.png", "c.png"), Bill()
    run = judged(tmp_path, eyes(bill, frozenset(), R1, frozenset()), paths)
    assert [(a.name, a.image and a.image.key, a.passed) for a in run.attempts] == [
        ("000-000", str(paths[0]), True),
        ("000-001", str(paths[1]), False),
        ("000-002", str(paths[2]), True),
    ]
    assert (run.kind, run.outcome, run.models.image, run.prompts) == ("judge", "unmet", "", ())
    assert run.reason == "1 of 3 pictures does not meet every requirement: r1 (there is a circle) in 1"
    assert (run.usage.images, run.usage.judge_calls, run.usage.usd) == (0, 3, pytest.approx(0.023))
    assert sorted(file.name for file in (tmp_path / "out" / run.run_id).iterdir()) == ["report.html", "run.json"]
    assert len(bill.lines) == 4


def test_the_same_pictures_cost_nothing_again_whatever_they_are_called(tmp_path: Path) -> None:
    paths, bill = art(tmp_path / "art", "a.png", "b.png"), Bill()
    first = judged(tmp_path, eyes(bill, R1, frozenset()), paths)
    paths[0].rename(tmp_path / "art" / "z.png")
    again = judged(tmp_path, eyes(bill), [tmp_path / "art"])
    assert len(bill.lines) == 3
    assert again.run_id == first.run_id
    assert [(a.image and Path(a.image.key).name, a.passed) for a in again.attempts] == [("z.png", False), ("b.png", True)]


def test_a_named_run_takes_other_pictures_and_pays_for_the_new_ones_alone(tmp_path: Path) -> None:
    art(tmp_path / "art", "a.png", "b.png")
    bill, crew = Bill(), eyes(Bill())
    crew = eyes(bill)
    first = judged(tmp_path, crew, [tmp_path / "art"], run_id="ci")
    art(tmp_path / "art", "0.png")
    (tmp_path / "art" / "a.png").unlink()
    second = judged(tmp_path, crew, [tmp_path / "art"], run_id="ci")
    assert (len(bill.of("plan")), len(bill.of("judge"))) == (1, 3)
    assert [(a.name, a.image and Path(a.image.key).name) for a in second.attempts] == [
        ("000-001", "b.png"),
        ("000-002", "0.png"),
    ]
    assert first.checklist == second.checklist
    with pytest.raises(OtherRequest):
        judged(tmp_path, crew, [tmp_path / "art"], replace(Settings(), strictness="strict"), run_id="ci")


def test_an_interrupted_run_goes_on_with_the_same_command_and_with_resume(tmp_path: Path) -> None:
    paths, bill = art(tmp_path / "art", *(f"{n}.png" for n in range(5))), Bill()
    pictures, _ = given_pictures(paths)

    async def stopped_after(number: int) -> str:
        async with open_pursuit(order(tmp_path / "out", pictures=pictures), eyes(bill)) as pursuit:
            events: list[Event] = []
            async for event in pursuit.events():
                events.append(event)
                if len([event for event in events if isinstance(event, ImageJudged)]) == number:
                    pursuit.stop()
            return events[-1].run.outcome or ""

    assert asyncio.run(stopped_after(2)) == "cancelled"
    assert len(bill.of("judge")) == 2
    run_id = next((tmp_path / "out").glob("*/run.json")).parent.name
    again = resumed(run_id, replace(Settings(), out=str(tmp_path / "out")), {"max_usd": 1.0})
    assert [p.image for p in again.pictures] == [p.image for p in pictures]

    async def go() -> Run:
        async with open_pursuit(again, eyes(bill)) as pursuit:
            return [event async for event in pursuit.events()][-1].run

    assert asyncio.run(go()).outcome == "passed"
    assert (len(bill.of("plan")), len(bill.of("judge"))) == (1, 5)
    assert judged(tmp_path, eyes(bill), paths).outcome == "passed"
    assert len(bill.lines) == 6
    with Workspace.existing(replace(Settings(), out=str(tmp_path / "out"))) as workspace:
        assert [kind_of(row) for row in workspace.ledger.runs()] == ["judge"]


def test_pictures_are_judged_concurrently_but_not_ahead_of_who_asks(tmp_path: Path) -> None:
    paths, bill = art(tmp_path / "art", *(f"{n}.png" for n in range(9))), Bill()
    crew = eyes(bill)
    assert isinstance(crew.judge, ScriptedJudge)
    crew.judge.gate = asyncio.Barrier(3)
    pictures, _ = given_pictures(paths)
    at_once = order(tmp_path / "out", replace(Settings(), parallel=3), pictures=pictures)

    async def read_one() -> int:
        async with open_pursuit(at_once, crew) as pursuit:
            async for event in pursuit.events():
                if isinstance(event, ImageJudged):
                    break
            return len(bill.of("judge"))

    assert asyncio.run(read_one()) == 3
    crew.judge.gate = None
    assert judged(tmp_path, crew, paths, replace(Settings(), parallel=3)).outcome == "passed"
    assert len(bill.of("judge")) == 9


@pytest.mark.parametrize("parallel", [1, 4])
def test_the_money_limit_holds_and_more_money_goes_on(tmp_path: Path, parallel: int) -> None:
    paths, bill = art(tmp_path / "art", *(f"{n}.png" for n in range(6))), Bill()
    poor = replace(Settings(), max_usd=0.005 + 4 * 0.006, parallel=parallel)
    run = judged(tmp_path, eyes(bill), paths, poor)
    assert (run.outcome, len(bill.of("judge")), sum(a.complete for a in run.attempts)) == ("over_budget", 4, 4)
    assert judged(tmp_path, eyes(bill), paths, replace(poor, max_usd=None)).outcome == "passed"
    assert len(bill.of("judge")) == 6


def test_a_time_limit_leaves_the_rest_unjudged(tmp_path: Path) -> None:
    paths, bill = art(tmp_path / "art", "a.png", "b.png"), Bill()
    run = judged(tmp_path, eyes(bill), paths, replace(Settings(), max_seconds=0))
    assert (run.outcome, run.reason) == ("unmet", "the time of 0 seconds is used up; 2 of 2 pictures are not judged")
    assert bill.of("judge") == []


def test_copies_blank_pictures_and_reservations(tmp_path: Path) -> None:
    one, two = art(tmp_path / "art", "a.png", "c.png")
    (tmp_path / "art" / "b.png").write_bytes(one.read_bytes())
    Pillow.new("RGB", (64, 64), "teal").save(tmp_path / "art" / "blank.png")
    doubt = Judged((Finding("p0", "met", 1.0), Finding("r1", "borderline", 0.5, "half hidden"), Finding("r2", "met", 1.0)))
    bill = Bill()
    run = judged(tmp_path, eyes(bill, doubt, frozenset()), [tmp_path / "art"], changed(confirm="never"))
    assert [warning.replace(str(tmp_path), "") for warning in run.warnings] == [
        "/art/b.png is the same picture as /art/a.png, which stands for both"
    ]
    assert [(a.image and Path(a.image.key).name, a.passed, a.problem and a.problem.kind) for a in run.attempts] == [
        ("a.png", True, None),
        ("blank.png", False, "blank"),
        (two.name, True, None),
    ]
    assert len(bill.of("judge")) == 2
    page = (tmp_path / "out" / run.run_id / "report.html").read_text("utf-8")
    assert "2 of 3 pictures passed, 1 with reservations" in page
    assert page.index("half hidden") < page.index(">Brief<")


@pytest.mark.parametrize(
    ("error", "verdicts", "calls", "reason"),
    [
        (Unreadable("no JSON"), 2, 6, "the judge's answers cannot be read: no JSON"),
        (Blocked("not allowed"), 4, 4, "2 of 4 pictures are not judged: the judge refuses to answer: not allowed"),
    ],
    ids=["one that cannot be read is given up after two pictures", "one that refuses a picture is asked about the others"],
)
def test_a_judge_without_an_answer(tmp_path: Path, error: Exception, verdicts: int, calls: int, reason: str) -> None:
    paths, bill = art(tmp_path / "art", *(f"{n}.png" for n in range(4))), Bill()
    run = judged(tmp_path, eyes(bill, *[error] * (calls - verdicts + 2), frozenset()), paths)
    assert (run.outcome, len(bill.of("judge")), sum(a.verdict is not None for a in run.attempts)) == ("failed", calls, verdicts)
    assert run.reason.startswith(reason)
    assert not any(attempt.passed for attempt in run.attempts[:2])


def test_a_picture_that_changes_after_the_check_is_not_judged(tmp_path: Path) -> None:
    paths, bill = art(tmp_path / "art", "a.png", "b.png"), Bill()
    pictures, _ = given_pictures(paths)
    paths[0].write_bytes(picture(5))
    run = pursue(tmp_path / "out", eyes(bill), seed=None, pictures=pictures)[-1].run
    assert (run.outcome, bill.of("judge")) == ("failed", [])
    assert str(paths[0]) in run.reason
