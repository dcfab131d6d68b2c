"""Every provider of pictures: each fault of its service ends as the table says, and what is paid for is counted.

A provider is added by its lane in test_recovering.py; where its service answers a fault in another way, `DIFFERS` says so.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import replace
from typing import Literal

import pytest

from onbrief_sandbox.server.faults import Fault
from tests.providers.recovering import Bench, Lane, bench_of, entries, session
from tests.providers.test_recovering import LANES

Then = Literal["sent again", "counted", "lost", "blocked", "spoilt", "stopped", "nothing"]
"""What must happen. "sent again": nothing was spent, and the call is sent again. "counted": it may have been paid for, and is
sent again. "lost": its picture comes back if the provider can find it by then; else it is unknown, and not sent again.
"blocked": the content was refused. "spoilt": the answer is not a usable picture. "stopped": the run stops until something is
changed. "nothing": the service has no such fault.
"""


def status(number: int, message: str = "This is a fault by script.", headers: Mapping[str, str] | None = None) -> Fault:
    return Fault(does="status", status=number, message=message, headers=dict(headers or {}))


FAULTS: dict[str, tuple[Fault, Then]] = {
    "429": (status(429), "sent again"),
    "429 with a header": (status(429, headers={"Retry-After": "0"}), "sent again"),
    "429 with a date": (status(429, headers={"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"}), "sent again"),
    "503": (status(503), "sent again"),
    "503 with a header": (status(503, headers={"Retry-After": "0"}), "sent again"),
    "529": (status(529), "sent again"),
    **{str(number): (status(number), "counted") for number in (408, 424, 500, 502, 504, 507, 520, 524)},
    "quota of the day": (status(429, "Requests per day exceeded, please wait before trying again."), "stopped"),
    **{str(number): (status(number), "stopped") for number in (400, 401, 402, 403, 404, 405, 410, 413, 415, 422)},
    "refused in words": (status(400, "Your request was blocked by our content policy."), "blocked"),
    "reset": (Fault(does="reset"), "lost"),
    "cut at once": (Fault(does="cut", byte=0), "lost"),
    "cut soon": (Fault(does="cut", share=0.25), "lost"),
    "cut in the middle": (Fault(does="cut", share=0.5), "lost"),
    "cut near the end": (Fault(does="cut", share=0.99), "lost"),
    "filtered prompt": (Fault(does="filtered", reason="prompt"), "blocked"),
    "filtered output": (Fault(does="filtered", reason="output image"), "blocked"),
    "no picture": (Fault(does="empty"), "counted"),
    "one colour": (Fault(does="blank"), "spoilt"),
    "half a picture": (Fault(does="truncated"), "spoilt"),
    "text for a picture": (Fault(does="text"), "spoilt"),
}
DIFFERS: dict[tuple[str, str], Then] = {
    ("a1111", "filtered prompt"): "spoilt",  # its filter paints the picture black
    ("a1111", "filtered output"): "spoilt",
    **{("comfyui", name): "nothing" for name in ("filtered prompt", "filtered output")},
    **{
        ("comfyui", name): "lost" for name in ("500", "502", "504", "507", "520", "524")
    },  # it may have queued it all the same: it is asked first
    # It has no policy of content, and what a proxy says with these was not queued:
    **{("comfyui", name): "stopped" for name in ("refused in words", "408", "424")},
    ("stability", "403"): "blocked",  # the status with which it refuses content
}
"""By provider and fault: what happens instead."""


@pytest.fixture(scope="module", params=LANES, ids=str)
def bench(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Generator[Bench]:
    lane: Lane = request.param
    with bench_of(lane, tmp_path_factory.mktemp("lane")) as running:
        yield running


def strike(bench: Bench, name: str) -> None:
    """Make a run whose first call for a picture has this fault, and check what happened."""
    lane = bench.lane
    fault, then = FAULTS[name]
    then = DIFFERS.get((lane.model.partition(":")[0], name), then)
    about_picture = fault.does not in ("status", "reset", "cut")
    bench.script.now(replace(fault, operation=(lane.draws if about_picture else "") or lane.first, calls=(1,)))
    out = bench.fresh()
    ended = session(lane.model, lane.size, out)
    tried, billed = entries(out), sum(line["usd"] for line in bench.paid)
    states = [entry.state for entry in tried]
    assert sum(entry.usd or 0.0 for entry in tried) >= billed - 1e-9, "something on the bill was not counted"
    problem = ended.attempts[0].problem.kind if ended.attempts and ended.attempts[0].problem else None
    match then:
        case "sent again":
            assert (ended.outcome, states, tried[0].usd) == ("passed", ["refused", "done"], 0.0)
        case "counted":
            assert (ended.outcome, states) == ("passed", ["failed", "done"]), ended.reason
        case "lost":
            assert (ended.outcome, states) in (("passed", ["done"]), ("unknown", ["unknown"])), ended.reason
            assert ended.outcome == "passed" or lane.recovery in (None, "first reply"), tried
        case "blocked":
            assert (ended.outcome, states, problem) == ("blocked", ["blocked"], "blocked"), ended.reason
        case "spoilt":
            assert (states, problem in ("blank", "unreadable")) == (["done"], True), (problem, ended.reason)
        case "nothing":
            assert (ended.outcome, states) == ("passed", ["done"])
        case "stopped":
            assert (ended.outcome, states, billed) == ("failed", ["refused"], 0), ended.reason
            bench.script.now()
            assert session(lane.model, lane.size, out).outcome == "passed"


@pytest.mark.soak
@pytest.mark.parametrize("name", FAULTS)
def test_every_fault_ends_as_the_table_says(name: str, bench: Bench) -> None:
    strike(bench, name)


@pytest.mark.parametrize("turn", range(3))
def test_some_faults_of_each_provider_end_as_the_table_says(turn: int, bench: Bench) -> None:
    """Each provider has other faults, so that all of them are tried."""
    first = LANES.index(bench.lane) * 3 + turn
    strike(bench, list(FAULTS)[first * 5 % len(FAULTS)])
