"""A ComfyUI server to test with: the sandbox server's, with more control of it than its clients have."""

from __future__ import annotations

import asyncio
import json
import urllib.request
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import httpx2

from onbrief.ports import Found, NotThere, Pending, Picture, Recovers, Sent
from onbrief.ports.recovery import unnoted
from onbrief.providers.comfyui.images import ComfyImageModel
from onbrief.record import Prompt
from onbrief_sandbox.server.faults import Fault
from tests.providers.over_http import Service, standing_in

EXAMPLES = Path(__file__).parents[3] / "examples" / "comfyui"
DRAW = f"{EXAMPLES}/draw.json"
OLD = "/0.3.64"
CIRCLE = Prompt(0, "a red circle", "blurry")
SIZE = (128, 64)
SLOW = Fault(operation="comfyui.run", delay=30.0)


@dataclass(frozen=True, slots=True)
class Comfy(Service):
    """A running server. `old` below is the path of an old version."""

    def comfy(self, file: str | Path = DRAW, old: str = "") -> ComfyImageModel:
        """Return the model of a workflow's file."""
        model = self.model(f"{file}?base_url={self.url}{old}&timeout=20")
        assert isinstance(model, ComfyImageModel)
        return model

    def draws(self, *faults: Fault, sent: Sent | None = None, file: str | Path = DRAW, old: str = "") -> Picture:
        """Return a picture of this workflow, with these faults."""
        self.fresh(*faults)
        return asyncio.run(drawn(self.comfy(file, old), sent or Sent.once()))

    def finds(self, sent: Sent, file: str | Path = DRAW, old: str = "") -> Found | Pending | NotThere:
        """Return what is found of a picture."""
        return asyncio.run(self.comfy(file, old).find(sent, CIRCLE, SIZE, 1))

    def posts(self, path: str, document: object) -> Any:
        """Post a document, and return the one in the answer."""
        return httpx2.post(f"{self.url}/{path}", json=document).raise_for_status()

    def asks(self, path: str) -> Any:
        """Return the document at a path."""
        with urllib.request.urlopen(f"{self.url}/{path.lstrip('/')}") as answer:  # noqa: S310
            body = answer.read()
        return json.loads(body) if body else None

    def queue(self) -> tuple[list[str], list[str]]:
        """Return the ids of the jobs that run and of those that wait."""
        about = self.asks("queue")
        return [item[1] for item in about["queue_running"]], [item[1] for item in about["queue_pending"]]

    def drawn(self) -> int:
        """Return how many pictures were drawn."""
        return sum(line["operation"] == "comfyui.run" and line["answer"] == "picture" for line in self.lines())


async def drawn(model: Recovers, sent: Sent) -> Picture:
    """Draw the picture of all tests, for this try."""
    return await model.generate_as(sent, unnoted, CIRCLE, SIZE, 1)


@contextmanager
def comfy(folder: Path) -> Generator[Comfy]:
    """Run a server."""
    with standing_in("comfyui", folder) as service:
        yield Comfy(**{part.name: getattr(service, part.name) for part in fields(service)})


def changed(folder: Path, name: str, changes: Mapping[str, Any]) -> Path:
    """Write an example with other inputs, by "node.input", and without those that are None."""
    nodes = json.loads((EXAMPLES / f"{name}.json").read_text())
    for place, value in changes.items():
        node, _, given = place.partition(".")
        if not given:
            nodes[node] = value
        elif value is None:
            del nodes[node]["inputs"][given]
        else:
            nodes[node]["inputs"][given] = value
    path = folder / "changed.json"
    path.write_text(json.dumps(nodes))
    return path
