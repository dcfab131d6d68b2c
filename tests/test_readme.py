"""The AWS examples of README, run unchanged against the sandbox server and a stand-in for S3, over HTTP."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from collections import Counter
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from onbrief.aws_lambda import handler
from onbrief_sandbox.server.app import Terms
from onbrief_sandbox.server.bill import Bill
from tests.aws_lambda.events import Invocation
from tests.buckets import Service
from tests.sandbox.server.serving import CORE, lines, served

README = (Path(__file__).parent.parent / "README.md").read_text()
CLAUDE = "global.anthropic.claude-sonnet-5"
BUCKET = "my-bucket"
BILL = "bill.jsonl"
SHORTER = (
    'onbrief run "a red circle left of a blue dog" --image-model bedrock:{} --judge bedrock:{} --out s3://my-bucket/shorter'
)


def shown(pattern: str) -> str:
    """Return the only line of README that matches the pattern."""
    (line,) = re.findall(rf"^{pattern}$", README, re.MULTILINE)
    return line


@pytest.fixture
def here(s3: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Generator[Path]:
    """Change to an empty folder and set README's environment variables, with the ports of the running servers."""
    monkeypatch.chdir(tmp_path)
    with served(Terms(bill=Bill(tmp_path / BILL))) as server:
        ports = {"8400": str(server.port), "8500": s3.url.rpartition(":")[2]}
        for line in re.findall(r"^export (.*)$", README, re.MULTILINE):
            for name, value in (pair.split("=", 1) for pair in shlex.split(line)):
                monkeypatch.setenv(name, re.sub(r"(?<=:)8[45]00$", lambda port: ports[port[0]], value))
        if BUCKET not in [bucket["Name"] for bucket in s3.client.list_buckets()["Buckets"]]:
            s3.client.create_bucket(Bucket=BUCKET)
        yield tmp_path


def keys(s3: Service, prefix: str) -> list[str]:
    return [item["Key"] for item in s3.client.list_objects_v2(Bucket=BUCKET, Prefix=prefix)["Contents"]]


@pytest.mark.parametrize(
    "command", [shown("onbrief run .* --out s3://.*"), SHORTER.format(CORE, CLAUDE)], ids=["README", "shorter"]
)
def test_the_command_makes_a_picture_in_the_bucket(here: Path, s3: Service, command: str) -> None:
    program, *arguments = shlex.split(command)
    assert program == "onbrief"
    ran = subprocess.run(
        [sys.executable, "-m", "onbrief", *arguments, "--seed", "4"],
        env=os.environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    (picture,) = [key for key in keys(s3, arguments[-1].removeprefix(f"s3://{BUCKET}/")) if key.endswith(".png")]
    assert ran.stdout == f"s3://{BUCKET}/{picture}\n"
    assert Counter(line["model"] for line in lines(here / BILL)) == {CORE: 1, CLAUDE: 2}  # one to plan, one to judge


def test_the_event_is_answered_with_the_url_of_a_picture(here: Path, s3: Service) -> None:
    answer = handler(json.loads(shown(r'\{"prompt".*\}')), Invocation())
    body: dict[str, Any] = json.loads(answer["body"])
    assert (answer["statusCode"], body["status"], body["outcome"]) == (200, "SUCCESS", "passed"), body
    assert body["best"].removeprefix(f"s3://{BUCKET}/") in keys(s3, "generated-images-")
    assert Counter(line["model"] for line in lines(here / BILL))[CORE] == body["usage"]["images"]
