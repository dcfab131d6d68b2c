"""One picture by a ComfyUI server: queue the workflow once, under an id of our own, and find its picture by that id.

The server keeps its queue and its history in memory, and forgets both when it restarts; the files that it saved stay. A job
moves from the queue to the history under one lock, so that whoever looks at the queue first, and then at the history, cannot
miss it. Our id is in the name of the file too, so that the file alone proves that the picture was drawn.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from onbrief.errors import CallError, ConfigError, Failed, Refused, Unknown
from onbrief.ports import Found, ModelName, NotThere, Pending, Picture
from onbrief.providers import wire
from onbrief.providers.comfyui import saying
from onbrief.providers.comfyui.workflow import SAVE, Workflow
from onbrief.providers.wire import Service, Session

FOLDER = "onbrief"
"""The folder of our files among the server's input and output files."""

ABSENT = "start ComfyUI, or set base_url to its address"

_TIMEOUTS = (0.1, 86_400.0)  # seconds; a queue of other people's work can be long
_READ = 20.0  # seconds for one look: a busy server can be silent for minutes, which says nothing about the picture
_FIND = 60.0  # seconds to look for a picture of an earlier session
_AGAIN = 2.0  # seconds until one who asks for a job that is not done asks again
_SETTLED = 1.0  # seconds after which a request whose connection was cut has arrived, or never will
_CANCEL = 3.0  # seconds to take a job back that nobody waits for any more
_END = b"IEND\xaeB`\x82"  # of a whole PNG


@dataclass(frozen=True, slots=True)
class Job:
    """One run of a workflow. `texts` are its prompts, which errors must not quote."""

    id: str
    values: Mapping[str, str | int] = field(repr=False)

    @property
    def folder(self) -> str:
        """The folder of its picture among the server's output files."""
        return f"{FOLDER}/{self.id}"

    @property
    def texts(self) -> tuple[str, ...]:
        """Its prompts, which errors must not quote."""
        return tuple(value for value in self.values.values() if isinstance(value, str))


class _Interrupted(Failed):
    """Somebody has stopped the job: nothing was drawn."""


@dataclass(slots=True)
class Server:
    """A ComfyUI server that runs one workflow. `met`: it has answered, so it exists, and may be restarting if it is silent."""

    service: Service
    workflow: Workflow
    met: bool = False

    @classmethod
    def of(cls, name: ModelName, url: str, workflow: Workflow) -> Server:
        """Return the server in the options of a model's name, by default at this address.

        Raises:
            UsageError: the address or the timeout is not allowed.
        """
        url = wire.base_url(f"base_url of {name.setting}", name.options.get("base_url", url))
        seconds = name.number("timeout", *_TIMEOUTS, wire.TIMEOUT)
        return cls(Service(url, {}, seconds, partial(saying.outcome, workflow)), workflow)

    async def draw(self, job: Job, pictures: Mapping[str, bytes] | None = None) -> Picture:
        """Return the picture of a new job; with `pictures`, these are uploaded first, each for the placeholder of its name.

        A lost answer is no reason to give up: the job is looked for until the timeout. If this task is cancelled, the job is
        taken back.

        Raises:
            CallError: as ports.ImageModel. Refused: the server has lost the job, and will never run it.
            ConfigError: it does not accept the workflow, or there has never been a server at this address.
        """
        import httpx2

        session = None
        try:
            async with self.service.session() as session:
                uploaded = {name: await _upload(session, data) for name, data in (pictures or {}).items()}
                return await self._drawn(session, job, {**job.values, **uploaded})
        except Refused as error:
            if self.met or not isinstance(error.__cause__, httpx2.ConnectError):
                raise
            raise ConfigError(str(error), hint=ABSENT) from error
        except asyncio.CancelledError:
            if session and session.paid:
                await self._take_back(job.id)
            raise

    async def find(self, job: Job) -> Found | Pending | NotThere:
        """Look for the picture of a job that was queued, or may have been; see ports.Recovers."""
        async with self.service.session(min(_FIND, self.service.timeout)) as session:
            try:
                return await self._look(session, job)
            except _Interrupted as error:
                return NotThere(str(error), final=True)

    async def _drawn(self, session: Session, job: Job, values: Mapping[str, str | int]) -> Picture:
        failed: Failed | None = None
        try:
            await self._queue(session, job, self.workflow.filled(values, f"{job.folder}/p"))
        except Unknown:
            pass  # it may be queued all the same
        except Failed as error:
            failed = error  # so may this one: a proxy gives up before the server does

        async def look() -> Found | NotThere | None:
            answer = await self._look(session, job)
            return None if isinstance(answer, Pending) else answer

        answer = await session.patiently(look)
        if isinstance(answer, Found):
            return answer.picture
        if not answer.final:
            raise Unknown(answer.why)
        raise failed or Refused(answer.why)

    async def _queue(self, session: Session, job: Job, nodes: dict[str, Any]) -> None:
        """Post the job, once: the server would run it again for each time that it is posted."""
        reply = await session.pay("prompt", json={"prompt": nodes, "prompt_id": job.id}, timeout=_READ)
        self.met = True
        if "json" not in reply.headers.get("content-type", ""):
            raise ConfigError(f"{self.service.url} does not answer as a ComfyUI server does", hint="check base_url")
        about = reply.object()
        if about.get("node_errors"):  # it runs what else the workflow saves, without our picture
            await self._take_back(job.id)
            raise ConfigError("; ".join(saying.objections(self.workflow, about)) or "the server finds errors in the workflow")
        if (other := about.get("prompt_id")) != job.id:
            await self._take_back(str(other))
            raise ConfigError("the server does not take an id for a workflow", hint="update ComfyUI to 0.3.44 or later")

    async def _look(self, session: Session, job: Job) -> Found | Pending | NotThere:
        """Look twice before saying that a job is not there: its request may still be on its way."""
        answer = await self._look_once(session, job)
        if isinstance(answer, NotThere):
            await asyncio.sleep(_SETTLED)
            answer = await self._look_once(session, job)
        return answer

    async def _look_once(self, session: Session, job: Job) -> Found | Pending | NotThere:
        if any(job.id in ids for ids in await _queued(session)):
            return Pending(_AGAIN)
        history = (await session.ask(f"history/{job.id}", timeout=_READ)).object()
        if entry := saying.table(history.get(job.id)):
            return Found(await self._picture(session, job, entry))
        if self.workflow.nodes[self.workflow.save]["class_type"] != SAVE:
            return NotThere("the server does not know the job any more, and its save node names files in a way of its own")
        data = await _view(session, {"filename": "p_00001_.png", "subfolder": job.folder, "type": "output"})
        if data is None or not data.endswith(_END):
            return NotThere("the server has neither the job nor its picture", final=True)
        return Found(Picture(data, {"prompt_id": job.id}))

    async def _picture(self, session: Session, job: Job, entry: Mapping[str, Any]) -> Picture:
        """Return the picture of a job that has ended."""
        save, status = self.workflow.save, saying.table(entry.get("status"))
        outputs = saying.table(entry.get("outputs"))
        saved = saying.rows(saying.table(outputs.get(save)).get("images"))
        if not saved and status.get("status_str") == "error":
            words, interrupted = saying.failure(self.workflow, status.get("messages"), job.texts)
            raise (_Interrupted if interrupted else Failed)(words)
        if not saved:
            raise Failed(f"the workflow ended without a picture from {self.workflow.described(save)}")
        data = await _view(session, saying.table(saved[0]))
        if data is None:
            raise Failed(f"the picture from {self.workflow.described(save)} is no longer among the server's files")
        others = sum(len(saying.rows(saying.table(about).get("images"))) for about in outputs.values()) - 1
        warnings = (f"the workflow made {others} more pictures, which are not used",) if others > 0 else ()
        return Picture(data, {"prompt_id": job.id}, warnings)

    async def _take_back(self, job: str) -> None:
        """Take a job out of the queue, or stop it if it runs. Never stop another one: `interrupt` without an id would."""
        with contextlib.suppress(CallError, ConfigError):  # it is drawn then, and found when it is looked for
            async with self.service.session(_CANCEL) as session:
                await session.ask("queue", "POST", json={"delete": [job]})
                if job in (await _queued(session))[0]:
                    await session.ask("interrupt", "POST", json={"prompt_id": job})


async def _queued(session: Session) -> tuple[set[str], set[str]]:
    """Return the ids of the jobs that run, and of those that wait."""
    about = (await session.ask("queue", timeout=_READ)).object()
    running, waiting = (
        {str(item[1]) for item in map(saying.rows, saying.rows(about.get(name))) if len(item) > 1}
        for name in ("queue_running", "queue_pending")
    )
    return running, waiting


async def _view(session: Session, named: Mapping[str, Any]) -> bytes | None:
    """Return the bytes of a file of the server, or None if it is not there."""
    params = {name: str(named.get(name, "")) for name in ("filename", "subfolder", "type")}
    reply = await session.ask("view", params=params, missing=True, timeout=_READ)
    return None if reply.status == 404 else reply.body


async def _upload(session: Session, data: bytes) -> str:
    """Upload a picture, and return its name for a node that loads pictures.

    Raises:
        Refused: it was not uploaded, or that is not known. ConfigError: the server does not take it.
    """
    name = f"{hashlib.sha256(data).hexdigest()[:24]}.png"
    form = {"subfolder": FOLDER, "type": "input"}
    try:
        about = (await session.ask("upload/image", "POST", files={"image": (name, data, "image/png")}, data=form)).object()
    except Unknown as error:
        raise Refused(f"a picture could not be uploaded: {error}") from error
    return "/".join(filter(None, (about.get("subfolder"), about.get("name"))))
