from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

from onbrief.attempt import Attempt
from onbrief.errors import PictureError, StoreError
from tests.histories import image, judged, problem, verdict


@pytest.mark.parametrize(("spoiled", "message"), [(None, "is missing"), (b"another", "has changed: it is not the picture")])
def test_a_picture_that_is_not_the_recorded_one_is_not_opened(tmp_path: Path, spoiled: bytes | None, message: str) -> None:
    file = tmp_path / "a.png"
    stored = replace(image("000-000"), url=file.as_uri(), sha256=hashlib.sha256(b"a picture").hexdigest())
    if spoiled is not None:
        file.write_bytes(spoiled)
    with pytest.raises(StoreError, match=f"a.png {message}"):
        stored.open()


def test_bytes_that_are_no_picture_are_not_opened(tmp_path: Path) -> None:
    file = tmp_path / "a.png"
    file.write_bytes(b"no picture")
    stored = replace(image("000-000"), url=file.as_uri(), sha256=hashlib.sha256(b"no picture").hexdigest())
    assert stored.read() == b"no picture"
    with pytest.raises(PictureError, match="cannot be opened"):
        stored.open()


@pytest.mark.parametrize("url", ["s3://bucket/a.png", "https://there/a.png"])
def test_only_a_picture_in_a_folder_has_a_file(url: str) -> None:
    assert image("000-000").file == Path("/runs/a-run/000-000.png")
    assert replace(image("000-000"), url=url).file is None


def test_a_verdict_names_what_fell_short() -> None:
    assert [finding.id for finding in verdict({"r1"}, undecided={"r3"}).unmet] == ["r1", "r3"]


@pytest.mark.parametrize(
    ("attempt", "state", "complete"),
    [
        (judged((0, 1), verdict()), "passed", True),
        (judged((0, 1), verdict({"r1"})), "not passed", True),
        (problem((0, 1), "blocked"), "blocked", True),
        (Attempt(0, 1, 7, image=image("000-001")), "not judged", False),
    ],
)
def test_an_attempt_says_how_it_stands(attempt: Attempt, state: str, complete: bool) -> None:
    assert (attempt.name, attempt.state, attempt.complete) == ("000-001", state, complete)


def test_an_edited_picture_says_what_it_was_made_from() -> None:
    edited = replace(judged((0, 2), verdict()), base="000-001", must="r2")
    assert (edited.origin, judged((0, 1), verdict()).origin) == ("repair of 000-001: r2", "")
