"""Whole runs over HTTP in which one call goes wrong: each fault at each stage, in the first round and in a later one.

The undisturbed run makes three pictures, of which the third passes, each with a different prompt.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections import Counter
from collections.abc import Generator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import pytest

from onbrief.brief import Brief
from onbrief.pursuit import Order
from onbrief.record import Run
from onbrief.settings import Settings
from onbrief_sandbox.server.app import Terms
from onbrief_sandbox.server.bill import Bill
from onbrief_sandbox.server.faults import Fault
from tests.claude import reach
from tests.interruption import same
from tests.sandbox.server.serving import CORE, Play, lines, served
from tests.turns import Moving, pursued

CLAUDE = "global.anthropic.claude-sonnet-5"
SETTINGS = Settings(
    image_model=f"bedrock:{CORE}", judge="bedrock:", reviser="bedrock:", policy="classic", max_attempts=1, max_prompts=5
)
BRIEF = Brief(text="five red stars above a blue circle")
SEED = 3

Then = Literal["sent again", "counted", "unknown", "blocked", "spoilt", "stopped"]
"""What must happen. "sent again": nothing was spent, and the call is sent again. "counted": it was paid for, and sent again.
"unknown": its outcome is unknown. "blocked": the content was refused. "spoilt": the answer is not a usable picture. "stopped":
the run stops until something is changed.
"""


@dataclass(frozen=True, slots=True)
class Stage:
    """A call of the undisturbed run: the n-th one to this model."""

    model: str
    call: int


STAGES = {
    "plan": Stage(CLAUDE, 1),
    "first picture": Stage(CORE, 1),
    "first judgement": Stage(CLAUDE, 2),
    "first revision": Stage(CLAUDE, 3),
    "second picture": Stage(CORE, 2),
    "second judgement": Stage(CLAUDE, 4),
    "second revision": Stage(CLAUDE, 5),
}
SOON = {"x-amz-retry-after": "1"}  # milliseconds


def answered(status: int, kind: str, headers: Mapping[str, str] = SOON) -> Fault:
    return Fault(does="status", status=status, type=kind, headers=dict(headers))


LIMITED = ("429", "429 with a header")
"""The faults that speak of a limit of calls."""
ANYWHERE: dict[str, tuple[Fault, Then]] = {
    "429": (answered(429, "ThrottlingException"), "sent again"),
    "429 with a header": (answered(429, "ThrottlingException", {"Retry-After": "0"}), "sent again"),
    "not ready": (answered(429, "ModelNotReadyException"), "sent again"),
    "503": (answered(503, "ServiceUnavailableException"), "sent again"),
    "529": (answered(529, "OverloadedException"), "sent again"),
    "408": (answered(408, "ModelTimeoutException"), "counted"),
    "424": (answered(424, "ModelErrorException"), "counted"),
    "500": (answered(500, "InternalServerException"), "counted"),
    "502": (answered(502, ""), "counted"),
    "504": (answered(504, ""), "counted"),
    "reset": (Fault(does="reset"), "unknown"),
    "cut at once": (Fault(does="cut", byte=0), "unknown"),
    "cut in the middle": (Fault(does="cut", byte=200), "unknown"),
    "quota of the day": (
        replace(answered(429, "ThrottlingException", {}), message="Too many tokens per day, please wait before trying again."),
        "stopped",
    ),
    "400": (answered(400, "ServiceQuotaExceededException"), "stopped"),
    "no access": (answered(403, "AccessDeniedException"), "stopped"),
    "no access in one region of a profile": (
        replace(
            answered(403, "AccessDeniedException"),
            message="User is not authorized to perform this on arn:aws:bedrock:us-east-2::foundation-model/x",
        ),
        "stopped",
    ),
    "expired token": (answered(403, "ExpiredTokenException"), "stopped"),
    "skewed clock": (
        replace(answered(403, "InvalidSignatureException"), message="Signature expired: the clock is skewed"),
        "stopped",
    ),
    "ended": (
        replace(answered(404, "ResourceNotFoundException"), message="This model version has reached the end of its life."),
        "stopped",
    ),
    "legacy": (
        replace(
            answered(404, "ResourceNotFoundException"), message="Access denied. This Model is marked by provider as Legacy"
        ),
        "stopped",
    ),
}
PICTURES: dict[str, tuple[Fault, Then]] = {
    "filtered prompt": (Fault(does="filtered", reason="prompt"), "blocked"),
    "filtered output": (Fault(does="filtered", reason="output image"), "blocked"),
    "inference error": (Fault(does="filtered", reason="Inference error"), "counted"),
    "no picture": (Fault(does="empty"), "counted"),
    "one colour": (Fault(does="blank"), "spoilt"),
    "half a picture": (Fault(does="truncated"), "spoilt"),
    "text for a picture": (Fault(does="text"), "spoilt"),
}
ANSWERS: dict[str, tuple[Fault, Then]] = {
    "no content": (Fault(does="empty"), "counted"),
    "half an answer": (Fault(does="truncated"), "counted"),
    "prose": (Fault(does="text", text="There are two cups."), "counted"),
    "a refusal in prose": (Fault(does="text"), "blocked"),
    **{
        reason: (Fault(stop_reason=reason), "counted")
        for reason in (
            "max_tokens",
            "model_context_window_exceeded",
            "malformed_model_output",
            "malformed_tool_use",
            "new_reason",
        )
    },
    **{reason: (Fault(stop_reason=reason), "blocked") for reason in ("guardrail_intervened", "content_filtered", "refusal")},
}
CASES = [
    (stage, name) for stage, called in STAGES.items() for name in (*ANYWHERE, *(PICTURES if called.model == CORE else ANSWERS))
]


@dataclass(frozen=True, slots=True)
class Bench:
    """A server with scripted faults, and its bill."""

    script: Play
    bill: Path

    def run(self, out: Path, turns: Moving | None = None) -> tuple[Run, list[dict[str, Any]]]:
        """Start or resume the run and return how it ended, with the new lines of the bill."""
        before = len(self.billed)
        order = Order(brief=BRIEF, settings=replace(SETTINGS, out=str(out)), run_id="one", seed=SEED)
        return asyncio.run(pursued(order, turns or Moving.fresh())), self.billed[before:]

    @property
    def billed(self) -> list[dict[str, Any]]:
        return lines(self.bill) if self.bill.exists() else []


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Generator[Bench]:
    play, bill = Play(), tmp_path_factory.mktemp("server") / "bill"
    with served(Terms(script=play, bill=Bill(bill))) as server, pytest.MonkeyPatch.context() as monkeypatch:
        reach(server, monkeypatch)
        yield Bench(play, bill)


@pytest.fixture(scope="module")
def whole(bench: Bench, tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, list[str]]:
    """Return the undisturbed run, and its requests in order."""
    ended, billed = bench.run(tmp_path_factory.mktemp("whole"))
    assert [attempt.passed for attempt in ended.attempts] == [False, False, True]
    return ended, asked(billed)


def asked(billed: list[dict[str, Any]]) -> list[str]:
    """Return the digests of the request bodies on a bill."""
    return [line["sha256"] for line in billed]


def strike(bench: Bench, stage: str, name: str, whole: tuple[Run, list[str]], out: Path) -> None:
    """Run with this fault at this stage, and check every promise afterwards."""
    called = STAGES[stage]
    fault, then = {**ANYWHERE, **PICTURES, **ANSWERS}[name]
    picture = called.model == CORE
    bench.script.now(replace(fault, model=called.model, calls=(called.call,)))
    ended, billed = bench.run(out, turns := Moving.fresh())
    _check_limit(turns, name, called)
    assert (ended.usage.usd or 0) >= sum(line["usd"] for line in billed) - 1e-9, "something on the bill was not counted"
    for attempt in ended.attempts:
        if attempt.image:
            assert hashlib.sha256((out / attempt.image.key).read_bytes()).hexdigest() == attempt.image.sha256
    undisturbed, asks = whole
    struck = asks[_place(called)]
    again = Counter(asked(billed)) - Counter(asks)
    match then:
        case "sent again":
            assert (_same(ended), asked(billed)) == (_same(undisturbed), asks)
        case "counted" if name in ANSWERS:  # the second question says what was wrong with the first answer
            assert (_but_for_usd(ended), again.total()) == (_but_for_usd(undisturbed), 1)
            assert struck not in again
            assert (ended.usage.usd or 0) > (undisturbed.usage.usd or 0)
        case "counted":
            assert (_same(ended), again) == (_same(undisturbed), Counter([struck]))
            assert (ended.usage.usd or 0) > (undisturbed.usage.usd or 0)
        case "unknown" if not picture:
            assert (_same(ended), again) == (_same(undisturbed), Counter([struck]))
            assert ended.usage.unknown_calls == 1
        case "blocked" if stage == "plan" or "revision" in stage:
            assert (ended.outcome, asked(billed)) == ("blocked", asks[: _place(called) + 1])
        case "blocked" if picture:  # the next prompt takes the refusal into account
            assert (ended.outcome, max(Counter(asked(billed)).values())) == ("passed", 1)
            _check_attempt(ended, called, then)
        case "unknown" | "blocked" | "spoilt":
            assert (ended.outcome, again) == ("passed", Counter())
            assert _others(ended, called) == _others(undisturbed, called)
            _check_attempt(ended, called, then)
        case "stopped":
            assert (ended.outcome, asked(billed)) == ("failed", asks[: _place(called)])
            assert ended.reason.endswith(")"), "it does not say what to do"
            ended, more = bench.run(out)
            assert (_same(ended), asked(billed + more)) == (_same(undisturbed), asks)


def _check_limit(turns: Moving, name: str, called: Stage) -> None:
    """Check that a refusal for a limit taught one, and that no call waited longer than the service asks."""
    assert len(turns.refused) == (name in LIMITED)
    if name in LIMITED:
        assert turns.rates.limit(f"bedrock:{called.model}")
        assert turns.waited < 1.0  # the service says that it accepts the next call at once


def _place(called: Stage) -> int:
    """Return the index of a call among all calls of the undisturbed run: plan, then picture, judgement, revision in turns."""
    order = [CLAUDE, *[CORE, CLAUDE, CLAUDE] * 3]
    return [place for place, model in enumerate(order) if model == called.model][called.call - 1]


def _same(run: Run) -> dict[str, Any]:
    return same(json.loads(run.to_json()))


def _but_for_usd(run: Run) -> dict[str, Any]:
    """Return the record without what the attempts cost: a longer question costs more."""
    record = _same(run)
    for attempt in record["attempts"]:
        del attempt["usd"]
    return record


def _others(run: Run, called: Stage) -> list[dict[str, Any]]:
    """Return all attempts except the one whose picture or judgement failed."""
    attempts: list[dict[str, Any]] = _same(run)["attempts"]
    return [attempt for attempt in attempts if attempt["revision"] != _revision(called)]


def _revision(called: Stage) -> int:
    return called.call - 1 if called.model == CORE else called.call // 2 - 1


def _check_attempt(run: Run, called: Stage, then: Then) -> None:
    """Check that the attempt that failed has the right problem or verdict and has not passed."""
    (attempt,) = (attempt for attempt in run.attempts if attempt.revision == _revision(called))
    assert not attempt.passed
    if called.model != CORE:
        assert attempt.verdict
        assert {finding.verdict for finding in attempt.verdict.findings} == {"undecided"}
        return
    assert attempt.problem
    assert attempt.verdict is None
    kinds = {"unknown": {"unknown"}, "blocked": {"blocked"}, "spoilt": {"blank", "unreadable"}}
    assert attempt.problem.kind in kinds[then]
    assert run.usage.unknown_calls == (then == "unknown")


def _sample() -> list[tuple[str, str]]:
    """Return each fault once, with the stages evenly distributed."""
    chosen: dict[str, tuple[str, str]] = {}
    for name in (*ANYWHERE, *PICTURES, *ANSWERS):
        possible = [case for case in CASES if case[1] == name]
        chosen[name] = possible[len(chosen) % len(possible)]
    return list(chosen.values())


@pytest.mark.parametrize(("stage", "name"), _sample())
def test_a_run_survives_each_fault(stage: str, name: str, bench: Bench, whole: tuple[Run, list[str]], tmp_path: Path) -> None:
    strike(bench, stage, name, whole, tmp_path)


@pytest.mark.soak
@pytest.mark.parametrize(("stage", "name"), CASES)
def test_a_run_survives_each_fault_at_each_stage(
    stage: str, name: str, bench: Bench, whole: tuple[Run, list[str]], tmp_path: Path
) -> None:
    strike(bench, stage, name, whole, tmp_path)
