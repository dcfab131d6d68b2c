"""The queue of a ComfyUI server: it runs one workflow at a time, and remembers how each ended until it restarts."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from onbrief_sandbox.server.bill import Entry
from onbrief_sandbox.server.wires import comfyui_nodes
from onbrief_sandbox.server.wires.catalogue import WireModel
from onbrief_sandbox.server.wires.comfyui_running import Broken, File, Running, Stopped
from onbrief_sandbox.server.wires.desk import Desk, WireCall


@dataclass(slots=True)
class Job:
    """A workflow in the queue."""

    number: float
    id: str
    workflow: Mapping[str, Any]
    extra: Mapping[str, Any]
    ends: tuple[str, ...]
    sha256: str
    created: int = field(default_factory=lambda: int(time.time() * 1000))
    interrupted: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def item(self) -> list[Any]:
        """Its entry in the queue."""
        return [self.number, self.id, self.workflow, self.extra, list(self.ends)]


@dataclass(slots=True)
class _Memory:
    """What a server forgets when it restarts."""

    pending: list[Job] = field(default_factory=list[Job])
    running: Job | None = None
    history: dict[str, dict[str, Any]] = field(default_factory=dict[str, dict[str, Any]])
    cached: dict[str, dict[str, Any]] = field(default_factory=dict[str, dict[str, Any]])
    numbers: int = 0
    worker: asyncio.Task[None] | None = None


class Queue:
    """The queue, the history and the files of one server. Each run of a workflow that draws is a line on the bill."""

    def __init__(self, desk: Desk, model: WireModel) -> None:
        self.files: dict[File, bytes] = {}
        self._desk = desk
        self._model = model
        self._memory = _Memory()

    @property
    def pending(self) -> list[Job]:
        """The jobs that wait, the next one first."""
        return self._memory.pending

    @property
    def running(self) -> Job | None:
        """The job that runs."""
        return self._memory.running

    @property
    def history(self) -> dict[str, dict[str, Any]]:
        """How each job ended, by its id."""
        return self._memory.history

    def forget(self) -> None:
        """Restart: forget everything but files, and the temporary ones too."""
        if self._memory.worker:
            self._memory.worker.cancel()
        self._memory = _Memory()
        for file in [file for file in self.files if file[0] == "temp"]:
            del self.files[file]

    def remove(self, identifier: str) -> bool:
        """Take the next job of this id out of the queue, if one waits; it leaves no trace."""
        job = next((job for job in self.pending if job.id == identifier), None)
        if job:
            self.pending.remove(job)
        return job is not None

    def interrupt(self, identifier: str | None) -> bool:
        """Stop the job that runs, if it has this id; any, if that is None."""
        if self.running and identifier in (None, self.running.id):
            self.running.interrupted.set()
            return True
        return False

    def put(self, about: Mapping[str, Any], ends: tuple[str, ...], sha256: str) -> Job:
        """Queue the workflow of a request, to be run for these nodes."""
        memory = self._memory
        number = float(about["number"]) if "number" in about else memory.numbers * (-1 if about.get("front") else 1)
        memory.numbers += "number" not in about
        extra = {**about.get("extra_data", {}), **({"client_id": about["client_id"]} if "client_id" in about else {})}
        identifier = str(about["prompt_id"]) if "prompt_id" in about else str(uuid.uuid4())
        job = Job(number, identifier, about["prompt"], extra, ends, sha256)
        memory.pending.append(job)
        memory.pending.sort(key=lambda job: job.number)
        if memory.worker is None or memory.worker.done():
            memory.worker = asyncio.get_running_loop().create_task(self._work(memory))
        return job

    async def _work(self, memory: _Memory) -> None:
        while memory.pending:
            job = memory.running = memory.pending.pop(0)
            memory.history[job.id] = await self._done(memory, job)
            memory.running = None

    async def _done(self, memory: _Memory, job: Job) -> dict[str, Any]:
        """Run a job, and return its entry in the history."""
        begun = int(time.time() * 1000)
        messages: list[Any] = [["execution_start", {"prompt_id": job.id, "timestamp": begun}]]
        outputs: dict[str, Any] = {}
        state = "success"
        try:
            await self._run(memory, job, outputs)
        except Stopped as stopped:
            state = "error"
            node = str(stopped)
            stop = {"prompt_id": job.id, "node_id": node, "node_type": job.workflow[node]["class_type"], "executed": ()}
            messages.append(["execution_interrupted", stop])
        except Broken as broken:
            state = "error"
            node = job.workflow[broken.node]
            about: dict[str, Any] = {
                "prompt_id": job.id,
                "node_id": broken.node,
                "node_type": node["class_type"],
                "exception_type": broken.kind,
                "exception_message": str(broken),
                "traceback": ['  File "/srv/ComfyUI/execution.py", line 525, in execute\n'],
                "current_inputs": {name: [str(value)] for name, value in node["inputs"].items()},
            }
            messages.append(["execution_error", about])
        if state == "success":
            messages.append(["execution_success", {"prompt_id": job.id}])
        return {
            "prompt": job.item,
            "outputs": {} if messages[-1][0] == "execution_interrupted" else outputs,
            "status": {"status_str": state, "completed": state == "success", "messages": messages},
            "meta": {},
        }

    async def _run(self, memory: _Memory, job: Job, outputs: dict[str, Any]) -> None:
        signs = {end: json.dumps(_part(job.workflow, end), sort_keys=True) for end in job.ends}
        outputs |= {end: memory.cached[sign] for end, sign in signs.items() if sign in memory.cached}
        left = [end for end in job.ends if end not in outputs]
        if not left:
            return  # everything is cached, and nothing is drawn
        call = self._desk.call("run", self._model, job.sha256.encode())
        kind = call.fault.does if call.fault and call.fault.does != "delay" else "picture"
        self._desk.terms.bill.add(Entry(job.id, self._model.id, "comfyui.run", job.sha256, 0.0, kind))
        running = Running(job.workflow, self.files, lambda key: self._enter(job, call, key), call.spoilt)
        try:
            for end in left:
                await running.run(end)
        finally:
            outputs |= running.outputs
        memory.cached |= {signs[end]: running.outputs[end] for end in left if end in running.outputs}
        if call.has("empty"):
            outputs.clear()

    async def _enter(self, job: Job, call: WireCall, key: str) -> None:
        """Wait before a node as long as the job takes at least, unless it is interrupted."""
        if seconds := max(0.0, call.began + call.seconds - time.monotonic()):
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(job.interrupted.wait(), seconds)
        if job.interrupted.is_set():
            raise Stopped(key)
        if call.has("status"):
            assert call.fault is not None
            raise Broken(key, call.fault.type or "RuntimeError", call.fault.message)


def _part(workflow: Mapping[str, Any], key: str) -> list[Any]:
    """Return a node with all that it depends on: if two are equal, the results are."""
    node = workflow[key]
    inputs: dict[str, Any] = dict(node["inputs"])
    for name, (source, place) in comfyui_nodes.links(node).items():
        inputs[name] = [_part(workflow, source), place]
    return [node["class_type"], inputs]
