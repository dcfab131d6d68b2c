"""ComfyUI: a queue of workflows that runs one at a time, its history, and the files that it saved.

It is as version 0.33.0, and below /0.3.64 as that version of October 2025, with a memory of its own. Its memory is lost on
`GET /manager/reboot`, the route of a widely used extension; files of type output and input stay. There is no websocket.
"""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable
from email.message import Message
from typing import Any, cast

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Mount, Route

from onbrief_sandbox.server.wires import comfyui_nodes
from onbrief_sandbox.server.wires.catalogue import SERVICES
from onbrief_sandbox.server.wires.comfyui_nodes import NODES
from onbrief_sandbox.server.wires.comfyui_queue import Queue
from onbrief_sandbox.server.wires.desk import Declined, Desk, Wire

_OLD = "0.3.64"
_MODEL = SERVICES["comfyui"].models["workflow"]
_ID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}")
_TYPES = ("output", "input", "temp")
_STATES = ("pending", "in_progress", "completed", "failed", "cancelled")
_TROUBLE = "500 Internal Server Error\n\nServer got itself in trouble"

Handler = Callable[[Request, bytes], Awaitable[Response]]


class Comfy:
    """One server."""

    def __init__(self, desk: Desk, *, old: bool) -> None:
        self._desk = desk
        self._old = old
        self._queued = Queue(desk, _MODEL)

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
        nothing = Route("/{path:path}", self._desk.endpoint(_absent))  # as the files of its page, which are not here
        return [Mount("/api", routes=[*found, *jobs, nothing]), *found, nothing]

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
                self._queued.put(about, found.ends, call.sha256)
            return await self._desk.answered(call, _given(Response()))

        async def queued() -> Response:
            job = self._queued.put(about, found.ends, call.sha256)
            return JSONResponse({"prompt_id": job.id, "number": job.number, "node_errors": found.node_errors or {}})

        return await self._desk.answered(call, queued)

    # -- looking -----------------------------------------------------------------------------------------------------------

    async def _remaining(self, request: Request, body: bytes) -> Response:
        waiting = len(self._queued.pending) + (self._queued.running is not None)
        return JSONResponse({"exec_info": {"queue_remaining": waiting}})

    async def _queue(self, request: Request, body: bytes) -> Response:
        running, pending = self._queued.running, self._queued.pending
        return JSONResponse(
            {"queue_running": [running.item] if running else [], "queue_pending": [job.item for job in pending]}
        )

    async def _history(self, request: Request, body: bytes) -> Response:
        history = self._queued.history
        if (key := request.path_params.get("id")) is None:
            return JSONResponse(history)
        return JSONResponse({key: history[key]} if key in history else {})

    def _described(self) -> dict[str, dict[str, Any]]:
        """Return all jobs as /api/jobs describes them, by id."""
        memory = self._queued
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
        data = self._queued.files.get((kind, folder.strip("/"), name))
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
        uploads = sorted("/".join(filter(None, (folder, file))) for kind, folder, file in self._queued.files if kind == "input")
        return JSONResponse({key: node.described(uploads) for key, node in NODES.items() if name in (None, key)})

    def _exists(self, name: str) -> bool:
        folder, _, file = name.rpartition("/")
        return ("input", folder, file) in self._queued.files

    # -- changing ----------------------------------------------------------------------------------------------------------

    async def _change_queue(self, request: Request, body: bytes) -> Response:
        about = _table(body)
        if about.get("clear"):
            self._queued.pending.clear()
        for wanted in about.get("delete", ()):
            self._queued.remove(wanted)
        return Response()

    async def _change_history(self, request: Request, body: bytes) -> Response:
        about = _table(body)
        if about.get("clear"):
            self._queued.history.clear()
        for wanted in about.get("delete", ()):
            self._queued.history.pop(wanted, None)
        return Response()

    async def _interrupt(self, request: Request, body: bytes) -> Response:
        self._queued.interrupt(_table(body).get("prompt_id"))
        return Response()

    async def _cancel(self, request: Request, body: bytes) -> Response:
        wanted = request.path_params["id"]
        return JSONResponse({"cancelled": self._queued.interrupt(wanted) or self._queued.remove(wanted)})

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
        while not overwrite and self._queued.files.get((kind, folder, name), data) != data:
            start, dot, ending = file.rpartition(".")
            name = f"{start} ({number}){dot}{ending}"
            number += 1
        self._queued.files[kind, folder, name] = data
        return JSONResponse({"name": name, "subfolder": folder, "type": kind})

    async def _reboot(self, request: Request, body: bytes) -> Response:
        self._queued.forget()
        return Response()


_USUAL = (("type", "input"), ("subfolder", ""))


async def _absent(request: Request, body: bytes) -> Response:
    return Response(status_code=404)


def _given(response: Response) -> Callable[[], Awaitable[Response]]:
    async def make() -> Response:
        return response

    return make


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
