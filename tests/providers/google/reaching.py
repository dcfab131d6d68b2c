"""A sandbox server that answers as Google, and how clients are led to it."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from onbrief_sandbox.server.app import Terms
from onbrief_sandbox.server.bill import Bill
from tests.sandbox.server.serving import Play, lines, served


@dataclass(frozen=True, slots=True)
class Service:
    """A running server, with what goes wrong on it and its bill."""

    port: int
    script: Play
    bill: Path

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/google"

    def billed(self) -> list[dict[str, Any]]:
        return lines(self.bill)

    def fresh(self, monkeypatch: pytest.MonkeyPatch) -> Service:
        """Lead all clients of Google to the server, where nothing goes wrong yet."""
        lead_to(self.url, monkeypatch)
        self.script.now()
        self.bill.write_text("")
        return self


@contextmanager
def serving(bill: Path) -> Generator[Service]:
    play, terms = Play(), Terms(bill=Bill(bill))
    with served(Terms(script=play, bill=terms.bill)) as server:
        yield Service(server.port, play, bill)
    terms.bill.close()


def lead_to(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOOGLE_GEMINI_BASE_URL", url)
    monkeypatch.setenv("GEMINI_API_KEY", "sandbox")
    for name in ("GOOGLE_API_KEY", "ONBRIEF_GOOGLE_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
