"""Image models and editors over real HTTP, with the sandbox server and, for what that lacks, a recording server."""

from __future__ import annotations

import asyncio
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from onbrief.brief import Size
from onbrief.errors import OnbriefError
from onbrief.ports import Picture
from onbrief.providers import registry
from onbrief.providers.bedrock import catalogue
from onbrief.providers.bedrock.images import BedrockImageModel
from onbrief.providers.bedrock.runtime import Runtime
from onbrief.record import Prompt
from onbrief_sandbox.server.app import Terms
from onbrief_sandbox.server.bill import Bill
from onbrief_sandbox.server.faults import Fault
from tests.providers.recording import PICTURE, Recorder, Reply, recording
from tests.sandbox.server.serving import CORE, NOVA, SD3, SDXL, TITAN, ULTRA, Play, served

CIRCLE = Prompt(0, "a red circle")
SQUARE = (1024, 1024)
STABILITY = Reply({"seeds": [7], "finish_reasons": [None], "images": [PICTURE]})
ARTIFACT = Reply({"result": "success", "artifacts": [{"seed": 7, "base64": PICTURE, "finishReason": "SUCCESS"}]})
AMAZON = Reply({"images": [PICTURE], "error": None})
REPLIES = {CORE: STABILITY, SD3: STABILITY, ULTRA: STABILITY, SDXL: ARTIFACT, NOVA: AMAZON, TITAN: AMAZON}


@dataclass(frozen=True, slots=True)
class Wire:
    """The sandbox server and the recording server, with one shared connection to each: connecting is slower than a test."""

    script: Play
    bill: Path
    sandbox: Runtime
    recorder: Recorder
    recording: Runtime

    def draws(self, name: str, *faults: Fault, prompt: Prompt = CIRCLE, size: Size = SQUARE, seed: int = 1) -> Picture:
        """Return the picture from the sandbox server, with these faults."""
        self.bill.write_text("")
        self.script.now(*faults)
        return drawn(name, self.sandbox, prompt, size, seed)

    def fails(self, name: str, *faults: Fault) -> OnbriefError:
        """Return the error that these faults cause."""
        with pytest.raises(OnbriefError) as caught:
            self.draws(name, *faults)
        return caught.value

    def answers(self, reply: Reply) -> OnbriefError:
        """Return the error that this reply of the recording server causes."""
        self.recorder.will(reply)
        with pytest.raises(OnbriefError) as caught:
            drawn(CORE, self.recording)
        return caught.value

    def body(self, name: str, prompt: Prompt, size: Size, seed: int) -> dict[str, Any]:
        """Return the only body that was sent."""
        self.recorder.will(REPLIES[catalogue.parse_model_id(name.partition("?")[0])[0]])
        drawn(name, self.recording, prompt, size, seed)
        (body,) = self.recorder.bodies
        return body


@contextmanager
def wired(bill: Path) -> Generator[Wire]:
    """Both servers; the AWS environment variables point to them while the connections are made."""
    script = Play()
    terms = Terms(script=script, bill=Bill(bill))
    with pytest.MonkeyPatch.context() as monkeypatch, served(terms) as server, recording(STABILITY) as recorder:
        keys(monkeypatch)
        both: list[Runtime] = []
        for port in (server.port, recorder.port):
            at(port, monkeypatch)
            both.append(Runtime("us-west-2"))
            both[-1]._connected()
        yield Wire(script, bill, both[0], recorder, both[1])
    terms.bill.close()


def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "sandbox")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "5")  # if this were heard, what fails would be sent five times


def at(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", f"http://127.0.0.1:{port}")


def named(name: str) -> BedrockImageModel:
    model = registry.image_model(f"bedrock:{name}")
    assert isinstance(model, BedrockImageModel)
    return model


def drawn(name: str, runtime: Runtime, prompt: Prompt = CIRCLE, size: Size = SQUARE, seed: int = 1) -> Picture:
    return asyncio.run(replace(named(name), runtime=runtime).generate(prompt, size, seed))
