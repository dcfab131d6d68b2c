"""The Lambda handler in a new process: how long until it could pay for something, and the memory of one event. Linux only.

Seconds are those of importing the handler, of making the models that an event without models names, and of the first client.
Memory is the peak of the whole process, against a sandbox server in another one.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROUNDS = 9
_EVENT: dict[str, object] = {"prompt": "a red circle left of a blue square", "output_s3_bucket_name": "my-bucket"}
_NEVER_MET: dict[str, object] = {
    "prompt": "a photo of a lake with mountains",
    "requirements": ["there is no lake"],
    "output_s3_bucket_name": "my-bucket",
}
_STEPS = ("import", "models", "first client")


def main() -> None:
    from benchmarks.http import server  # only here: what is measured is what the handler imports by itself

    with server() as environment:
        times = [_measured("begin", environment) for _ in range(ROUNDS)]
        for step in (*_STEPS, "in all"):
            print(f"{step:13} {statistics.median(sum(t.values()) if step == 'in all' else t[step] for t in times):.2f} s")
        for what, pictures in (("deliver", "one picture"), ("deliver-all", "fifteen pictures")):
            print(f"an event of {pictures} at 1024x1024: {_measured(what, environment)['peak']:.0f} MB at most")


def _measured(what: str, environment: dict[str, str]) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.handler", what]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True, env=environment).stdout)


def _begin() -> dict[str, float]:
    times = [time.perf_counter()]
    from onbrief.aws_lambda import handler as handler
    from onbrief.aws_lambda.event import read
    from onbrief.aws_lambda.order import order_of

    times.append(time.perf_counter())
    crew = order_of(read(_EVENT), "mine", "s3://my-bucket").settings.crew()
    assert crew.planner is not None
    times.append(time.perf_counter())
    from onbrief.providers.bedrock.client import client

    client("bedrock-runtime", "us-west-2")
    times.append(time.perf_counter())
    return {step: after - before for step, before, after in zip(_STEPS, times, times[1:], strict=False)}


def _deliver(event: dict[str, object], status: int) -> dict[str, float]:
    import asyncio

    from onbrief.aws_lambda.delivery import answer

    class Context:
        aws_request_id = "benchmark"

        def get_remaining_time_in_millis(self) -> int:
            return 900_000

    with tempfile.TemporaryDirectory() as root:
        told = asyncio.run(answer(event, Context(), root))
    assert told["statusCode"] == status, told
    lines = Path("/proc/self/status").read_text("ascii").splitlines()
    return {"peak": next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024}


if __name__ == "__main__":
    os.environ.setdefault("AWS_EC2_METADATA_DISABLED", "true")
    match sys.argv[1]:
        case "begin":
            found = _begin()
        case "deliver":
            found = _deliver(_EVENT, 200)
        case _:
            found = _deliver(_NEVER_MET, 400)
    print(json.dumps(found))
