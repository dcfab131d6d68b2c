"""Events whose time runs out on a real clock, or whose process is killed; a bucket and a stand-in for Bedrock serve HTTP."""

from __future__ import annotations

import json
import os
import re
import signal
import time
from collections import Counter
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from onbrief.aws_lambda import handler
from onbrief.ledger.rules import RULES
from onbrief_sandbox.server.app import Terms
from onbrief_sandbox.server.bill import Bill
from tests.aws_lambda.envelopes import message_id, sqs
from tests.aws_lambda.events import REQUEST_ID, Invocation, handled
from tests.buckets import BUCKET, Service
from tests.forks import new_executor, new_process
from tests.relays import Moments, relay
from tests.sandbox.server.serving import CORE, lines, served

NEVER = "a red circle left of a blue square. The blue square is left of the red circle"
DRAWING = 0.3  # seconds; the minimum duration of an image call
SPARE = 0.5  # seconds during which a delivery may begin image calls, from its first call on
DELIVERIES = 10  # more than there are calls


@dataclass(frozen=True, slots=True)
class Services:
    """The running services. `bill` is the bill of Bedrock's stand-in, `moments` are the messages to and from it."""

    s3: Service
    bill: Path
    moments: Moments

    def pictures(self, prefix: str) -> list[str]:
        """Return the names of the pictures under a prefix, without the time at which their run began."""
        names = [key for key in self.s3.keys(f"s3://{BUCKET}/{prefix}") if key.endswith(".png")]
        assert len({name[:-11] for name in names}) <= 1, "one run, one start"
        return [re.sub(r"-\d{14}-", "-", name) for name in names]


@dataclass(slots=True)
class Clock:
    """An invocation that ends `seconds` after its first call, so that however slow the machine is, it can begin one."""

    seconds: float
    moments: Moments
    aws_request_id: str = REQUEST_ID
    ends: float | None = None

    def get_remaining_time_in_millis(self) -> int:
        if self.ends is None and self.moments.messages:
            self.ends = time.monotonic() + self.seconds
        return int((self.seconds if self.ends is None else self.ends - time.monotonic()) * 1000)


@pytest.fixture
def services(s3: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Generator[Services]:
    bill, moments = tmp_path / "bill.jsonl", Moments()
    with served(Terms(latency={"stability.": DRAWING}, bill=Bill(bill))) as server, relay(server.port, moments) as port:
        monkeypatch.setenv("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", f"http://127.0.0.1:{port}")
        yield Services(s3, bill, moments)


def event(prompt: str, folder: str, **more: object) -> dict[str, object]:
    place = {"output_s3_bucket_name": BUCKET, "output_s3_key_prefix": f"{folder}/images"}
    return {"prompt": prompt, "judging": "whole", "sdxl_width": 512, "sdxl_height": 512, **place, **more}


def test_a_run_is_paused_in_time_as_often_as_it_takes_and_the_bill_has_each_call_once(services: Services) -> None:
    wanted = event(NEVER, "paused", max_retry_attempts=4, max_prompt_revisions=1)
    statuses: list[int] = []
    body: dict[str, Any] = {}
    while not statuses or (statuses[-1] == 202 and len(statuses) < DELIVERIES):
        services.moments.reset()
        status, body = handled(wanted, Clock(RULES["image"].seconds + SPARE, services.moments))
        statuses.append(status)
        asked = Counter(line["model"] == CORE for line in lines(services.bill)) if services.bill.exists() else Counter[bool]()
        usage = body["usage"]
        assert (usage["images"], usage["judge_calls"], usage["unknown_calls"]) == (asked[True], asked[False], 0)
        assert body["outcome"] == ("paused" if status == 202 else "unmet")
        wanted["run_id"] = body["run_id"]
    assert statuses == [202] * (len(statuses) - 1) + [400]
    assert 2 * DRAWING > SPARE  # the time between the first judgement and the fourth picture: one delivery is not enough
    assert len(statuses) > 1
    bodies = [line["sha256"] for line in lines(services.bill)]
    assert (len(bodies), len(set(bodies))) == (8, 8)
    assert services.pictures("paused") == [f"images-000-00{n}.png" for n in range(4)]


def test_an_event_whose_process_was_killed_during_an_image_call_is_resumed_by_its_next_delivery(services: Services) -> None:
    wanted = event("a red circle", "killed")
    child = new_process(handled, wanted, Invocation())

    def strike() -> None:
        assert child.pid
        os.kill(child.pid, signal.SIGKILL)

    services.moments.reset(2, 0, strike)  # the response to the first call, a picture; no byte of it is received
    child.start()
    child.join()
    services.moments.reset()
    assert child.exitcode == -signal.SIGKILL
    assert [line["model"] for line in lines(services.bill)] == [CORE]
    status, body = handled(wanted, Invocation())
    bodies = [line["sha256"] for line in lines(services.bill)]
    drawn = [line["sha256"] for line in lines(services.bill) if line["model"] == CORE]
    assert (status, body["outcome"]) == (200, "passed")
    assert len(set(bodies)) == len(bodies)
    assert (body["usage"]["images"], body["usage"]["unknown_calls"]) == (len(drawn), 1)
    assert services.pictures("killed") == [f"images-000-00{n}.png" for n in range(1, len(drawn))]
    assert handled(wanted, Invocation())[1]["best"] == body["best"]
    assert len(lines(services.bill)) == len(bodies)


def test_a_message_whose_function_was_killed_during_an_image_call_is_resumed_by_its_next_delivery(services: Services) -> None:
    wanted = sqs(event("a red circle", "killed-message"))
    child = new_process(handler, wanted, Invocation())

    def strike() -> None:
        assert child.pid
        os.kill(child.pid, signal.SIGKILL)

    services.moments.reset(2, 0, strike)
    child.start()
    child.join()
    services.moments.reset()
    assert child.exitcode == -signal.SIGKILL
    assert handler(wanted, Invocation()) == {"batchItemFailures": []}
    bodies = [line["sha256"] for line in lines(services.bill)]
    run = json.loads(services.s3.read(f"s3://{BUCKET}/killed-message", f"images/sqs-{message_id(0)}/run.json"))
    assert (run["outcome"], run["usage"]["unknown_calls"], len(set(bodies))) == ("passed", 1, len(bodies))
    assert run["usage"]["images"] == len([line for line in lines(services.bill) if line["model"] == CORE])


def test_an_event_that_is_delivered_three_times_at_once_is_on_the_bill_once(services: Services, at_home: Path) -> None:
    wanted = event("a red circle", "thrice")
    with new_executor(at_home, processes=3) as pool:
        replies = [each.result() for each in [pool.submit(handled, wanted, Invocation()) for _ in range(3)]]
    bodies = [line["sha256"] for line in lines(services.bill)]
    ((best, usage),) = {(body["best"], json.dumps(body["usage"] | {"seconds": 0})) for _, body in replies}
    assert [status for status, _ in replies] == [200] * 3
    assert len(set(bodies)) == len(bodies) == json.loads(usage)["images"] + json.loads(usage)["judge_calls"]
    assert best.rpartition("-")[2] == f"00{json.loads(usage)['images'] - 1}.png"
    assert len(services.pictures("thrice")) == json.loads(usage)["images"]
