"""Requests to a chat model and its answers, independent of the wire format (Converse or Messages)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool that the model may use: its name and the JSON schema of its arguments."""

    name: str
    schema: dict[str, object]


@dataclass(frozen=True, slots=True)
class Turn:
    """One message. `text` contains its text blocks in order, joined by newlines, with tool results as JSON."""

    role: Literal["user", "assistant"]
    text: str
    images: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class Conversation:
    """One request to a chat model."""

    model: str
    system: str
    turns: tuple[Turn, ...]
    tools: tuple[Tool, ...] = ()
    forced: str | None = None
    """The name of the tool that must be used; `*` for any tool."""
    schema: dict[str, object] | None = None
    """The JSON schema for the answer's text, if the client requested native JSON output."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer of the model: a text, the use of a tool, or both."""

    text: str = ""
    tool: str | None = None
    arguments: dict[str, object] = field(default_factory=dict[str, object])
