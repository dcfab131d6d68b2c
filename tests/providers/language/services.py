"""The services whose language models are tried over real HTTP, on the sandbox server, and a model of each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pytest

from onbrief_sandbox.server.wires.mounting import exports
from tests.sandbox.server.serving import HOST


@dataclass(frozen=True, slots=True)
class Wire:
    """A model by its name here, the operation that it is called by at the server, and its name there."""

    name: str
    operation: str
    model: str


WIRES: Mapping[str, Wire] = {
    "chat": Wire("openai-chat:gpt-4o", "openai.chat", "gpt-4o"),
    "responses": Wire("openai:gpt-5-mini", "openai.respond", "gpt-5-mini"),
    "anthropic": Wire("anthropic:claude-sonnet-5", "Messages", "anthropic.claude-sonnet-5"),
    "google": Wire("google:gemini-3.8-flash", "google.ask", "gemini-3.8-flash"),
    "ollama": Wire("ollama:qwen2.5vl", "ollama.chat", "qwen2.5vl:7b"),
}
EVERY_WIRE = pytest.mark.parametrize("wire", WIRES.values(), ids=list(WIRES))


def lead(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lead the clients of these services to the sandbox server on this port."""
    url = f"http://{HOST}:{port}"
    own = {"ANTHROPIC_BASE_URL": f"{url}/anthropic", "ANTHROPIC_API_KEY": "sandbox"}
    for name, value in {**exports(url), **own}.items():
        monkeypatch.setenv(name, value)
