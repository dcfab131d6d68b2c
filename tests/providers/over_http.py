"""Providers that speak plain HTTP, with the sandbox server as their service: its script of faults, and its bill."""

from __future__ import annotations

import time
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar

import pytest

from onbrief.ports import Editor, ImageModel, Picture
from onbrief.providers import registry
from onbrief.testing import EditorContract, ImageModelContract
from onbrief_sandbox.server.app import Terms
from onbrief_sandbox.server.bill import Bill
from onbrief_sandbox.server.faults import Fault
from onbrief_sandbox.server.wires.mounting import exports
from tests.contract.test_editor import IMPOSSIBLE, OVER_SQUARE, PICTURE
from tests.sandbox.server.serving import Play, lines, served

PAID_FAULTS = (
    Fault(does="status", status=429),
    Fault(does="status", status=401),
    Fault(does="status", status=500),
    Fault(does="reset"),
    Fault(does="cut", byte=1000),
    Fault(does="filtered"),
    Fault(does="empty"),
)
"""Ways in which a call that pays can fail."""


@dataclass(slots=True)
class Clock:
    """The clock of a server, which a test can put forward."""

    ahead: float = 0.0

    def __call__(self) -> float:
        return time.time() + self.ahead


@dataclass(frozen=True, slots=True)
class Service:
    """One service of a running server. `url` is its address, and `settings` are those that lead our provider to it.
    `latency` and `clock` are those of the server; a test can change them.
    """

    name: str
    url: str
    script: Play
    bill: Path
    settings: Mapping[str, str]
    latency: dict[str, float] = field(default_factory=dict[str, float])
    clock: Clock = field(default_factory=Clock)

    def model(self, name: str) -> ImageModel:
        """Return the image model of this name, without the provider's."""
        return registry.image_model(f"{self.name}:{name}", {self.name: self.settings})

    def editor(self, name: str) -> Editor:
        """Return the editor of this name, without the provider's."""
        return registry.editor(f"{self.name}:{name}", {self.name: self.settings})

    def fresh(self, *faults: Fault) -> None:
        """Begin a new bill, with these faults and the right time."""
        self.bill.write_text("")
        self.latency.clear()
        self.clock.ahead = 0.0
        self.script.now(*faults)

    def lines(self) -> list[dict[str, Any]]:
        """Return the bill."""
        return lines(self.bill)


class OverHttp:
    """What the contracts need of a service: it is fresh for each test, and its bill counts the requests that pay.

    `named` is the model, without its provider. `failing` fails by each of `faults`, at the operation `at`, by default at any;
    an answer is cut at the byte `cut` at the latest.
    """

    named: ClassVar[str]
    faults: ClassVar[Sequence[Fault]] = PAID_FAULTS
    at: ClassVar[str] = ""
    cut: ClassVar[int] = 1000
    service: Service

    @pytest.fixture(autouse=True)
    def of_the_test(self, service: Service) -> Generator[None]:
        self.service = service
        service.fresh()
        yield
        service.fresh()

    def sent(self) -> int:
        return len(self.service.lines())

    def striking(self) -> Generator[None]:
        """Yield once for each fault, which strikes from then on."""
        operation = f"{self.service.name}.{self.at}" if self.at else None
        for fault in self.faults:
            self.service.script.now(replace(fault, operation=operation, byte=min(fault.byte, self.cut)))
            yield


class ImageModels(OverHttp, ImageModelContract):
    """The contract of image models for a service."""

    sizes = ((1024, 1024), (1000, 700), (64, 64))

    def model(self) -> ImageModel:
        return self.service.model(self.named)

    def failing(self) -> Generator[ImageModel]:
        for _ in self.striking():
            yield self.model()


class Editors(OverHttp, EditorContract):
    """The contract of editors for a service; with a mask where one is needed."""

    impossible = IMPOSSIBLE
    masked: ClassVar[bool] = False

    def picture(self) -> bytes:
        return PICTURE

    def model(self) -> Editor:
        return self.service.editor(self.named)

    async def ask(self, model: Editor) -> Picture:
        return await model.edit(PICTURE, self.instruction, 1, OVER_SQUARE if self.masked else None)

    def failing(self) -> Generator[Editor]:
        for _ in self.striking():
            yield self.model()


@contextmanager
def standing_in(name: str, folder: Path) -> Generator[Service]:
    """Run a server that stands in for a service, with the environment that leads clients to it."""
    script, bill = Play(), folder / "bill"
    latency, clock = dict[str, float](), Clock()
    terms = Terms(script=script, bill=Bill(bill), latency=latency, clock=clock)
    with served(terms) as server, pytest.MonkeyPatch.context() as monkeypatch:
        url = f"http://127.0.0.1:{server.port}"
        for variable, value in exports(url).items():
            monkeypatch.setenv(variable, value)
        ours = f"ONBRIEF_{name.upper()}_"
        settings = {v.removeprefix(ours).lower(): value for v, value in exports(url).items() if v.startswith(ours)}
        yield Service(name, f"{url}/{name}", script, bill, settings, latency, clock)
    terms.bill.close()
