"""`doctor`."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Generator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from onbrief.cli import main
from onbrief.pursuit import Workspace, open_pursuit
from onbrief.testing import Bill, ScriptedJudge, ScriptedReviser, crew
from tests.pursuing import order, pursue, settings

CORE = "stability.stable-image-core-v1:1"
OLD = "stability.stable-diffusion-xl-v1"
CLAUDE = "anthropic.claude-sonnet-5"
SANDBOXES = ("--judge", "sandbox:", "--reviser", "sandbox:")
Doctor = Callable[..., tuple[int, dict[str, tuple[str, str]]]]


@pytest.fixture
def doctor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Doctor:
    """The exit code and the findings: state and message by subject."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for name in ("AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)

    def look(*arguments: str) -> tuple[int, dict[str, tuple[str, str]]]:
        code = main(["doctor", *arguments, "--json"])
        findings = json.loads(capsys.readouterr().out)
        assert all(one["advice"] for one in findings if one["state"] != "ok")
        return code, {one["about"]: (one["state"], one["told"]) for one in findings}

    return look


class Account(BaseHTTPRequestHandler):
    """Bedrock's answers about models: to an account with access to Core only, to wrong keys, and to keys without permission."""

    def do_GET(self) -> None:
        refusals = {"wrong": "UnrecognizedClientException", "poor": "AccessDeniedException"}
        key = self.headers["Authorization"].partition("Credential=")[2].partition("/")[0]
        if key in refusals:
            self._answer({"message": "No."}, 403, refusals[key])
        elif self.path.startswith("/foundation-models"):
            old = {"status": "LEGACY", "endOfLifeTime": "2027-05-20T00:00:00Z"}
            listed = [(CORE, {"status": "ACTIVE"}), (OLD, old), (CLAUDE, {"status": "ACTIVE"})]
            self._answer(
                {"modelSummaries": [{"modelArn": "-", "modelId": id_, "modelLifecycle": cycle} for id_, cycle in listed]}
            )
        else:
            may = CLAUDE not in self.path
            document = {"modelId": "-", "agreementAvailability": {"status": "AVAILABLE"}, "regionAvailability": "AVAILABLE"}
            document |= {
                "authorizationStatus": "AUTHORIZED" if may else "NOT_AUTHORIZED",
                "entitlementAvailability": "AVAILABLE",
            }
            self._answer(document)

    def _answer(self, document: dict[str, Any], status: int = 200, kind: str = "") -> None:
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("x-amzn-ErrorType", kind)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name of what it stands in for
        """Nothing: what pytest prints is for pytest."""


@pytest.fixture
def bedrock(doctor: Doctor, monkeypatch: pytest.MonkeyPatch) -> Generator[None]:
    """Credentials, and a Bedrock that answers for them, where the doctor looks."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Account)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    for name, value in {
        "AWS_ENDPOINT_URL_BEDROCK": f"http://127.0.0.1:{server.server_port}",
        "AWS_ACCESS_KEY_ID": "a",
        "AWS_SECRET_ACCESS_KEY": "b",
        "AWS_REGION": "eu-west-1",
    }.items():
        monkeypatch.setenv(name, value)
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_doctor_finds_nothing_wrong_with_the_defaults_and_makes_nothing(doctor: Doctor, tmp_path: Path) -> None:
    code, found = doctor()
    assert code == 0
    assert {about: state for about, (state, _) in found.items()} == dict.fromkeys(
        ("settings", "image_model", "judge", "reviser", "ocr", "out", "ledger"), "ok"
    )
    assert list(tmp_path.iterdir()) == []


def test_doctor_prints_a_line_for_each_thing_and_what_to_do(doctor: Doctor, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--judge", "sandbox:none"]) == 1
    lines = capsys.readouterr().out.splitlines()
    at = next(number for number, line in enumerate(lines) if line.startswith("error    judge "))
    assert lines[at + 1].strip().startswith("→ ")
    assert lines[0].startswith("ok       settings ")


def test_doctor_names_a_broken_setting(doctor: Doctor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ONBRIEF_MAX_IMAGES", "none")
    code, found = doctor()
    assert (code, list(found), found["settings"][0]) == (1, ["settings"], "error")


def test_doctor_names_a_place_and_a_ledger_that_cannot_be_used(doctor: Doctor, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert doctor("--out", "file/runs")[1]["out"][0] == "error"
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "ledger.db").write_text("this is no database, whatever it is called; " * 20)
    code, found = doctor("--out", "runs")
    assert (code, found["out"][0], found["ledger"][0]) == (1, "ok", "error")


def test_doctor_counts_the_runs_that_are_there(doctor: Doctor, capsys: pytest.CaptureFixture[str]) -> None:
    main(["run", "a red circle", "--size", "512x512", "--quiet"])
    capsys.readouterr()
    assert doctor()[1]["ledger"] == ("ok", "1 runs are recorded")


def test_doctor_misses_credentials_and_a_region(doctor: Doctor) -> None:
    code, found = doctor("--judge", f"bedrock:global.{CLAUDE}")
    assert code == 1
    assert found["credentials"] == ("error", "none were found")
    assert found["region"] == ("error", "none is set")


@pytest.mark.usefixtures("bedrock")
def test_doctor_asks_in_the_region_of_the_judge(doctor: Doctor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ONBRIEF_JUDGE_REGION", "ap-northeast-1")
    _, found = doctor("--judge", f"bedrock:global.{CLAUDE}")
    assert found["region"] == ("ok", "ap-northeast-1; pictures are made in us-west-2")


@pytest.mark.usefixtures("bedrock")
def test_doctor_shows_access_and_life_cycle_from_bedrock(doctor: Doctor) -> None:
    code, found = doctor("--image-model", f"bedrock:{CORE}", "--judge", f"bedrock:global.{CLAUDE}")
    assert code == 1
    assert found["image_model"] == ("ok", f"bedrock:{CORE}, active in us-west-2")
    assert found["judge"] == ("error", f"bedrock:global.{CLAUDE}: authorization NOT_AUTHORIZED")
    assert found["region"] == ("ok", "eu-west-1; pictures are made in us-west-2")
    code, found = doctor("--image-model", f"bedrock:{OLD}", *SANDBOXES)
    assert (code, found["image_model"]) == (0, ("warning", f"bedrock:{OLD} is legacy, available until 2027-05-20"))
    code, found = doctor("--image-model", "bedrock:amazon.nova-canvas-v1:0", *SANDBOXES)
    message = "us-west-2 does not offer bedrock:amazon.nova-canvas-v1:0, ended as of November 2026"
    assert (code, found["image_model"]) == (1, ("error", message))


@pytest.mark.usefixtures("bedrock")
@pytest.mark.parametrize(("key", "code", "state"), [("wrong", 1, "error"), ("poor", 0, "warning")])
def test_doctor_distinguishes_wrong_keys_from_keys_without_permission(
    key: str, code: int, state: str, doctor: Doctor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", key)
    ended, found = doctor("--image-model", f"bedrock:{CORE}", *SANDBOXES)
    assert (ended, found["image_model"][0]) == (code, state)


@pytest.mark.usefixtures("bedrock")
def test_doctor_asks_no_service_where_a_stand_in_serves_the_models(doctor: Doctor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ENDPOINT_URL_BEDROCK")
    monkeypatch.setenv("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", "http://127.0.0.1:1")
    code, found = doctor("--image-model", f"bedrock:{CORE}")
    message = f"bedrock:{CORE}, by http://127.0.0.1:1 instead of Amazon Bedrock"
    assert (code, found["image_model"]) == (0, ("ok", message))


@pytest.mark.usefixtures("bedrock")
def test_doctor_says_when_bedrock_cannot_be_asked(doctor: Doctor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_BEDROCK", "http://127.0.0.1:1")
    code, found = doctor("--image-model", f"bedrock:{CORE}")
    state, message = found["image_model"]
    assert (code, state) == (0, "warning")
    assert message.startswith(f"bedrock:{CORE}, active as of November 2026; Bedrock could not be asked: ")
    ended = "bedrock:anthropic.claude-3-5-sonnet-20240620-v1:0"
    code, found = doctor("--judge", ended, "--reviser", "bedrock:")
    assert (code, found["judge"][0], found["reviser"][0]) == (0, "warning", "warning")
    assert found["judge"][1].startswith(f"{ended}, ended as of November 2026; Bedrock could not be asked: ")
    assert found["reviser"][1].startswith("bedrock:, active as of November 2026; Bedrock could not be asked: ")


@pytest.mark.usefixtures("bedrock")
@pytest.mark.parametrize(
    ("role", "name", "key", "says"),
    [
        (
            "judge",
            f"bedrock:global.{CLAUDE}",
            "a",
            "judge: bedrock:global.anthropic.claude-sonnet-5: authorization NOT_AUTHORIZED",
        ),
        ("reviser", f"bedrock:{CLAUDE}", "a", "reviser: bedrock:anthropic.claude-sonnet-5: authorization NOT_AUTHORIZED"),
        ("judge", "bedrock:acme.seer-v1:0", "a", "judge: eu-west-1 does not offer bedrock:acme.seer-v1:0"),
        ("judge", "bedrock:arn:aws:bedrock:eu-west-1:123456789012:imported-model/abc", "a", ""),
        ("judge", f"bedrock:{CORE}", "a", ""),
        ("judge", f"bedrock:global.{CLAUDE}", "poor", ""),
        ("judge", f"bedrock:global.{CLAUDE}", "wrong", ""),
        ("judge", "sandbox:", "a", ""),
    ],
)
def test_a_model_that_cannot_be_used_is_known_before_the_first_picture_and_replaced_when_the_run_is_resumed(
    role: str, name: str, key: str, says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", key)
    bill = Bill()
    models = {"judge": ScriptedJudge(bill, name=name)} if role == "judge" else {"reviser": ScriptedReviser(bill, name=name)}
    run = pursue(tmp_path, replace(crew(bill), **models), run_id="r")[-1].run
    if says:
        assert (run.outcome, run.reason[: len(says)], bill.of("image")) == ("failed", says, [])
        run = pursue(tmp_path, crew(bill), run_id="r")[-1].run
    assert (run.outcome, len(bill.of("image"))) == ("passed", 1)


@pytest.mark.usefixtures("bedrock")
def test_a_model_is_asked_about_for_the_first_run_of_a_place_and_not_for_each(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    models = replace(crew(Bill()), judge=ScriptedJudge(name=f"bedrock:global.{CLAUDE}"))

    async def outcome(workspace: Workspace, run_id: str) -> str | None:
        async with open_pursuit(order(tmp_path, run_id=run_id), models, workspace=workspace) as pursuit:
            return [event.run.outcome async for event in pursuit.events()][-1]

    async def outcomes() -> list[str | None]:
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "poor")  # nothing is said against the model
        with Workspace.open(settings(out=str(tmp_path))) as workspace:
            first = await outcome(workspace, "first")
            monkeypatch.setenv("AWS_ACCESS_KEY_ID", "a")  # now something would be
            second = await outcome(workspace, "second")
        with Workspace.open(settings(out=str(tmp_path))) as workspace:
            return [first, second, await outcome(workspace, "third")]

    assert asyncio.run(outcomes()) == ["passed", "passed", "failed"]
