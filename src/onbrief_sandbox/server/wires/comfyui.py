"""ComfyUI: a queue of workflows that runs one at a time, its history, and the files that it saved.

It is as version 0.33.0, and below /0.3.64 as that version of October 2025, with a memory of its own. Its memory is lost on
`GET /manager/reboot`, the route of a widely used extension; files of type output and input stay. There is no websocket.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import time
import uuid
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from email.message import Message
from typing import Any, cast

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Mount, Route

from onbrief_sandbox.server.bill import Entry
from onbrief_sandbox.server.wires import comfyui_nodes
from onbrief_sandbox.server.wires.catalogue import SERVICES
from onbrief_sandbox.server.wires.comfyui_nodes import NODES
from onbrief_sandbox.server.wires.comfyui_running import Broken, File, Running, Stopped
from onbrief_sandbox.server.wires.desk import Declined, Desk, Wire, WireCall

_OLD = "0.3.64"
_MODEL = SERVICES["comfyui"].models["workflow"]
_ID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}")
_TYPES = ("output", "input", "temp")
_STATES = ("pending", "in_progress", "completed", "failed", "cancelled")
_TROUBLE = "500 Internal Server Error\n\nServer got itself in trouble"

Handler = Callable[[Request, bytes], Awaitable[Response]]


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
class Memory:
    """What a server forgets when it restarts."""

    pending: list[Job] = field(default_factory=list[Job])
    running: Job | None = None
    history: dict[str, dict[str, Any]] = field(default_factory=dict[str, dict[str, Any]])
    cached: dict[str, dict[str, Any]] = field(default_factory=dict[str, dict[str, Any]])
    numbers: int = 0
    worker: asyncio.Task[None] | None = None


class Comfy:
    """One server."""

    def __init__(self, desk: Desk, *, old: bool) -> None:
        self._desk = desk
        self._old = old
        self._memory = Memory()
        self._files: dict[File, bytes] = {}

    def routes(self) -> list[BaseRoute]:
        """Return all routes, each of them below /api too."""
        found = [
            self._route("/prompt", "prompt", self._prompt, "POST"),
            self._route("/prompt", "queue", self._remaining),
            self._route("/queue", "queue", self._queue),
            self._route("/queue", "queue", self._change_queue, "POST"),
            self._route("/history", "history", self._history),
            self._route("/history", "history", self._change_history, "POST"),
            self._route("/history/{id}", "history", self._history),
            self._route("/interrupt", "queue", self._interrupt, "POST"),
            self._route("/view", "view", self._view),
            self._route("/upload/image", "upload", self._upload, "POST"),
            self._route("/system_stats", "status", self._stats),
            self._route("/object_info", "status", self._nodes),
            self._route("/object_info/{name}", "status", self._nodes),
            self._route("/manager/reboot", "status", self._reboot),
        ]
        jobs: list[Route] = []
        if not self._old:
            jobs = [
                self._route("/jobs", "jobs", self._jobs),
                self._route("/jobs/{id}", "jobs", self._job),
                self._route("/jobs/{id}/cancel", "jobs", self._cancel, "POST"),
            ]
        return [Mount("/api", routes=[*found, *jobs]), *found]

    def _route(self, path: str, operation: str, work: Handler, method: str = "GET") -> Route:
        async def answered(request: Request, body: bytes) -> Response:
            origin = request.headers.get("origin")
            if origin is not None and origin.partition("://")[2] != request.headers.get("host"):
                raise Declined(Response(status_code=403))
            whole = await work(request, body)  # an invalid request is no call
            if operation == "prompt" or whole.status_code >= 400:
                return whole
            return await self._desk.answered(self._desk.call(operation, _MODEL, body), _given(whole))

        return Route(path, self._desk.endpoint(answered), methods=[method])

    # -- queueing ----------------------------------------------------------------------------------------------------------

    async def _prompt(self, request: Request, body: bytes) -> Response:
        try:
            document = json.loads(body)
        except ValueError:
            return PlainTextResponse(_TROUBLE, 500)
        about = cast("dict[str, Any]", document) if isinstance(document, dict) else {}
        if "prompt" not in about:
            return _bad("no_prompt", "No prompt provided", "No prompt provided")
        own = about.get("prompt_id")
        if not self._old and own is not None and not (isinstance(own, str) and _ID.fullmatch(own)):
            return _bad("invalid_prompt_id", "prompt_id must be a canonical UUID", "")
        workflow = about["prompt"]
        if not isinstance(workflow, dict):
            return PlainTextResponse(_TROUBLE, 500)
        found = comfyui_nodes.checked(cast("dict[str, Any]", workflow), self._exists, old=self._old)
        if found.error:
            return JSONResponse({"error": found.error, "node_errors": found.node_errors or {}}, 400)
        call = self._desk.call("prompt", _MODEL, body)
        if call.fault and call.fault.does == "status":  # something before the server, such as a proxy
            if call.fault.accepted:
                self._put(about, found.ends, call.sha256)
            return await self._desk.answered(call, _given(Response()))

        async def queued() -> Response:
            job = self._put(about, found.ends, call.sha256)
            return JSONResponse({"prompt_id": job.id, "number": job.number, "node_errors": found.node_errors or {}})

        return await self._desk.answered(call, queued)

    def _put(self, about: Mapping[str, Any], ends: tuple[str, ...], sha256: str) -> Job:
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

    # -- running -----------------------------------------------------------------------------------------------------------

    async def _work(self, memory: Memory) -> None:
        while memory.pending:
            job = memory.running = memory.pending.pop(0)
            memory.history[job.id] = await self._done(memory, job)
            memory.running = None

    async def _done(self, memory: Memory, job: Job) -> dict[str, Any]:
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

    async def _run(self, memory: Memory, job: Job, outputs: dict[str, Any]) -> None:
        signs = {end: json.dumps(_part(job.workflow, end), sort_keys=True) for end in job.ends}
        outputs |= {end: memory.cached[sign] for end, sign in signs.items() if sign in memory.cached}
        left = [end for end in job.ends if end not in outputs]
        if not left:
            return  # everything is cached, and nothing is drawn
        call = self._desk.call("run", _MODEL, job.sha256.encode())
        kind = call.fault.does if call.fault and call.fault.does != "delay" else "picture"
        self._desk.terms.bill.add(Entry(job.id, _MODEL.id, "comfyui.run", job.sha256, 0.0, kind))
        running = Running(job.workflow, self._files, lambda key: self._enter(job, call, key), call.spoilt)
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

    # -- looking -----------------------------------------------------------------------------------------------------------

    async def _remaining(self, request: Request, body: bytes) -> Response:
        waiting = len(self._memory.pending) + (self._memory.running is not None)
        return JSONResponse({"exec_info": {"queue_remaining": waiting}})

    async def _queue(self, request: Request, body: bytes) -> Response:
        running, pending = self._memory.running, self._memory.pending
        return JSONResponse(
            {"queue_running": [running.item] if running else [], "queue_pending": [job.item for job in pending]}
        )

    async def _history(self, request: Request, body: bytes) -> Response:
        history = self._memory.history
        if (key := request.path_params.get("id")) is None:
            return JSONResponse(history)
        return JSONResponse({key: history[key]} if key in history else {})

    def _described(self) -> dict[str, dict[str, Any]]:
        """Return all jobs as /api/jobs describes them, by id."""
        memory = self._memory
        found = {job.id: {"id": job.id, "status": "pending", "create_time": job.created} for job in memory.pending}
        if job := memory.running:
            found[job.id] = {"id": job.id, "status": "in_progress", "create_time": job.created}
        for key, entry in memory.history.items():
            last = entry["status"]["messages"][-1][0]
            state = {"execution_success": "completed", "execution_interrupted": "cancelled"}.get(last, "failed")
            about = {"id": key, "status": state, "outputs": entry["outputs"], "outputs_count": len(entry["outputs"])}
            found.setdefault(key, about)
        return found

    async def _jobs(self, request: Request, body: bytes) -> Response:
        wanted = request.query_params.get("status")
        if wanted and not set(wanted.split(",")) <= set(_STATES):
            return JSONResponse({"error": f"Invalid status value(s): {wanted}"}, 400)
        jobs = [job for job in self._described().values() if not wanted or job["status"] in wanted.split(",")]
        return JSONResponse({"jobs": jobs, "pagination": {"offset": 0, "limit": None, "total": len(jobs), "has_more": False}})

    async def _job(self, request: Request, body: bytes) -> Response:
        if found := self._described().get(request.path_params["id"]):
            return JSONResponse(found)
        return JSONResponse({"error": "Job not found"}, 404)

    async def _view(self, request: Request, body: bytes) -> Response:
        query = request.query_params
        name, folder, kind = query.get("filename"), query.get("subfolder", ""), query.get("type", "output")
        if name is None:
            return Response(status_code=404)
        if name == "" or name[0] == "/" or ".." in name or kind not in _TYPES:
            return Response(status_code=400)
        if ".." in folder.split("/") or folder.startswith("/"):
            return Response(status_code=403)
        data = self._files.get((kind, folder.strip("/"), name))
        if data is None:
            return Response(status_code=404)
        return Response(data, media_type="image/png", headers={"Content-Disposition": f'filename="{name}"'})

    async def _stats(self, request: Request, body: bytes) -> Response:
        system = {
            "os": "linux",
            "comfyui_version": _OLD if self._old else "0.33.0",
            "python_version": "3.12",
            "argv": ["main.py"],
        }
        return JSONResponse({"system": system, "devices": [{"name": "cpu", "type": "cpu", "index": None}]})

    async def _nodes(self, request: Request, body: bytes) -> Response:
        name = request.path_params.get("name")
        uploads = sorted("/".join(filter(None, (folder, file))) for kind, folder, file in self._files if kind == "input")
        return JSONResponse({key: node.described(uploads) for key, node in NODES.items() if name in (None, key)})

    def _exists(self, name: str) -> bool:
        folder, _, file = name.rpartition("/")
        return ("input", folder, file) in self._files

    # -- changing ----------------------------------------------------------------------------------------------------------

    async def _change_queue(self, request: Request, body: bytes) -> Response:
        about, memory = _table(body), self._memory
        if about.get("clear"):
            memory.pending.clear()
        for wanted in about.get("delete", ()):
            if job := next((job for job in memory.pending if job.id == wanted), None):
                memory.pending.remove(job)
        return Response()

    async def _change_history(self, request: Request, body: bytes) -> Response:
        about, memory = _table(body), self._memory
        if about.get("clear"):
            memory.history.clear()
        for wanted in about.get("delete", ()):
            memory.history.pop(wanted, None)
        return Response()

    async def _interrupt(self, request: Request, body: bytes) -> Response:
        wanted, running = _table(body).get("prompt_id"), self._memory.running
        if running and wanted in (None, running.id):
            running.interrupted.set()
        return Response()

    async def _cancel(self, request: Request, body: bytes) -> Response:
        wanted, memory = request.path_params["id"], self._memory
        if memory.running and memory.running.id == wanted:
            memory.running.interrupted.set()
            return JSONResponse({"cancelled": True})
        job = next((job for job in memory.pending if job.id == wanted), None)
        if job:
            memory.pending.remove(job)
        return JSONResponse({"cancelled": job is not None})

    async def _upload(self, request: Request, body: bytes) -> Response:
        fields = _form(request, body)
        file, data = fields.get("image", ("", b""))
        kind, folder = (fields[name][1].decode() if name in fields else usual for name, usual in _USUAL)
        if not file or kind not in _TYPES:
            return PlainTextResponse(_TROUBLE, 500)
        if ".." in folder.split("/") or folder.startswith("/"):
            return Response(status_code=400)
        name, number = file, 1
        overwrite = fields.get("overwrite", ("", b""))[1] in (b"true", b"1")
        while not overwrite and self._files.get((kind, folder, name), data) != data:
            start, dot, ending = file.rpartition(".")
            name = f"{start} ({number}){dot}{ending}"
            number += 1
        self._files[kind, folder, name] = data
        return JSONResponse({"name": name, "subfolder": folder, "type": kind})

    async def _reboot(self, request: Request, body: bytes) -> Response:
        """Forget everything but files."""
        if self._memory.worker:
            self._memory.worker.cancel()
        self._memory = Memory()
        for file in [file for file in self._files if file[0] == "temp"]:
            del self._files[file]
        return Response()


_USUAL = (("type", "input"), ("subfolder", ""))


def _given(response: Response) -> Callable[[], Awaitable[Response]]:
    async def make() -> Response:
        return response

    return make


def _part(workflow: Mapping[str, Any], key: str) -> list[Any]:
    """Return a node with all that it depends on: if two are equal, the results are."""
    node = workflow[key]
    inputs: dict[str, Any] = dict(node["inputs"])
    for name, (source, place) in comfyui_nodes.links(node).items():
        inputs[name] = [_part(workflow, source), place]
    return [node["class_type"], inputs]


def _table(body: bytes) -> dict[str, Any]:
    """Return the object in a body; an empty body is an empty object."""
    document = json.loads(body or b"{}")
    if not isinstance(document, dict):
        raise Declined(PlainTextResponse(_TROUBLE, 500))
    return cast("dict[str, Any]", document)


def _form(request: Request, body: bytes) -> dict[str, tuple[str, bytes]]:
    """Return the fields of a form, each with the name of its file and its bytes."""
    about = Message()
    about["content-type"] = request.headers.get("content-type", "")
    found: dict[str, tuple[str, bytes]] = {}
    for part in (b"\r\n" + body).split(f"\r\n--{about.get_boundary('')}".encode())[1:-1]:
        head, _, data = part.partition(b"\r\n\r\n")
        names = dict(re.findall(r'\b(name|filename)="([^"]*)"', head.decode("utf-8", "replace")))
        found[names.get("name", "")] = names.get("filename", ""), data
    return found


def _bad(kind: str, message: str, details: str) -> Response:
    error: dict[str, Any] = {"type": kind, "message": message, "details": details, "extra_info": {}}
    return JSONResponse({"error": error, "node_errors": {}}, 400)


def _sorry(status: int, message: str) -> Response:
    return PlainTextResponse(message, status)


def _routes(desk: Desk) -> list[BaseRoute]:
    return [Mount(f"/{_OLD}", routes=Comfy(desk, old=True).routes()), *Comfy(desk, old=False).routes()]


WIRE = Wire(
    "comfyui",
    _sorry,
    _routes,
    lambda url: {"ONBRIEF_COMFYUI_BASE_URL": url},
    "ComfyUI's clients read no variable: give them this address. A workflow must use the nodes that GET /object_info lists.",
)
