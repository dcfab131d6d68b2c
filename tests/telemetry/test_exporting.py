"""Where spans and metrics go by the standard variables: real processes, and a receiver that speaks OTLP over HTTP."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from opentelemetry import trace

from onbrief.cli import main
from onbrief.telemetry import caller, check
from onbrief.telemetry.callers import parent
from onbrief.telemetry.exporting import LONGEST_FLUSH
from tests.aws_lambda.events import event
from tests.buckets import BUCKET, Service
from tests.telemetry.conftest import Application
from tests.telemetry.receiver import Receiver, receiving, values

ROOT = Path(__file__).parents[2]
TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
PARENT = f"00-{TRACE}-{SPAN}-01"
FOREVER = 120  # seconds after which a process that hangs is a failure

RUN = "import os, sys; from tests.telemetry.running import run; run(sys.argv[1])\n"


@pytest.fixture
def environment() -> dict[str, str]:
    """The environment of processes that tests start."""
    return {**os.environ, "PYTHONPATH": str(ROOT)}


def python(program: str, *arguments: object, env: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", program, *map(str, arguments)]
    return subprocess.run(command, env=env, capture_output=True, text=True, check=False, timeout=FOREVER)


def parents(receiver: Receiver) -> dict[str, list[str]]:
    """The names of spans below the name of each; those of the caller's below its own id."""
    names = {span.span_id: span.name for span in receiver.spans}
    found: dict[str, list[str]] = {}
    for span in receiver.spans:
        found.setdefault(names.get(span.parent_span_id, span.parent_span_id.hex()), []).append(span.name)
    return found


def test_a_command_sends_its_spans_and_metrics_before_it_ends(tmp_path: Path, environment: dict[str, str]) -> None:
    with receiving() as receiver:
        about = {"OTEL_EXPORTER_OTLP_ENDPOINT": receiver.url, "OTEL_SERVICE_NAME": "posters", "TRACEPARENT": PARENT}
        about |= {"OTEL_EXPORTER_OTLP_HEADERS": "authorization=Bearer%20abc", "OTEL_EXPORTER_OTLP_COMPRESSION": "gzip"}
        arguments = ["run", "a red circle", "--size", "512x512", "--max-images", "2", "--seed", "3", "--json", "--quiet"]
        command = [sys.executable, "-m", "onbrief", *arguments, "--out", str(tmp_path)]
        done = subprocess.run(command, env=environment | about, capture_output=True, text=True, check=False, timeout=FOREVER)
    record = json.loads(done.stdout)
    usage, top = record["usage"], receiver.spans[0]
    assert (done.returncode, "OpenTelemetry" in done.stderr) == (0, False)
    below = parents(receiver)
    assert (below[SPAN], {span.trace_id.hex() for span in receiver.spans}) == (["invoke_workflow onbrief"], {TRACE})
    assert below["invoke_workflow onbrief"] == ["chat sandbox", "revision"]
    assert below["revision"] == ["attempt"] * usage["images"]
    about_run = values(top.attributes)
    assert (about_run["onbrief.run.id"], about_run["onbrief.outcome"]) == (record["run_id"], record["outcome"])
    assert (receiver.resource["service.name"], receiver.resource["service.version"]) == ("posters", "0.1.0")
    assert {headers["authorization"] for headers in receiver.headers} == {"Bearer abc"}
    assert receiver.total("onbrief.images") == usage["images"]
    assert receiver.total("onbrief.judge_calls") == usage["judge_calls"]
    assert receiver.total("onbrief.text_calls") == usage["text_calls"]
    assert receiver.total("onbrief.usd") == usage["usd"]
    assert receiver.total("onbrief.runs") == 1


OFF = """
import os, sys
from tests.telemetry.running import run
url = sys.argv[2]
run(sys.argv[1], "unset")
os.environ |= {"OTEL_EXPORTER_OTLP_ENDPOINT": url, "OTEL_SDK_DISABLED": "TRUE"}
run(sys.argv[1], "disabled")
os.environ |= {"OTEL_SDK_DISABLED": "", "OTEL_TRACES_EXPORTER": "none", "OTEL_METRICS_EXPORTER": "none"}
run(sys.argv[1], "none")
"""


def test_nothing_is_imported_and_nothing_is_sent_unless_the_standard_variables_say_so(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    with receiving() as receiver:
        done = python(OFF, tmp_path, receiver.url, env=environment)
    assert (done.stdout.splitlines(), done.stderr, receiver.headers) == (["passed 0"] * 3, "", [])


def test_each_signal_goes_where_its_own_variables_say_and_standard_output_is_for_data(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    with receiving() as receiver:
        about = {"OTEL_EXPORTER_OTLP_METRICS_ENDPOINT": f"{receiver.url}/v1/metrics", "OTEL_TRACES_EXPORTER": "console"}
        done = python(RUN, tmp_path, env=environment | about)
    assert (len(done.stdout.splitlines()), '"name": "invoke_workflow onbrief"' in done.stderr) == (1, True)
    assert (receiver.spans, receiver.total("onbrief.runs")) == ([], 1)


@pytest.mark.parametrize("fault", ["stopped", "hangs", "refuses"])
def test_a_receiver_that_cannot_be_reached_or_hangs_fails_no_run_and_is_one_line(
    fault: str, tmp_path: Path, environment: dict[str, str]
) -> None:
    with receiving(hangs=fault == "hangs", status=401 if fault == "refuses" else 200) as receiver:
        url = receiver.url
        if fault == "stopped":
            with socket.socket() as unused:  # bound, and nobody listens
                unused.bind(("127.0.0.1", 0))
                url = f"http://user:hunter22@127.0.0.1:{unused.getsockname()[1]}"
                done = python(RUN, tmp_path, env=environment | {"OTEL_EXPORTER_OTLP_ENDPOINT": url})
        else:
            about = {"OTEL_EXPORTER_OTLP_ENDPOINT": url, "OTEL_EXPORTER_OTLP_TIMEOUT": "3600"}
            done = python(RUN, tmp_path, env=environment | about)
    assert (done.returncode, done.stdout.split()[0]) == (0, "passed")
    lines = done.stderr.splitlines()
    assert 1 <= len(lines) <= 2, done.stderr
    assert all(line.startswith("OpenTelemetry: ") for line in lines)
    assert ("in time" in lines[-1]) == (fault != "refuses")
    assert "hunter22" not in done.stderr
    assert (tmp_path / "first" / "run.json").is_file()


NOT_THERE = """
import sys
sys.modules["opentelemetry.sdk"] = None  # as where the extra is not installed: other libraries bring the API alone
"""


def test_without_the_packages_one_line_says_what_to_install_and_runs_go_on(tmp_path: Path, environment: dict[str, str]) -> None:
    twice = NOT_THERE + RUN + "run(sys.argv[1], 'second')"
    done = python(twice, tmp_path, env=environment | {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9"})
    assert [line.split()[0] for line in done.stdout.splitlines()] == ["passed", "passed"]
    (line,) = done.stderr.splitlines()
    assert line.startswith("OpenTelemetry is asked for, but runs are not traced: OpenTelemetry: not installed: ")
    assert "pip install 'onbrief[otel]'" in line


FORKED = """
child = os.fork()
run(sys.argv[1], "parent" if child else "child")
sys.exit(os.waitpid(child, 0)[1] if child else 0)
"""


def test_a_child_of_a_fork_sends_its_own(tmp_path: Path, environment: dict[str, str]) -> None:
    with receiving() as receiver:
        done = python(RUN + FORKED, tmp_path, env=environment | {"OTEL_EXPORTER_OTLP_ENDPOINT": receiver.url})
    assert (done.returncode, done.stderr) == (0, "")
    runs = {values(span.attributes)["onbrief.run.id"] for span in receiver.spans if span.name.startswith("invoke")}
    assert runs == {"first", "child", "parent"}


INVOKED = """
import json, os, sys, time
from onbrief.aws_lambda import handler
class Context:
    aws_request_id = "request-1"
    def __init__(self): self.end = time.monotonic() + float(sys.argv[2])
    def get_remaining_time_in_millis(self): return int(1000 * (self.end - time.monotonic()))
print(handler(json.loads(sys.argv[1]), Context())["statusCode"], flush=True)
os._exit(0)  # as Lambda freezes a process: what was not sent by then is lost
"""


def test_an_invocation_sends_all_before_it_answers_as_a_part_of_its_callers_trace(
    s3: Service, environment: dict[str, str]
) -> None:
    asked = event("a red circle", output_s3_bucket_name=BUCKET, output_s3_key_prefix="traced/images", run_id="traced")
    asked = {"headers": {"TraceParent": PARENT}, "body": json.dumps(asked)}
    with receiving() as receiver:
        about = environment | s3.environment | {"OTEL_EXPORTER_OTLP_ENDPOINT": receiver.url}
        done = python(INVOKED, json.dumps(asked), 900, env=about)
    assert done.stdout.split() == ["200"], done.stderr
    (top,) = [span for span in receiver.spans if span.name.startswith("invoke")]
    assert (values(top.attributes)["onbrief.run.id"], top.parent_span_id.hex()) == ("traced", SPAN)
    assert receiver.total("onbrief.runs") == 1


def test_an_invocation_without_time_left_does_not_wait_for_a_receiver_that_hangs(
    s3: Service, environment: dict[str, str]
) -> None:
    asked = event("a red circle", output_s3_bucket_name=BUCKET, output_s3_key_prefix="late/images", run_id="late")
    with receiving(hangs=True) as receiver:
        about = environment | s3.environment | {"OTEL_EXPORTER_OTLP_ENDPOINT": receiver.url}
        done = python(INVOKED, json.dumps(asked), LONGEST_FLUSH / 10, env=about)
    assert done.stdout.split() == ["202"], done.stderr
    assert "in time" not in done.stderr


MESSAGE = {"eventSource": "aws:sqs", "messageAttributes": {"traceparent": {"stringValue": PARENT, "dataType": "String"}}}
X_RAY = f"Root=1-{TRACE[:8]}-{TRACE[8:]};Parent={SPAN};Sampled=0;Lineage=1:0"


@pytest.mark.parametrize(
    ("event", "variables", "found"),
    [
        ({"headers": {"Traceparent": PARENT, "accept": "*/*"}}, {}, True),
        ({"Records": [MESSAGE]}, {}, True),
        ({"Records": [MESSAGE, MESSAGE]}, {}, False),
        ({"headers": {"traceparent": "nonsense"}, "messageAttributes": None}, {}, False),
        ("not an object", {}, False),
        ({}, {"TRACEPARENT": PARENT}, True),
        ({}, {"TRACEPARENT": PARENT, "OTEL_PROPAGATORS": "b3"}, False),
        ({}, {"_X_AMZN_TRACE_ID": X_RAY}, False),
        ({}, {"_X_AMZN_TRACE_ID": X_RAY, "OTEL_PROPAGATORS": "xray-lambda,tracecontext"}, True),
    ],
)
def test_the_caller_of_a_run_is_known_by_its_event_or_by_variables(
    event: object, variables: dict[str, str], found: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with caller(event):
        above = trace.get_current_span(parent()).get_span_context()
    assert (f"{above.trace_id:032x}", f"{above.span_id:016x}", above.is_remote) == (
        (TRACE, SPAN, True) if found else ("0" * 32, "0" * 16, False)
    )


@pytest.mark.parametrize(
    ("about", "state", "told"),
    [
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "{}"}, "ok", "traces by otlp to {}, metrics by otlp to {}"),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "{}", "OTEL_SDK_DISABLED": "true"}, "ok", "runs are not traced (OTEL_SDK_DISABLED)"),
        ({"OTEL_TRACES_EXPORTER": "console"}, "ok", "traces by console"),
        ({"OTEL_TRACES_EXPORTER": "smoke"}, "warning", "OTEL_TRACES_EXPORTER: 'smoke' is not allowed; expected one of console"),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "{}/elsewhere"}, "warning", "code: 404"),
        (
            {"OTEL_METRICS_EXPORTER": "otlp", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"},
            "warning",
            "not installed: opentelemetry-exporter-otlp-proto-grpc",
        ),
        (
            {"OTEL_METRICS_EXPORTER": "otlp", "OTEL_EXPORTER_OTLP_METRICS_PROTOCOL": "http/json"},
            "warning",
            "OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json' is not allowed; expected http/protobuf or grpc",
        ),
    ],
    ids=["there", "disabled", "console", "unknown", "elsewhere", "grpc", "json"],
)
def test_the_check_says_where_spans_and_metrics_go_and_whether_they_arrive(
    about: dict[str, str], state: str, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with receiving(status=404 if "elsewhere" in str(about) else 200) as receiver:
        for name, value in about.items():
            monkeypatch.setenv(name, value.format(receiver.url))
        found = check()
    assert found is not None
    assert (found.state, found.about, bool(found.advice)) == (state, "telemetry", state != "ok")
    assert told.replace("{}", receiver.url) in found.told


def test_doctor_has_a_line_about_it_if_it_is_set_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    told: list[list[str]] = []
    for exporter in ("none", "console"):
        monkeypatch.setenv("OTEL_TRACES_EXPORTER", exporter)
        assert main(["doctor", "--json"]) == 0
        told.append([one["told"] for one in json.loads(capsys.readouterr().out) if one["about"] == "telemetry"])
    assert told == [[], ["traces by console"]]


def test_doctor_knows_an_application_that_sends_its_own(application: Application) -> None:
    found = check()
    assert found is not None
    assert (found.state, "the program that runs this one" in found.told) == ("ok", True)
