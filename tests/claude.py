"""Claude on a sandbox server, over real HTTP, for models from the registry."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import pytest

from onbrief.brief import Brief
from onbrief_sandbox.imagining import picture
from tests.sandbox.server.serving import Served

BRIEF = Brief(text="two red cups on a table", size=(512, 512))


@dataclass(frozen=True, slots=True)
class Kind:
    """A Claude model, with the sampling parameters (of temperature, top_p and top_k) that it accepts by its documentation."""

    id: str
    takes: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        return f"bedrock:{self.id}"

    @property
    def warnings(self) -> tuple[str, ...]:
        left_out = [name for name in SAMPLING if name not in self.takes]
        return (f"{self.key} does not take {', '.join(left_out)} as set: left out",) if left_out else ()


SAMPLING: Mapping[str, str] = {"temperature": "0.2", "top_p": "0.9", "top_k": "40"}
SET = "?" + "&".join(f"{name}={value}" for name, value in SAMPLING.items())

KINDS = (
    Kind("global.anthropic.claude-haiku-5-5"),
    Kind("global.anthropic.claude-sonnet-5-5"),  # refuses a forced tool
    Kind("us.anthropic.claude-opus-5-5"),  # refuses a forced tool and a native schema
    Kind("global.anthropic.claude-sonnet-5"),  # refuses a native schema
    Kind("eu.anthropic.claude-sonnet-4-6", ("temperature", "top_k")),
    Kind("us.anthropic.claude-haiku-4-5-20251001-v1:0", ("temperature", "top_k")),
    Kind("anthropic.claude-3-5-sonnet-20240620-v1:0", tuple(SAMPLING)),
)
EVERY_CLAUDE = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.id)


def reach(server: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """Point the AWS environment variables at this server."""
    lead_to(server.port, monkeypatch)


def lead_to(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Point the AWS environment variables at any server on this loopback port."""
    for name in ("AWS_PROFILE", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", f"http://127.0.0.1:{port}")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "sandbox")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "sandbox")
    monkeypatch.setenv("AWS_REGION", "us-west-2")


@cache
def cups(seed: int = 7) -> bytes:
    """Return a picture of the brief."""
    return picture(BRIEF.text, "", (512, 512), seed, "modern")[0]
