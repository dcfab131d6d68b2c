"""The other services that the server answers as, each with a file NAME.toml in this folder: its operations and its models.

A file may name its `service`, if that has more than one file.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from importlib.resources import files
from typing import Any


@dataclass(frozen=True, slots=True)
class WireModel:
    """A model of a service. `usd` is the price of a picture in US dollars; `facts` is whatever else its file says."""

    service: str
    id: str
    usd: float = 0.0
    facts: Mapping[str, Any] = field(default_factory=dict[str, Any])

    def fits(self, pattern: str) -> bool:
        """Return whether a shell pattern matches its id, or its service and its id as in "openai:gpt-image-2"."""
        return fnmatchcase(self.id, pattern) or fnmatchcase(f"{self.service}:{self.id}", pattern)


@dataclass(frozen=True, slots=True)
class WireService:
    """A service, or one part of a service with files of its own: its name, the names of its operations, without its own, and
    its models by id.
    """

    name: str
    operations: tuple[str, ...]
    models: Mapping[str, WireModel]


def _services() -> dict[str, WireService]:
    found = (file for file in files(__package__ or "").iterdir() if file.name.endswith(".toml"))
    return {
        file.name.removesuffix(".toml"): _service(file.name.removesuffix(".toml"), file.read_text("utf-8")) for file in found
    }


def _service(file: str, text: str) -> WireService:
    document = tomllib.loads(text)
    name = document.get("service", file)
    models = {
        identifier: WireModel(name, identifier, about.pop("usd", 0.0), about)
        for identifier, about in document.get("models", {}).items()
    }
    return WireService(name, tuple(document["operations"]), models)


SERVICES = _services()


def operations() -> list[str]:
    """Return the operations of all services, as in "openai.draw"."""
    return sorted(f"{service.name}.{operation}" for service in SERVICES.values() for operation in service.operations)


def fits_any(pattern: str) -> bool:
    """Return whether a shell pattern matches any model of any service."""
    return any(model.fits(pattern) for service in SERVICES.values() for model in service.models.values())
