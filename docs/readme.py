"""README as package indexes show it: they know nothing of the files beside it, so links and pictures become absolute. The build
backend calls this for each distribution; see pyproject.toml.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, cast

from hatchling.metadata.plugin.interface import MetadataHookInterface

_TARGET = re.compile(r"(!?)(\[[^\]]*\])\((?![a-z+]+:|#)([^)\s]+)\)")


class ReadmeHook(MetadataHookInterface):
    """Gives the distribution its description."""

    def update(self, metadata: dict[str, Any]) -> None:
        """Set the field `readme` from README.md."""
        text = (Path(self.root) / "README.md").read_text("utf-8")
        config = cast("dict[str, str]", self.config)  # pyright: ignore[reportUnknownMemberType] - its base class has no types
        metadata["readme"] = {"content-type": "text/markdown", "text": absolute(text, config["link"])}


def absolute(text: str, link: str) -> str:
    """Return Markdown whose relative links and pictures lead to `link`, with {path} replaced in it."""

    def there(found: re.Match[str]) -> str:
        return f"{found[1]}{found[2]}({link.format(path=found[3])}{'?raw=true' if found[1] else ''})"

    return _TARGET.sub(there, text)
