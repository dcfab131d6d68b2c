"""Events whose bucket is one, over HTTP."""

from __future__ import annotations

import asyncio
import json
import re

import pytest

from onbrief.aws_lambda.deliveries import answer
from tests.aws_lambda.events import REQUEST_ID, Invocation, event
from tests.buckets import BUCKET, Service


def test_an_event_leaves_its_pictures_and_its_run_in_the_bucket(s3: Service) -> None:
    wanted = event("a red circle", output_s3_bucket_name=BUCKET, output_s3_key_prefix="from-lambda/images")

    async def thrice() -> list[str]:
        return [told["body"] for told in await asyncio.gather(*(answer(wanted, Invocation()) for _ in range(3)))]

    bodies = [json.loads(body) for body in asyncio.run(thrice())]
    keys = s3.keys(f"s3://{BUCKET}/from-lambda")
    drawn = [key for key in keys if key.endswith(".png")]
    assert [body["outcome"] for body in bodies] == ["passed"] * 3
    assert {body["best"].removeprefix(f"s3://{BUCKET}/from-lambda/") for body in bodies} <= set(drawn)
    assert len(drawn) == bodies[0]["usage"]["images"]
    assert [key for key in drawn if not re.fullmatch(r"images-\d{14}-000-\d{3}\.png", key)] == []
    assert {f"images/{REQUEST_ID}/run.json", f"images/{REQUEST_ID}/report.html"} <= set(keys)


def test_every_delivery_asks_in_the_region_of_the_bucket(s3: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ONBRIEF_BUCKET_REGION", "eu-north-1")
    wanted = event("a red circle", output_s3_bucket_name=BUCKET, output_s3_key_prefix="elsewhere/images")

    async def twice() -> list[int]:
        return [told["statusCode"] for told in await asyncio.gather(*(answer(wanted, Invocation()) for _ in range(2)))]

    assert asyncio.run(twice()) == [200, 200]
    assert s3.regions == {"eu-north-1"}
