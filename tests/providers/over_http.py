"""Providers that speak plain HTTP, with the sandbox server as their service: its script of faults, and its bill."""

from __future__ import annotations

import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from onbrief.ports import Editor, ImageModel
from onbrief.providers import registry
from onbrief_sandbox.server.app import Terms
from onbrief_sandbox.server.bill import Bill
from onbrief_sandbox.server.faults import Fault
from onbrief_sandbox.server.wires.mounting import exports
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
    """What the contracts need of a service: it is fresh for each test, and its bill counts the requests that pay."""

    @pytest.fixture(autouse=True)
    def of_the_test(self, service: Service) -> Generator[None]:
        self.service = service
        service.fresh()
        yield
        service.fresh()

    def sent(self) -> int:
        return len(self.service.lines())


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
