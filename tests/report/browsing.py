"""What tests ask of a page that is open in a browser."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page, expect

Show = Callable[..., Page]


def sideways(shown: Page, width: int) -> int:
    """Return by how many pixels the page is wider than a window of this width."""
    shown.set_viewport_size({"width": width, "height": 900})
    return shown.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")


def accessible(shown: Page, role: str) -> list[str]:
    """The names of all nodes of a role in the accessibility tree."""
    session: Any = shown.context.new_cdp_session(shown)
    nodes: list[dict[str, Any]] = session.send("Accessibility.getFullAXTree")["nodes"]
    return [node["name"]["value"] for node in nodes if not node["ignored"] and node["role"]["value"] == role]


def comes_back_to(shown: Page, name: str, of: str) -> None:
    """Wait until the frame with this name, in its part `of`, has the focus: a page gives it back a moment after its dialog has
    closed.
    """
    expect(shown.locator(f".frame:focus-within {of}").first).to_have_text(name)
