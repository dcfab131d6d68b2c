"""Briefs of the kind that people write, tests/briefs.toml: what must not be lost of each when it is read and planned."""

from __future__ import annotations

import asyncio
import tomllib
from pathlib import Path
from typing import Any

import pytest

from onbrief import intake
from onbrief.aws_lambda.event import read as read_event
from onbrief.brief import DEFAULT_SIZE, parse_size
from onbrief.pursuit import Order, preview
from onbrief.settings import Settings

BRIEFS: list[dict[str, Any]] = tomllib.loads((Path(__file__).parents[1] / "briefs.toml").read_text("utf-8"))["brief"]
NAMES = [" ".join(brief["text"].split())[:50] for brief in BRIEFS]


def text_of(case: dict[str, Any]) -> str:
    return case["text"] * case.get("times", 1) + case.get("end", "")


def test_there_are_sixty() -> None:
    assert len(BRIEFS) >= 60
    assert max(len(text_of(case)) for case in BRIEFS) > 9000


@pytest.mark.parametrize("case", BRIEFS, ids=NAMES)
def test_nothing_of_a_brief_is_lost_when_it_is_read(case: dict[str, Any], tmp_path: Path) -> None:
    text = text_of(case)
    given = intake.read(text)
    told = "\n".join(given.warnings)
    assert [words for words in case["keep"] if words not in given.brief.text] == []
    assert [words for words in case.get("gone", ()) if words in given.brief.text] == []
    assert [words for words in case.get("told", ()) if words not in told] == []
    assert given.brief.avoid == tuple(case.get("avoid", ()))
    assert given.brief.size == (parse_size(case["size"]) if "size" in case else DEFAULT_SIZE)
    if not case.keys() & {"gone", "told", "size", "avoid"}:
        assert (given.brief.text, given.warnings) == (text, ())  # its order is the one that it always was
    assert intake.read(given.brief) == intake.Given(given.brief)  # what has been read says the same when it is read again
    for name, data in (("brief.txt", text.encode("utf-16")), ("brief.md", b"\xef\xbb\xbf" + text.encode())):
        (tmp_path / name).write_bytes(data)
        assert intake.read(tmp_path / name).brief == given.brief
    if not text.lstrip().startswith(("{", "```json")):
        event = read_event({"prompt": text, "output_s3_bucket_name": "my-bucket"})
        assert (event.brief, event.warnings) == (given.brief, given.warnings)


@pytest.mark.parametrize("case", BRIEFS, ids=NAMES)
def test_nothing_of_a_brief_is_lost_when_it_is_planned(case: dict[str, Any]) -> None:
    given = intake.read(text_of(case))
    seen = asyncio.run(preview(Order(brief=given.brief, settings=Settings(image_model="sandbox:"), warnings=given.warnings)))
    texts = [r.text for r in seen.checklist.requirements] + [f"{q.words} {q.reading}" for q in seen.questions]
    listed = "\n".join(texts).casefold()
    assert [words for words in case.get("listed", ()) if not any(one.casefold() in listed for one in words.split("|"))] == []
    assert not any(mark in listed for mark in case.get("gone", ()) if not mark.isalnum())
    assert seen.warnings[: len(given.warnings)] == given.warnings
