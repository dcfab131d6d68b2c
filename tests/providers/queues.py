"""The contracts for services that work in a queue, over HTTP to the sandbox server, whose bill counts what it accepts."""

from __future__ import annotations

import http.client
import json
from collections.abc import Mapping
from typing import ClassVar
from urllib.parse import urlsplit

from onbrief.ports import Recovers
from onbrief.testing import RecoveryContract
from onbrief.testing.recovery_contract import Trouble
from onbrief_sandbox.server.faults import Fault
from tests.providers.over_http import ImageModels, OverHttp, Service

CUT = 20  # byte of a first reply, which is short


class QueueModels(ImageModels):
    """The contract of image models; what pays is the submission."""

    at = "submit"
    cut = CUT
    size = (512, 512)
    sizes = ((640, 512), (64, 64))


class Recovering(OverHttp, RecoveryContract):
    """`lost` is the operation whose answers are lost."""

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
