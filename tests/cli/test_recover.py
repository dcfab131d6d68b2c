"""`onbrief recover` on the command line, with a stand-in for Bedrock whose log has the lost pictures."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from onbrief.cli import main
from onbrief_sandbox.server.faults import Fault
from tests.providers.bedrock.logging_in import logging
from tests.providers.recovering import Lane, bench_of, session
from tests.sandbox.server.serving import CORE

LANE = Lane(f"bedrock:{CORE}", "own tag", first="InvokeModel", around=logging)


def test_it_prints_what_was_found_and_what_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "runs"
    with bench_of(LANE, tmp_path) as bench:
        bench.script.now(Fault(does="cut", share=0.5))
        with monkeypatch.context() as without_log:
            without_log.delenv("AWS_ENDPOINT_URL_BEDROCK")
            run = session(LANE.model, LANE.size, out)
            assert run.outcome == "unknown"
            capsys.readouterr()
            assert main(["recover", "--out", str(out)]) == 1
            printed = capsys.readouterr()
            assert f"{run.run_id} 000-000  unknown  $0.04  Bedrock's log of invocations to S3 is off" in printed.out
        paid = len(bench.paid)
        assert main(["recover", "--out", str(out), "--json"]) == 0
        printed = capsys.readouterr()
        (lost,) = json.loads(printed.out)
        assert (lost["run_id"], lost["state"], lost["usd"], Path(lost["url"].removeprefix("file://")).is_file()) == (
            run.run_id,
            "found",
            0.04,
            True,
        )
        assert f"onbrief resume {run.run_id}" in printed.err
        assert main(["recover", run.run_id, "--out", str(out)]) == 0
        assert "nothing is lost" in capsys.readouterr().err
        assert len(bench.paid) == paid
    assert main(["recover", "two", "--out", str(out)]) == 2
