"""The log: one line of JSON for each step, whatever happens, with no secret and with no words of users unless asked for."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import re
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from onbrief.aws_lambda.delivery import answer
from onbrief.aws_lambda.step_log import MAX_LINE, VARIABLE, StepLog
from onbrief_sandbox.server.app import Terms
from onbrief_sandbox.server.bill import Bill
from onbrief_sandbox.server.faults import Fault
from tests.aws_lambda.events import REQUEST_ID, Invocation, deliver, event, handled
from tests.aws_lambda.test_delivery import IMPOSSIBLE, claim, running_out
from tests.buckets import BUCKET, Service
from tests.sandbox.server.serving import CORE, Play, lines, served

CLAUDE = "global.anthropic.claude-sonnet-5"
SMALL = {"sdxl_width": 512, "sdxl_height": 512}
LEAST: dict[str, object] = {"prompt": "a red circle", "output_s3_bucket_name": "my-bucket", **SMALL}
BEGIN = ["begun", "call plan", "checklist", "prompt"]
PICTURE = ["call image", "picture", "call judge", "judged"]
END = ["ended", "answered"]
PAGE = (Path(__file__).parents[2] / "docs" / "lambda.md").read_text().partition("| `step` |")[2].partition("\n\n")[0]
DOCUMENTED = {step for row in re.findall(r"^\| (`.*?`) \|", PAGE, re.MULTILINE) for step in re.findall(r"`(\w+)`", row)}
SECRETS = {
    "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLE",
    "SOME_API_KEY": "correct-horse-battery-staple",
}
TOKEN = "sk-proj-" + "a1B2" * 10
KEY = "AKIA" + "Q1W2" * 4
PASSWORD = "hunter2-hunter2"


@dataclass(frozen=True, slots=True)
class Log:
    """What an invocation has written to stderr, checked as every line must be."""

    text: str

    @property
    def lines(self) -> list[dict[str, Any]]:
        made = [json.loads(line) for line in self.text.splitlines()]
        for line in made:
            assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", line["timestamp"])
            assert line["level"] in {"DEBUG", "INFO", "WARN", "ERROR"}
            assert line["run_id"]
            assert line["level"] == "DEBUG" or line["step"] in DOCUMENTED
            assert line["requestId"] == REQUEST_ID
            assert line["time_left"] <= 900
        assert max(map(len, self.text.splitlines())) <= MAX_LINE
        return made

    @property
    def steps(self) -> list[str]:
        """The steps, those of calls with the kind of the call, and its outcome if it is not done."""
        return [
            " ".join(
                str(word) for word in (line["step"], line.get("call"), line["outcome"] if "try" in line else "") if word
            ).removesuffix(" done")
            for line in self.lines
        ]

    def __getitem__(self, step: str) -> dict[str, Any]:
        """Return the only line of a step."""
        (line,) = [line for line in self.lines if line["step"] == step]
        return line

    def of(self, step: str) -> list[dict[str, Any]]:
        return [line for line in self.lines if line["step"] == step]


@pytest.fixture
def play(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Generator[Play]:
    """Start a stand-in server for Bedrock with faults that can be changed."""
    script = Play()
    with served(Terms(script=script, bill=Bill(tmp_path / "bill"))) as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", f"http://127.0.0.1:{server.port}")
        for name, value in (SECRETS | {"AWS_ACCESS_KEY_ID": "sandbox", "AWS_REGION": "us-west-2"}).items():
            monkeypatch.setenv(name, value)
        yield script


def test_a_run_that_passes_is_a_line_for_each_step(play: Play, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, body = deliver(tmp_path, LEAST | {"max_usd": 5})
    log = Log(capsys.readouterr().err)
    assert log.steps == [*BEGIN, *PICTURE * body["usage"]["images"], *END]
    begun, ended, answered = log["begun"], log["ended"], log["answered"]
    assert begun["models"] == {
        "image_model": f"bedrock:{CORE}",
        "judge": f"bedrock:{CLAUDE}?max_tokens=4096",
        "reviser": f"bedrock:{CLAUDE}?max_tokens=4096",
    }
    assert (begun["limits"], begun["resumed"]) == ({"images": 15, "attempts": 5, "prompts": 3, "usd": 5.0}, False)
    assert (ended["outcome"], ended["usage"]) == ("passed", body["usage"])
    assert (answered["status"], answered["outcome"], answered["best"]) == (200, "passed", body["best"])
    calls = log.of("call")
    billed = lines(tmp_path / "bill")
    assert [call["model"].partition(":")[2].partition("?")[0] for call in calls] == [line["model"] for line in billed]
    assert (
        sum(call["usd"] for call in calls)
        == pytest.approx(body["usage"]["usd"])
        == pytest.approx(sum(line["usd"] for line in billed))
    )
    assert sum(call["input_tokens"] for call in calls) == body["usage"]["input_tokens"] > 0
    assert [(line["revision"], line["attempt"]) for line in log.of("picture")] == [
        (0, number) for number in range(body["usage"]["images"])
    ]
    assert log.of("judged")[-1]["passed"] is True
    deliver(tmp_path, LEAST | {"max_usd": 5})
    again = Log(capsys.readouterr().err)
    assert again.of("call") == []
    assert again["answered"]["status"] == 200


def test_a_run_that_is_unmet_has_its_revisions_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    deliver(tmp_path, event(IMPOSSIBLE, max_retry_attempts=1, max_prompt_revisions=2))
    log = Log(capsys.readouterr().err)
    assert log.steps == [*BEGIN, *PICTURE, "call revise", "prompt", *PICTURE, *END]
    assert [line["revision"] for line in log.of("prompt")] == [0, 1]
    assert all(line["unmet"] for line in log.of("judged"))
    assert (log["ended"]["level"], log["ended"]["outcome"]) == ("WARN", "unmet")
    assert (log["answered"]["level"], log["answered"]["status"]) == ("WARN", 400)


@pytest.mark.parametrize(
    ("fault", "steps", "outcome", "status"),
    [
        (
            Fault(model=CORE, does="status", status=429, headers={"retry-after": "0.01"}, calls=(1,)),
            [*BEGIN, "call image refused", "waiting image", *PICTURE],
            "passed",
            200,
        ),
        (
            Fault(model=CLAUDE, does="truncated", calls=(2,)),
            [*BEGIN, "call image", "picture", "call judge unreadable", "call judge", "judged"],
            "passed",
            200,
        ),
        (Fault(model=CORE, does="status", status=500), [*BEGIN, *["call image failed"] * 3], "failed", 500),
        (
            Fault(model=CORE, does="status", status=403, type="AccessDeniedException"),
            [*BEGIN, "call image refused"],
            "failed",
            500,
        ),
        (
            Fault(model=CORE, does="reset", calls=(1,)),
            [*BEGIN, "call image unknown", "judged", *PICTURE],
            "passed",
            200,
        ),
        (Fault(model=CLAUDE, does="text"), ["begun", "call plan blocked"], "blocked", 422),
        (Fault(model=CORE, does="filtered"), [*BEGIN, "call image blocked", "judged"], "blocked", 422),
    ],
    ids=["refused", "unreadable", "failed", "denied", "unknown", "plan blocked", "picture blocked"],
)
def test_each_way_in_which_a_call_ends_is_a_line(
    fault: Fault,
    steps: list[str],
    outcome: str,
    status: int,
    play: Play,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    play.now(fault)
    wanted = LEAST | {"max_prompt_revisions": 0, "sdxl_seed": 3}
    code, body = deliver(tmp_path, wanted)
    log = Log(capsys.readouterr().err)
    assert (code, body["outcome"]) == (status, outcome)
    assert log.steps[: len(steps)] == steps
    assert log.steps[-2:] == END
    assert all(line["reason"] and line["level"] == "WARN" for line in log.of("call") if line["outcome"] != "done")
    assert (log["answered"]["status"], log["answered"]["outcome"]) == (status, outcome)
    assert sum(line["usd"] for line in log.of("call")) == pytest.approx(body["usage"]["usd"])


def test_a_run_whose_limit_or_time_is_reached_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    deliver(tmp_path, event(max_usd=0.01, image_model="sandbox:?usd=0.04", run_id="limit"))
    log = Log(capsys.readouterr().err)
    assert (log.steps, log["ended"]["outcome"], log["answered"]["status"]) == ([*BEGIN, *END], "over_budget", 402)
    wanted = event(IMPOSSIBLE, max_retry_attempts=2, max_prompt_revisions=1)
    deliver(tmp_path, wanted, Invocation(left=running_out(16)))
    log = Log(capsys.readouterr().err)
    paused = log.steps[:-2]
    assert (log["ended"]["outcome"], log["answered"]["status"], log["answered"]["level"]) == ("paused", 202, "INFO")
    assert "seconds are left" in log["ended"]["reason"]
    assert log["answered"]["time_left"] == 0
    deliver(tmp_path, wanted)
    resumed = Log(capsys.readouterr().err)
    assert resumed["begun"]["resumed"] is True
    both = [step for step in (*paused, *resumed.steps) if step.startswith("call")]
    assert both == ["call plan", *["call image", "call judge"] * 2]


def test_a_second_delivery_says_what_it_waits_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async def twice() -> None:
        wanted = event("a red circle", image_model="sandbox:?seconds=0.2")
        await asyncio.gather(*(answer(wanted, Invocation(), str(tmp_path)) for _ in range(2)))

    asyncio.run(twice())
    log = Log(capsys.readouterr().err)
    assert log.steps.count("other_delivery") == log.steps.count("begun") == 1
    assert [(line["status"], line["outcome"]) for line in log.of("answered")] == [(200, "passed")] * 2
    claim(tmp_path, event("a blue circle", output_s3_key_prefix="other"), lease=900)
    capsys.readouterr()
    deliver(tmp_path, event("a blue circle", output_s3_key_prefix="other"), Invocation(left=lambda: 2_000))
    log = Log(capsys.readouterr().err)
    assert log.steps == ["other_delivery", "answered"]
    assert (log["answered"]["status"], log["answered"]["outcome"], log["answered"]["time_left"]) == (202, "running", 2.0)


def test_an_event_that_is_wrong_is_two_lines(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    deliver(tmp_path, event(sdxl_steps="many", promt="a cat"))
    log = Log(capsys.readouterr().err)
    assert (log.steps, log["wrong_event"]["fields"]) == (["wrong_event", "answered"], ["sdxl_steps", "promt"])
    deliver(tmp_path, event(judge_model="nothing:at-all"))
    log = Log(capsys.readouterr().err)
    assert log.steps == ["refused_event", "answered"]
    assert log["refused_event"]["reason"].startswith("judge_model: 'nothing:at-all?max_tokens=4096' is not allowed")
    monkeypatch.setenv("ONBRIEF_JUDGE_REGION", "Frankfurt")
    deliver(tmp_path, event())
    log = Log(capsys.readouterr().err)
    assert (log.steps, log["broken"]["error"], log["answered"]["level"]) == (["broken", "answered"], "ConfigError", "ERROR")
    assert re.search(r"delivery\.py:\d+ _require_settings$", log["broken"]["trace"][-1])


@pytest.mark.parametrize(
    ("level", "seen"),
    {
        "TRACE": ["DEBUG", "INFO", "WARN", "ERROR"],
        "DEBUG": ["DEBUG", "INFO", "WARN", "ERROR"],
        "INFO": ["INFO", "WARN", "ERROR"],
        "": ["INFO", "WARN", "ERROR"],
        "loud": ["INFO", "WARN", "ERROR"],
        "warn": ["WARN", "ERROR"],
        "ERROR": ["ERROR"],
        "FATAL": [],
    }.items(),
)
def test_the_level_of_the_function_decides_which_lines_are_written(
    level: str, seen: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(VARIABLE, level)
    log = StepLog("r")
    log.write("DEBUG", "x")
    log.write("INFO", "x")
    log.write("WARN", "x")
    log.write("ERROR", "x")
    assert [json.loads(line)["level"] for line in capsys.readouterr().err.splitlines()] == seen


def test_the_words_of_users_and_models_are_in_debug_lines_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    words = event(
        "a zyzzyva and a red circle that is a blue circle",
        requirements=["a quokka is there"],
        avoid="a numbat, --ar 16:9 axolotl",
    )
    words |= {"max_retry_attempts": 1, "max_prompt_revisions": 2}
    said = ("zyzzyva", "quokka", "numbat", "axolotl")
    deliver(tmp_path, words)
    deliver(tmp_path, words | {"prompt": "zyzzyva.png", "requirements": [{"text": "quokka", "kind": "numbat axolotl"}]})
    log = Log(capsys.readouterr().err)
    assert [word for word in said if word in log.text] == []
    assert [line["status"] for line in log.of("answered")] == [400, 400]
    assert re.search(r"(?:no image met|the judge cannot tell) r\d\b", log["ended"]["reason"])
    monkeypatch.setenv(VARIABLE, "DEBUG")
    deliver(tmp_path, words | {"run_id": "two"})
    log = Log(capsys.readouterr().err)
    assert [word for word in said if word not in log.text] == []
    assert {line["level"] for line in log.lines if any(word in json.dumps(line) for word in said)} == {"DEBUG"}
    assert {line["step"] for line in log.lines if line["level"] == "DEBUG"} >= {"requirement", "prompt_text", "finding"}


def test_no_line_has_a_secret(
    play: Play, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(VARIABLE, "DEBUG")
    planted = (*SECRETS.values(), TOKEN, KEY, PASSWORD)
    told = f"denied for {TOKEN}, {' '.join(SECRETS.values())}, password={PASSWORD}, https://me:{PASSWORD}@host/ and {KEY}"
    least = LEAST | {"max_prompt_revisions": 1, "max_retry_attempts": 1}
    for number, fields in enumerate(
        [
            {"prompt": f"a red circle, {told}"},
            {"requirements": [told], "avoid": [told], "negative_prompt": told},
            {"image_model": f"bedrock:{TOKEN}"},
            {"judge_model": f"openai:{TOKEN}"},
            {TOKEN: told, "sdxl_steps": told, "requirements": [{"text": told, TOKEN: told}]},
            {"prompt": "x" * 9_990 + TOKEN},
            {"output_s3_key_prefix": TOKEN},
        ]
    ):
        deliver(tmp_path / str(number), least | fields)
    for model, call in ((CORE, 1), (CLAUDE, 2)):  # after its first call is refused, a model is asked once a minute
        for fault in (
            Fault(model=model, does="status", status=403, type="AccessDeniedException", message=told),
            Fault(model=model, does="status", status=500, message=told),
            Fault(model=model, does="status", status=429, headers={"retry-after": "0.01"}, message=told, calls=(call,)),
        ):
            play.now(fault)
            deliver(tmp_path / f"{model}-{fault.status}", least)
    play.now(Fault(model=CLAUDE, does="text", text=told))
    deliver(tmp_path / "text", least)
    log = Log(capsys.readouterr().err)
    assert [secret for secret in planted if secret in log.text or json.dumps(secret)[1:-1] in log.text] == []
    assert log.text.count("[redacted]") > 20
    assert len(log.lines) > 60


def test_libraries_do_not_log_the_requests_that_they_send(
    s3: Service, play: Play, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    caplog.set_level(logging.DEBUG)
    status, _ = handled(LEAST | {"output_s3_bucket_name": BUCKET, "output_s3_key_prefix": "quiet/images"}, Invocation())
    assert (status, caplog.records) == (200, [])
    logging.getLogger("mine").debug("as before")
    assert caplog.messages == ["as before"]


def test_lines_are_bounded_and_in_ascii_whatever_they_say(capsys: pytest.CaptureFixture[str]) -> None:
    StepLog("r", REQUEST_ID).write(
        "INFO", "x", text="\ud800😀\n" * 10_000, listed=["é" * 999] * 999, nested={"a": "\x7f" * 99_999}
    )
    (text,) = capsys.readouterr().err.splitlines()
    assert text.isascii()
    assert len(text) <= MAX_LINE
    line = json.loads(text)
    assert (len(line["text"]), len(line["listed"]), len(line["nested"]["a"])) == (1000, 64, 1000)


def test_a_log_that_cannot_be_written_does_not_stop_a_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(os.dup(write), "w", buffering=1) as broken:
        monkeypatch.setattr("sys.stderr", broken)
        assert deliver(tmp_path, event("a red circle"))[0] == 200
        os.dup2(os.open(os.devnull, os.O_WRONLY), broken.fileno())  # what is buffered goes there
    os.close(write)
