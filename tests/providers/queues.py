"""The contracts for services that work in a queue, over HTTP to the sandbox server, whose bill counts what it accepts."""

from __future__ import annotations

import http.client
import json
from collections.abc import Generator, Mapping
from dataclasses import replace
from typing import ClassVar
from urllib.parse import urlsplit

from onbrief.ports import ImageModel, Recovers
from onbrief.testing import ImageModelContract, RecoveryContract
from onbrief.testing.recovery_contract import Trouble
from onbrief_sandbox.server.faults import Fault
from tests.providers.over_http import PAID_FAULTS, OverHttp, Service

CUT = 20  # byte of a first reply, which is short


class ImageModels(OverHttp, ImageModelContract):
    """`named` is the model, without its provider."""

    named: ClassVar[str]
    size = (512, 512)
    sizes = ((640, 512), (64, 64))

    def model(self) -> ImageModel:
        return self.service.model(self.named)

    def failing(self) -> Generator[ImageModel]:
        for fault in PAID_FAULTS:
            operation = f"{self.service.name}.submit"
            self.service.script.now(replace(fault, operation=operation, byte=min(fault.byte, CUT)))
            yield self.model()


class Recovering(OverHttp, RecoveryContract):
    """`lost` is the operation whose answers are lost."""

    named: ClassVar[str]
    lost: ClassVar[str] = "submit"
    size = (512, 512)

    def model(self) -> Recovers:
        found = self.service.model(self.named)
        assert isinstance(found, Recovers)
        return found

    def disturb(self, trouble: Trouble) -> bool:
        name, script = self.service.name, self.service.script
        self.service.latency.clear()
        match trouble:
            case "none":
                script.now()
            case "lost":
                script.now(Fault(operation=f"{name}.{self.lost}", does="reset"))
            case "filtered":
                script.now(Fault(operation=f"{name}.submit", does="filtered"))
            case "slow":
                script.now()
                self.service.latency[f"{name}:{self.named.partition('?')[0]}"] = 60.0
        return True


def fill(service: Service, path: str, body: object, authorization: str, number: int) -> None:
    """Send so many requests of somebody else."""
    parts = urlsplit(service.url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=60)
    headers: Mapping[str, str] = {"Authorization": authorization, "Content-Type": "application/json"}
    for _ in range(number):
        connection.request("POST", f"{parts.path}/{path}", json.dumps(body), headers)
        answer = connection.getresponse()
        assert answer.status < 300, answer.read()
        answer.read()
    connection.close()
