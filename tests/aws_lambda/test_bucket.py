"""Events that name a real bucket, served over HTTP."""

from __future__ import annotations

import asyncio
import json
import re
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from onbrief.aws_lambda.delivery import answer
from onbrief.cli import main
from tests.aws_lambda.events import PLENTY, REQUEST_ID, Invocation, event
from tests.buckets import BUCKET, LEAST, Rights, Service


def test_an_event_leaves_its_pictures_and_its_run_in_the_bucket(s3: Service) -> None:
    wanted = event("a red circle", output_s3_bucket_name=BUCKET, output_s3_key_prefix="from-lambda/images")

    async def thrice() -> list[str]:
        return [reply["body"] for reply in await asyncio.gather(*(answer(wanted, Invocation()) for _ in range(3)))]

    bodies = [json.loads(body) for body in asyncio.run(thrice())]
    keys = s3.keys(f"s3://{BUCKET}/from-lambda")
    drawn = [key for key in keys if key.endswith(".png")]
    assert [body["outcome"] for body in bodies] == ["passed"] * 3
    assert {body["best"].removeprefix(f"s3://{BUCKET}/from-lambda/") for body in bodies} <= set(drawn)
    assert len(drawn) == bodies[0]["usage"]["images"]
    assert [key for key in drawn if not re.fullmatch(r"images-\d{14}-000-\d{3}\.png", key)] == []
    assert {f"images/{REQUEST_ID}/run.json", f"images/{REQUEST_ID}/report.html"} <= set(keys)


def test_every_delivery_signs_for_the_region_of_the_bucket(s3: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ONBRIEF_BUCKET_REGION", "eu-north-1")
    wanted = event("a red circle", output_s3_bucket_name=BUCKET, output_s3_key_prefix="elsewhere/images")

    async def twice() -> list[int]:
        return [reply["statusCode"] for reply in await asyncio.gather(*(answer(wanted, Invocation()) for _ in range(2)))]

    assert asyncio.run(twice()) == [200, 200]
    assert s3.regions == {"eu-north-1"}


def test_every_command_finds_the_pictures_of_an_event(
    s3: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    never = "a red circle that is a blue circle, with a brillig"
    fields = {"output_s3_bucket_name": BUCKET, "output_s3_key_prefix": "found/images", "max_retry_attempts": 2}
    reply = asyncio.run(answer(event(never, max_prompt_revisions=1, run_id="mine", **fields), Invocation()))
    out, best = f"s3://{BUCKET}/found/images", json.loads(reply["body"])["best"]

    def onbrief(*arguments: str) -> tuple[int, str]:
        code = main([*arguments, "--out", out])
        return code, capsys.readouterr().out.strip()

    assert f"{best}\n" in onbrief("show", "mine")[1]
    code, link = onbrief("show", "mine", "--link", "1")
    with urllib.request.urlopen(link) as page:  # noqa: S310 - the test's own service
        assert (code, page.read()[:4]) == (0, b"\x89PNG")
    assert onbrief("report", "mine", "-o", "sheet.png") == (0, "sheet.png")
    assert onbrief("report", "mine", "-o", "page.html") == (0, "page.html")
    assert Path("page.html").read_text().count("data:image/") >= 2

    before = [key for key in s3.keys(f"s3://{BUCKET}/found") if key.endswith(".png")]
    code, path = onbrief("resume", "mine", "--max-images", "3", "--max-attempts", "3", "--quiet")
    after = [key for key in s3.keys(f"s3://{BUCKET}/found") if key.endswith(".png")]
    assert (code, path in {f"s3://{BUCKET}/found/{key}" for key in after}) == (3, True)
    assert [re.sub(r"\d{14}", "start", key) for key in after] == [f"images-start-000-00{n}.png" for n in range(3)]
    assert after[:2] == before
    assert main(["rm", "mine", "--yes", "--out", out]) == 0
    assert f"its pictures stay: {best[:-11]}???-???.*" in capsys.readouterr().err
    assert [key for key in s3.keys(f"s3://{BUCKET}/found") if key.endswith(".png")] == after


def reply(wanted: object, invocation: Invocation | None = None) -> tuple[int, dict[str, Any]]:
    answered = asyncio.run(answer(wanted, invocation or Invocation()))
    return answered["statusCode"], json.loads(answered["body"])


def test_an_event_needs_only_the_rights_to_put_and_to_get(s3: Service) -> None:
    s3.rights = Rights(LEAST, under="least/")
    impossible = "a red circle that is a blue circle, with a brillig"
    wanted = event(impossible, output_s3_bucket_name=BUCKET, output_s3_key_prefix="least/images", max_retry_attempts=2)
    left = iter([PLENTY] * 5)
    status, body = reply(wanted, Invocation(left=lambda: next(left, 0)))
    assert (status, body["outcome"]) == (202, "paused")
    status, body = reply(wanted)
    assert (status, body["outcome"], body["usage"]["images"], body["usage"]["unknown_calls"]) == (400, "unmet", 6, 0)
    drawn = [key for key in s3.requests if key.startswith("PUT") and key.endswith(".png")]
    assert len(drawn) == len(set(drawn)) == 6
    assert reply(wanted)[1]["best"] == body["best"]


def test_an_event_whose_pictures_may_not_be_written_pays_for_none(s3: Service) -> None:
    s3.rights = Rights(LEAST, under="strict/images/")
    wanted = event("a red circle", output_s3_bucket_name=BUCKET, output_s3_key_prefix="strict/images")
    status, body = reply(wanted)
    assert (status, body["error"].split(" cannot ")[0]) == (500, f"Exception: output_s3_bucket_name: s3://{BUCKET}/strict")
    assert "s3:PutObject" in body["error"]
    s3.rights = Rights(LEAST, under="strict/")
    status, body = reply(wanted)
    assert (status, body["usage"]["unknown_calls"]) == (200, 0)
