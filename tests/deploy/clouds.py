"""A stand-in for AWS: ministack in a process and an environment of its own, on the loopback address only."""

from __future__ import annotations

import json
import os
import shlex
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from tests.deploy.templates import ACCOUNT, COMMANDS, REGION, ROOT, STACK

BIN = ROOT / ".venv" / "ministack" / "bin"
SAM = ROOT / ".venv" / "template" / "bin" / "sam"
ZIP = ROOT / "dist" / "onbrief.zip"
_HOST = "127.0.0.1"
_LOOK = 0.2  # seconds between two looks at what has no way to say that it is done


@dataclass(frozen=True)
class Cloud:
    """A running stand-in."""

    port: int
    log: Path

    @property
    def environment(self) -> dict[str, str]:
        """The variables with which AWS clients find it. Its account is that of the key."""
        return {
            "AWS_ENDPOINT_URL": f"http://{_HOST}:{self.port}",
            "AWS_ACCESS_KEY_ID": ACCOUNT,
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_REGION": REGION,
        }

    def client(self, service: str) -> Any:
        """Return a client of one of its services; it waits until the stand-in has started."""
        return boto3.client(  # pyright: ignore[reportCallIssue, reportUnknownMemberType, reportUnknownVariableType]
            service,  # pyright: ignore[reportArgumentType]
            endpoint_url=f"http://{_HOST}:{self.port}",
            region_name=REGION,
            aws_access_key_id=ACCOUNT,
            aws_secret_access_key="test",  # noqa: S106
            config=Config(retries={"mode": "standard", "total_max_attempts": 10}, read_timeout=300),
        )

    def deploy(self, **parameters: str) -> dict[str, str]:
        """Deploy the template with the command of the page and these parameters, and return the outputs of the stack."""
        program, *command = shlex.split(COMMANDS[1])
        assert program == "sam"
        given = [f"{name}={value}" for name, value in parameters.items()]
        own = self.environment | {"PATH": os.environ["PATH"], "HOME": str(self.log.parent), "SAM_CLI_TELEMETRY": "0"}
        self.client("s3").list_buckets()  # the stand-in has started
        ran = subprocess.run(
            [SAM, *command, "--parameter-overrides", *given], cwd=ROOT, env=own, capture_output=True, text=True, check=False
        )
        assert ran.returncode == 0, ran.stdout + ran.stderr
        (stack,) = self.client("cloudformation").describe_stacks(StackName=STACK)["Stacks"]
        if parameters.get("Queue") == "on":  # the stand-in keeps this number as a text, and its poller fails on it
            (source,) = self.client("lambda").list_event_source_mappings(FunctionName=STACK)["EventSourceMappings"]
            most = {"MaximumConcurrency": int(parameters["Concurrency"])}
            self.client("lambda").update_event_source_mapping(UUID=source["UUID"], ScalingConfig=most)
        return {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}

    def until(self, look: Callable[[], Any], seconds: float = 600) -> Any:
        """Return what `look` finds, as soon as it finds something."""
        end = time.monotonic() + seconds
        while (found := look()) is None:
            assert time.monotonic() < end, self.log.read_text()[-5000:]
            time.sleep(_LOOK)
        return found

    def execute(self, machine: str, given: object) -> dict[str, Any]:
        """Execute a state machine and return its execution when it has ended."""
        states = self.client("stepfunctions")
        arn = states.start_execution(stateMachineArn=machine, input=json.dumps(given))["executionArn"]

        def ended() -> dict[str, Any] | None:
            execution = states.describe_execution(executionArn=arn)
            return None if execution["status"] == "RUNNING" else execution

        return self.until(ended)

    def invoke(self, event: object) -> tuple[int, dict[str, Any]]:
        """Invoke the function and return the status code and the body of its answer."""
        answer = self.client("lambda").invoke(FunctionName=STACK, Payload=json.dumps(event))
        payload = json.loads(answer["Payload"].read())
        assert "FunctionError" not in answer, payload
        return payload["statusCode"], json.loads(payload["body"])


@contextmanager
def running(folder: Path, environment: Mapping[str, str]) -> Generator[Cloud]:
    """Start the stand-in. Functions inherit its environment."""
    with socket.create_server((_HOST, 0)) as free:
        port = free.getsockname()[1]
    log = folder / "ministack.log"
    (folder / "tmp").mkdir()
    variables = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "TMPDIR": str(folder / "tmp"),
        "BIND_HOST": _HOST,
        "GATEWAY_PORT": str(port),
        "LAMBDA_EXECUTOR": "local",
        "LAMBDA_ASYNC_RETRY_BASE_SECONDS": "0.1",  # instead of minutes
        "SFN_WAIT_SCALE": "0.05",
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        **environment,
    }
    with log.open("w") as out:
        process = subprocess.Popen(
            [BIN / "ministack"], env=variables, cwd=folder, stdout=out, stderr=subprocess.STDOUT, start_new_session=True
        )
    try:
        yield Cloud(port, log)
    finally:
        os.killpg(process.pid, signal.SIGTERM)  # with the functions that it has started: the group is theirs alone
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
