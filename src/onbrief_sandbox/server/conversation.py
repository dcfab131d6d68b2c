"""What a chat model is asked and what it answers, free of either wire format (Converse and Messages)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool that the model may use: its name, and the JSON schema of its arguments."""

    name: str
    schema: dict[str, object]


@dataclass(frozen=True, slots=True)
class Turn:
    """One message. `text` holds its text blocks joined by newlines, in order, tool results among them as JSON."""

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
    """The name of the tool that must be used; `*` for any of them."""
    schema: dict[str, object] | None = None
    """The JSON schema that the answer's text must follow, where the client asked for native JSON output."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the model says: a text, the use of a tool, or both."""

    text: str = ""
    tool: str | None = None
    arguments: dict[str, object] = field(default_factory=dict[str, object])
