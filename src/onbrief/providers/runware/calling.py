"""Tasks of Runware: sending one that draws, asking how it is, and what its error documents mean.

A task is queued under an id of ours (`taskUUID`) and works on even if we are cut off. The service never does two tasks with one
id: it refuses the second. So that refusal, too, says that the task is there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from onbrief.errors import Blocked, CallError, ConfigError, Failed, Refused, Unknown
from onbrief.ports import ModelName, Picture
from onbrief.providers import http, wire
from onbrief.providers.encoding import decoded
from onbrief.providers.http import short
from onbrief.providers.runware import KEY, KEYS_AT, TITLE
from onbrief.providers.wire import Reply, Service, Session

OPTIONS = ("timeout",)
"""The options of every name: the timeout for a picture in seconds."""

_TAKEN = "conflictTaskUUID"
_BLOCKED = frozenset(
    {
        *("contentPolicyViolation", "providerContentPolicyViolation", "invalidProviderContent", "sensitiveContentDetected"),
        *("unsafeContentDetected", "nsfwContentDetected", "promptBlocked", "imageBlocked", "moderationFailed"),
    }
)
_UNPAID = ("Credits", "Quota", "Balance", "paymentRequired", "quotaExceeded")
_BUSY = frozenset({"noAvailableServer", "modelNotReady", "serviceUnavailable", "serverUnavailable"})
_UNKNOWN_TASK = ("taskNotFound", "taskFailedOrNotFound", "taskExpired")
_TOP_UP = "add credits at https://my.runware.ai/wallet"


@dataclass(frozen=True, slots=True)
class Told:
    """An error in an answer of the service, with the HTTP status of that answer."""

    status: int
    code: str
    message: str
    of_task: bool

    @classmethod
    def of(cls, reply: Reply, identifier: str = "") -> Told | None:
        """Return the first error in an answer that is not about another task than this one, or None."""
        document = _document(reply)
        items = _objects(document.get("errors")) or _objects([document.get("error")])
        mine = (item for item in items if item.get("taskUUID") in (None, "", identifier) or not identifier)
        found = next(mine, None)
        if found is None:
            return None
        code, message = (str(found.get(name) or "") for name in ("code", "message"))
        return cls(reply.status, code, message, found.get("status") == "error")

    @property
    def words(self) -> str:
        """The code and the message."""
        return short(": ".join(filter(None, (self.code, self.message))) or f"HTTP {self.status}")

    def outcome(self, headers: Mapping[str, str]) -> CallError | ConfigError:
        """Return the outcome of a task that has not been accepted, or of a question that has not been answered."""
        if self.code in _BLOCKED:
            error = Blocked(self.words)
            error.usd = 0.0
            return error
        if any(word in self.code for word in _UNPAID):
            return ConfigError(self.words, hint=_TOP_UP)
        if "ateLimit" in self.code or self.code in _BUSY:
            return http.classify(429, self.message, headers=headers, words=self.words)
        error = http.classify(self.status, self.message, self.code, headers, words=self.words)
        if isinstance(error, ConfigError) and self.status in (401, 403):
            return ConfigError(self.words, hint=f"check {KEY}")
        return error

    def end(self) -> CallError:
        """Return the outcome of a task that was accepted and has ended with this error."""
        blocked = self.code in _BLOCKED or http.speaks_of_content(self.message)
        return (Blocked if blocked else Failed)(self.words)


class _Answered(ConfigError):
    """An error document, on its way through the session to where its question is known."""

    def __init__(self, told: Told, reply: Reply) -> None:
        super().__init__(told.words)
        self.told = told
        self.reply = reply


def service(name: ModelName, base_url: str) -> Service:
    """Return the service for a model's name.

    Raises:
        UsageError: the timeout is not allowed. ConfigError: there is no key.
    """
    return connected(base_url, wire.timeout(name))


def connected(base_url: str, timeout: float) -> Service:
    """Return the service at this address, with the key in the environment.

    Raises:
        ConfigError: there is no key.
    """
    key = wire.key(KEY, TITLE, KEYS_AT)
    return Service(base_url, {"authorization": f"Bearer {key}"}, timeout, outcome)


def outcome(reply: Reply) -> CallError | ConfigError:
    """Return the outcome of an error response, as an error with the document of the service in it, if there is one."""
    told = Told.of(reply)
    return _Answered(told, reply) if told else wire.outcome(reply)


async def drawn(session: Session, task: Mapping[str, object], warnings: tuple[str, ...]) -> Picture:
    """Send a task once, wait until it has ended, and return its picture.

    Raises:
        CallError: one of its four classes, if there is no picture.
        ConfigError: something must be changed before any call can succeed.
    """
    identifier = str(task["taskUUID"])
    try:
        await _queue(session, task, identifier)
    except Failed:  # the words of a gateway, perhaps, while the service works
        if not await _there(session, identifier):
            raise

    async def look() -> Mapping[str, Any] | None:
        found = await response(session, identifier)
        return found if found and _ended(found) else None

    return await picture(session, await session.patiently(look), warnings)


async def _queue(session: Session, task: Mapping[str, object], identifier: str) -> None:
    """Send a task. A refusal of its id says that it is there."""
    try:
        reply = await session.pay("v1", json=[task])
    except _Answered as error:
        told, reply = error.told, error.reply
    else:
        told = Told.of(reply, identifier)
    if told and told.code != _TAKEN:
        raise told.outcome(reply.headers)


async def _there(session: Session, identifier: str) -> bool:
    """Return whether the service says that it has a task.

    Raises:
        Failed, Blocked: it has, and the task has ended like this.
    """
    try:
        return await response(session, identifier) is not None
    except (Refused, Unknown, ConfigError):
        return False


async def response(session: Session, identifier: str) -> Mapping[str, Any] | None:
    """Return what the service says of a task that works or has ended; None if it says nothing.

    Raises:
        Failed, Blocked: the task has ended like this. Refused, Unknown, ConfigError: the question was not answered.
    """
    found = _own(await _asked(session, "getResponse", identifier), identifier)
    if found and found.get("status") == "error":
        raise Told(200, str(found.get("code") or ""), str(found.get("message") or ""), of_task=True).end()
    return found


async def details(session: Session, identifier: str) -> Mapping[str, Any] | None:
    """Return the result of any past task; None if the service knows none with this id.

    Raises:
        Failed, Blocked: the task has ended like this. Refused, Unknown, ConfigError: the question was not answered.
    """
    own = _own(await _asked(session, "getTaskDetails", identifier), identifier)
    if own is None or not isinstance(own.get("response"), dict):
        return None
    answer = cast("dict[str, Any]", own["response"])
    done = next((item for item in _objects(answer.get("data")) if item.get("taskUUID") in (None, identifier)), None)
    if done is None and (errors := _objects(answer.get("errors"))):
        first = errors[0]
        raise Told(200, str(first.get("code") or ""), str(first.get("message") or ""), of_task=True).end()
    return done


async def picture(session: Session, item: Mapping[str, Any], warnings: tuple[str, ...]) -> Picture:
    """Return the picture of a task that has succeeded.

    Raises:
        Blocked: the service flags it. Failed: there is none. Unknown: it cannot be fetched.
    """
    cost = item.get("cost")
    usd = float(cost) if isinstance(cost, int | float) and not isinstance(cost, bool) and cost >= 0 else None
    if item.get("NSFWContent") is True:
        raise Blocked("the picture was flagged by the service's check of content", usd=usd)
    url, text = item.get("imageURL"), item.get("imageBase64Data") or item.get("imageDataURI")
    if isinstance(url, str) and url:
        data = await session.fetch(url)
    elif isinstance(text, str) and text:
        try:
            data = decoded(text)
        except ValueError as error:
            raise Failed(f"answered with a picture that is not valid base64: {error}", usd=usd) from error
    else:
        raise Failed("answered without a picture", usd=usd)
    facts = {key: str(item[name]) for key, name in (("request_id", "taskUUID"), ("seed", "seed")) if item.get(name) is not None}
    return Picture(data, facts, warnings, usd)


def working(item: Mapping[str, Any]) -> bool:
    """Return whether the task still works, by what the service says of it."""
    return not _ended(item)


async def _asked(session: Session, task: str, identifier: str) -> Reply:
    """Ask about a task."""
    try:
        reply = await session.ask("v1", "POST", json=[{"taskType": task, "taskUUID": identifier}])
    except _Answered as error:
        told, reply = error.told, error.reply
    else:
        told = Told.of(reply, identifier)
    if told is None or told.code in _UNKNOWN_TASK:
        return reply
    if told.of_task:
        raise told.end()
    failure = told.outcome(reply.headers)
    raise Unknown(str(failure)) if isinstance(failure, Failed | Blocked) else failure


def _own(reply: Reply, identifier: str) -> Mapping[str, Any] | None:
    return next((item for item in _objects(_document(reply).get("data")) if item.get("taskUUID") == identifier), None)


def _ended(item: Mapping[str, Any]) -> bool:
    """Return whether a task has succeeded. An answer without a state is that of a task that has."""
    return item.get("status") == "success" or ("status" not in item and "imageUUID" in item)


def _document(reply: Reply) -> dict[str, Any]:
    """Return the object in an answer; an error response may have none."""
    if reply.status < 300:
        return reply.object()
    try:
        return reply.object()
    except CallError:
        return {}


def _objects(value: object) -> list[dict[str, Any]]:
    items = cast("list[object]", value) if isinstance(value, list) else []
    return [cast("dict[str, Any]", item) for item in items if isinstance(item, dict)]
