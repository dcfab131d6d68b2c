"""All services that the server answers as beside Amazon Bedrock, each below a path of its own."""

from __future__ import annotations

import shlex
from collections.abc import Mapping

from starlette.routing import Mount

from onbrief_sandbox.server.terms import Terms
from onbrief_sandbox.server.wires import a1111, bfl, comfyui, fal, google, ollama, openai, replicate, runware, stability
from onbrief_sandbox.server.wires.desk import Wire


def wires() -> tuple[Wire, ...]:
    """Return all of them."""
    return (
        a1111.WIRE,
        bfl.WIRE,
        comfyui.WIRE,
        fal.WIRE,
        google.WIRE,
        ollama.WIRE,
        openai.WIRE,
        replicate.WIRE,
        runware.WIRE,
        stability.WIRE,
    )


def mounts(terms: Terms) -> list[Mount]:
    """Return the routes of all services."""
    return [Mount(f"/{wire.name}", routes=wire.routes(wire.desk(terms))) for wire in wires()]


def shell(url: str) -> list[str]:
    """Return the same as lines for a shell, with a comment before those of each service: its name, and what its official client
    must be given, if it reads no variable.
    """
    found: list[str] = []
    for wire in wires():
        found.append(f"# {wire.name}{': ' if wire.notes else ''}{wire.notes}")
        found += [f"export {name}={shlex.quote(value)}" for name, value in wire.exports(f"{url}/{wire.name}").items()]
    return found


def exports(url: str) -> Mapping[str, str]:
    """Return the environment variables that lead the clients of all services to the server at this address."""
    return {name: value for wire in wires() for name, value in wire.exports(f"{url}/{wire.name}").items()}
