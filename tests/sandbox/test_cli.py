"""`onbrief sandbox` as a process: its output, how it ends, and arguments that it rejects."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from onbrief.cli import main
from onbrief_sandbox.server.wires.mounting import shell

_CALL = """\
import boto3, json
reply = boto3.client("bedrock-runtime").invoke_model(
    modelId="stability.stable-image-core-v1:1", body=json.dumps({"prompt": "a red circle"})
)
print(json.loads(reply["body"].read())["finish_reasons"])
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_lines_to_export_are_all_that_a_client_needs(tmp_path: Path, number: signal.Signals) -> None:
    bill = tmp_path / "bill.jsonl"
    command = [sys.executable, "-m", "onbrief", "sandbox", "--bill", str(bill)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        printed = [running.stdout.readline().strip() for _ in (*range(9), *shell(""))]
        exports = dict(line.removeprefix("export ").split("=", 1) for line in printed if not line.startswith("#"))
        called = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", _CALL],
            env=dict(os.environ) | exports,
            capture_output=True,
            text=True,
            check=False,
        )
        running.send_signal(number)
        out, err = running.communicate()
    assert (called.stdout, called.returncode) == ("[None]\n", 0), called.stderr
    assert exports["AWS_ENDPOINT_URL_BEDROCK_RUNTIME"].startswith("http://127.0.0.1:")
    assert exports["ANTHROPIC_BEDROCK_BASE_URL"] == exports["AWS_ENDPOINT_URL_BEDROCK_RUNTIME"]
    assert exports["AWS_REGION"] == exports["AWS_DEFAULT_REGION"] == "us-west-2"
    assert printed[9:] == shell(exports["AWS_ENDPOINT_URL_BEDROCK_RUNTIME"])
    assert [re.match(r"# [a-z0-9]+|export [A-Z0-9_]+=\S+$", line) is None for line in printed] == [False] * len(printed)
    assert running.returncode == 0
    assert out == ""
    assert err.startswith("sandbox: a stand-in on this machine")
    assert err.count("\n") == 1
    assert [json.loads(line)["usd"] for line in bill.read_text().splitlines()] == [0.04]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--port", "70000"], "port: 70000 is not allowed; expected a free port from 1 to 65535"),
        (["--port", "-1"], "port: -1 is not allowed; expected a free port from 1 to 65535"),
        (["--latency", "stability."], "latency: 'stability.' is not allowed; expected MODEL=SECONDS"),
        (["--latency", "stability.=soon"], "latency: 'stability.=soon' is not allowed; expected MODEL=SECONDS"),
        (["--latency", "stability.=-1"], "latency: 'stability.=-1' is not allowed; expected MODEL=SECONDS"),
        (["--latency", "gpt=1"], "latency: 'gpt*' is not allowed; expected a model of the sandbox"),
        (["--ended", "gpt"], "ended: 'gpt' is not allowed; expected a model of the sandbox"),
        (["--faults", "none.toml"], "faults: 'none.toml' is not allowed; expected a file that can be read"),
        (["--limit", "openai:*"], "limit: 'openai:*' is not allowed; expected MODEL=LIMIT, such as"),
        (["--limit", "gpt=5/min"], "limit: 'gpt=5/min' is not allowed; expected a model of the sandbox before the ="),
        (["--limit", "openai.chat=5"], "limit: '5' is not allowed; expected \"50 requests, 100000 tokens\""),
        (["--limit", "openai.chat=5 at once"], "limit: 'openai.chat=5 at once' is not allowed; expected MODEL=LIMIT"),
        (["--bill", "no/such/folder"], "bill: 'no/such/folder' is not allowed; expected a file that can be written"),
    ],
)
def test_a_wrong_option_is_one_clear_line(
    arguments: list[str], expected: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["sandbox", *arguments]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(f"error: {expected}")
    assert list(tmp_path.iterdir()) == []


def test_calls_under_way_are_told_that_the_server_ends() -> None:
    command = [sys.executable, "-m", "onbrief", "sandbox", "--latency", "anthropic.=600"]
    body = b'{"messages": [{"role": "user", "content": [{"text": "hello"}]}]}'
    headers = {"Content-Type": "application/json"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        port = int(running.stdout.readline().rpartition(":")[2])
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        connection.request("POST", "/model/global.anthropic.claude-haiku-5-5/converse", body, headers)
        other = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        other.request("GET", "/")  # once it is answered, the first call is in progress
        assert other.getresponse().status == 404
        running.send_signal(signal.SIGTERM)
        answer = connection.getresponse()
        reply = answer.status, json.loads(answer.read())
        connection.close()
        other.close()
        _, err = running.communicate()
    assert reply == (500, {"message": "The service is shutting down."})
    assert (running.returncode, err.count("\n")) == (0, 1)


def test_a_port_that_is_taken_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert main(["sandbox", "--port", str(port)]) == 2
    assert capsys.readouterr().err.startswith(f"error: port: {port} is not allowed; expected a free port")
