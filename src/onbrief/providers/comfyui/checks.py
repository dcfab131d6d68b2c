"""The checks of `onbrief doctor` for a ComfyUI server: whether it answers, its version, and what it lacks for the workflows."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

from onbrief.errors import OnbriefError
from onbrief.ports import Check, ModelName, Role, Values
from onbrief.providers.comfyui import saying
from onbrief.providers.comfyui.server import ABSENT, Server
from onbrief.providers.comfyui.workflow import Workflow
from onbrief.providers.wire import Session

TIMEOUT = 10.0  # seconds


def check(models: Mapping[Role, ModelName], values: Values) -> Iterator[Check]:
    """Yield a finding on the server of each workflow, and on each thing that it lacks."""
    for role, name in models.items():
        try:
            workflow = Workflow.read(name)
            server = Server.of(name, values["base_url"], workflow)
            version, lacking = asyncio.run(_asked(server))
        except OnbriefError as error:
            yield Check("error", role, f"{name}: the server could not be asked: {error}", error.hint or ABSENT)
            continue
        for words in lacking:
            yield Check("error", role, f"{name}: {words}", "install it on the server, or change the workflow", hopeless=True)
        if not lacking:
            yield Check("ok", role, f"{name}, on ComfyUI {version} at {server.service.url}")


async def _asked(server: Server) -> tuple[str, list[str]]:
    """Return the version of the server, and what it lacks for its workflow."""
    async with server.service.session(TIMEOUT) as session:
        about = (await session.ask("system_stats")).object()
        version = str(saying.table(about.get("system")).get("comfyui_version", "of an unknown version"))
        kinds = {node["class_type"] for node in server.workflow.nodes.values()}
        known = {kind: await _node(session, kind) for kind in sorted(kinds)}
    return version, [*_missing(server.workflow, known)]


async def _node(session: Session, kind: str) -> Mapping[str, Any] | None:
    """Return what the server says of a class of nodes, or None if it does not have it."""
    about = (await session.ask(f"object_info/{quote(kind, safe='')}", missing=True)).object()
    return saying.table(about[kind]) if kind in about else None


def _missing(workflow: Workflow, known: Mapping[str, Mapping[str, Any] | None]) -> Iterator[str]:
    for key, node in workflow.nodes.items():
        if known[node["class_type"]] is None:
            yield f"{workflow.described(key)}: the server has no node of this class"
    for key, given, value in workflow.constants():
        options = _options(known[workflow.nodes[key]["class_type"]] or {}, given)
        if options and str(value) not in options:
            lacks = f"the server has no {str(value)[:80]!r}{saying.near(str(value), options)}"
            yield f"{workflow.described(key)}, input {given}: {lacks}"


def _options(about: Mapping[str, Any], given: str) -> list[str]:
    """Return the values that an input allows, such as the files of models; empty if it is not a choice."""
    parts = map(saying.table, saying.table(about.get("input")).values())
    kind, more = (*saying.rows(next((part[given] for part in parts if given in part), None)), None, None)[:2]
    return [str(value) for value in saying.rows(kind) or saying.rows(saying.table(more).get("options"))]
