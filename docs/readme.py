"""README as package indexes show it: they know nothing of the files beside it, so links to them become absolute, and pictures
that lie there are left out. The build backend calls this for each distribution; see pyproject.toml.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, cast

from hatchling.metadata.plugin.interface import MetadataHookInterface

_TARGET = re.compile(r"\]\((?![a-z+]+:|#)([^)\s]+)\)")
_PICTURE = re.compile(r"^!\[[^\]]*\]\((?![a-z+]+:)[^)]*\)\n\n(\*[^\n]*\*\n\n)?", re.MULTILINE)


class ReadmeHook(MetadataHookInterface):
    """Gives the distribution its description."""

    def update(self, metadata: dict[str, Any]) -> None:
        """Set the field `readme` from README.md."""
        text = (Path(self.root) / "README.md").read_text("utf-8")
        config = cast("dict[str, str]", self.config)  # pyright: ignore[reportUnknownMemberType] - its base class has no types
        metadata["readme"] = {"content-type": "text/markdown", "text": absolute(text, config["link"], str(metadata["version"]))}


def absolute(text: str, link: str, version: str) -> str:
    """Return Markdown whose relative links lead to `link`, with {path} and {version} replaced in it. Relative pictures are left
    out, with the line in italics that explains each.
    """
    return _TARGET.sub(lambda found: f"]({link.format(path=found[1], version=version)})", _PICTURE.sub("", text))
