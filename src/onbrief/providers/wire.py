"""Services over plain HTTP: one session for each call, one deadline for all of it, and the outcome of each request.

A request that pays is sent once. What is sent after it, to look whether the picture is there and to fetch it, costs nothing: it
is repeated until the deadline, as a look that fails says nothing about the picture.
"""

from __future__ import annotations

import asyncio
import json
import os
import ssl
from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Generator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar, cast
from urllib.parse import urlsplit

from onbrief.errors import Blocked, CallError, ConfigError, Failed, Refused, Unknown, UsageError
from onbrief.providers import http
from onbrief.providers.http import short

if TYPE_CHECKING:
    import httpx2

    from onbrief.ports import ModelName

T = TypeVar("T")

TIMEOUT = 300.0  # seconds for a whole call; a picture can take minutes, and a timeout does not refund it
CONNECT_TIMEOUT = 10.0  # seconds
MAX_BODY = 96 * 1024 * 1024  # bytes; the largest picture that onbrief opens, in base64, and some JSON around it
EXTRA = "onbrief[http]"
REQUIRES = ("httpx2",)

_TIMEOUTS = (0.1, 3600.0)  # seconds
_SOON, _LATER = 0.1, 2.0  # seconds between two looks: the first wait, and the longest
_CERTIFICATE = ("CERTIFICATE_VERIFY_FAILED", "WRONG_VERSION_NUMBER")


@dataclass(frozen=True, slots=True)
class Reply:
    """A complete response. `headers` have lower-case names."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict[str, str])

    def json(self) -> Any:
        """Return the document in the body.

        Raises:
            Unknown: it is not JSON, and may be incomplete.
        """
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError) as error:
            raise Unknown(f"the answer is not a JSON document, and may be incomplete: {short(self.body[:80])}") from error

    def object(self) -> dict[str, Any]:
        """Return the JSON object in the body.

        Raises:
            Unknown: it is not JSON. Failed: it is JSON, but not an object.
        """
        document = self.json()
        if not isinstance(document, dict):
            raise Failed(f"the answer is not a JSON object: {short(self.body[:80])}")
        return cast("dict[str, Any]", document)


def outcome(reply: Reply) -> CallError | ConfigError:
    """Return the outcome of an error response whose document has its message and code where most services put them."""
    message, code = _words(reply.body)
    words = short(": ".join(filter(None, (code, message))) or f"HTTP {reply.status}")
    return http.classify(reply.status, message, code, reply.headers, words=words)


@dataclass(frozen=True, slots=True)
class Service:
    """A service over HTTP: the start of its URLs, the headers of every request to it, the seconds for a whole call, the
    outcome of its error responses, and the domains that its answers may lead to.
    """

    url: str
    headers: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    timeout: float = TIMEOUT
    outcome: Callable[[Reply], CallError | ConfigError] = outcome
    domains: tuple[str, ...] = ()

    def owns(self, url: str) -> bool:
        """Return whether a URL is the service's: only there may its headers go, which hold keys."""
        own, other = urlsplit(self.url), urlsplit(url)
        if (own.scheme, own.netloc) == (other.scheme, other.netloc):
            return True
        host = f".{other.hostname or ''}"
        return other.scheme == "https" and any(host.endswith(f".{domain}") for domain in self.domains)

    @asynccontextmanager
    async def session(self, seconds: float | None = None) -> AsyncGenerator[Session]:
        """Open a session that lasts at most `timeout` seconds, or fewer.

        Raises:
            Refused: the time was up, and no request that pays was sent.
            Unknown: the time was up after one was sent.
        """
        import httpx2

        seconds = self.timeout if seconds is None else seconds
        timeout = httpx2.Timeout(seconds, connect=min(CONNECT_TIMEOUT, seconds))
        verify = await asyncio.to_thread(certificates)
        async with httpx2.AsyncClient(timeout=timeout, verify=verify, follow_redirects=False) as client:
            session = Session(self, client)
            try:
                async with asyncio.timeout(seconds):
                    yield session
            except TimeoutError as error:
                kind = Unknown if session.paid else Refused
                trouble = f"; the last look: {session.trouble}" if session.trouble else ""
                raise kind(f"no complete answer within {seconds:g} seconds{trouble}") from error


class Session:
    """The requests of one call. `paid`: one that pays may have reached the service. `trouble`: why the last look went wrong."""

    def __init__(self, service: Service, client: httpx2.AsyncClient) -> None:
        self._service = service
        self._client = client
        self.paid = False
        self.trouble = ""

    async def pay(self, path: str, **body: Any) -> Reply:
        """Post the request that pays, once, and return its answer. `body` is httpx2's `json`, `data`, `files` or `headers`.

        Raises:
            CallError: one of its four classes. ConfigError: something must be changed before any call can succeed.
        """
        return await self._answered("POST", path, pays=True, **body)

    async def ask(
        self, path: str, method: str = "GET", *, missing: bool = False, answers: Collection[int] = (), **body: Any
    ) -> Reply:
        """Return the answer to a request that costs nothing, sent once. With `missing`, status 404 is an answer too, and so is
        each status of `answers`.

        Raises:
            CallError: there is none now. ConfigError: something must be changed first.
        """
        return await self._answered(method, path, pays=False, answers=(*answers, *((404,) if missing else ())), **body)

    async def patiently(self, look: Callable[[], Awaitable[T | None]]) -> T:
        """Return what a look finds that costs nothing. It is repeated while it finds None or goes wrong, until the time of the
        session is up.

        Raises:
            Failed, Blocked: as the look says: the service works on the call no more.
            Unknown: the service does not let us look any more.
        """
        wait = _SOON
        while True:
            pause = wait
            try:
                found = await look()
            except Refused as error:
                found, pause, self.trouble = None, max(wait, error.retry_after or 0.0), str(error)
            except Unknown as error:
                found, self.trouble = None, str(error)
            except ConfigError as error:
                raise Unknown(f"sent, but its picture cannot be fetched: {error}", hint=error.hint) from error
            if found is not None:
                return found
            await asyncio.sleep(pause)
            wait = min(_LATER, wait * 1.5)

    async def fetch(self, url: str, *, own: bool = False) -> bytes:
        """Return the bytes at a URL that the service named. Its headers go there only if the address is its `own`: they hold
        keys; only without them, redirects are followed. Asked again while it goes wrong, until the time of the session is up.

        Raises:
            Unknown: the bytes cannot be had, or are too many.
        """

        async def look() -> bytes:
            return (await self._answered("GET", url, pays=False, own=own, follow_redirects=not own)).body

        try:
            return await self.patiently(look)
        except (Failed, Blocked) as error:
            raise Unknown(f"sent, but its picture cannot be fetched: {error}") from error

    async def _answered(
        self, method: str, path: str, *, pays: bool, answers: Collection[int] = (), own: bool = True, **body: Any
    ) -> Reply:
        reply = await self._reply(method, path, pays=pays, own=own, **body)
        if reply.status < 300 or reply.status in answers:
            return reply
        error = self._service.outcome(reply)
        if isinstance(error, Failed) and not pays:  # the look failed, not what is looked for
            raise Unknown(str(error))
        raise error

    async def _reply(self, method: str, path: str, *, pays: bool, own: bool, **body: Any) -> Reply:
        import httpx2

        url = path if "://" in path else f"{self._service.url.rstrip('/')}/{path.lstrip('/')}"
        headers = {**(self._service.headers if own and self._service.owns(url) else {}), **body.pop("headers", {})}
        try:
            self.paid = self.paid or pays
            async with self._client.stream(method, url, headers=headers, **body) as response:
                if pays:
                    await hear(response)
                data = bytearray()
                async for chunk in response.aiter_bytes():
                    data += chunk
                    if len(data) > MAX_BODY:
                        raise Failed(f"the answer is longer than {MAX_BODY} bytes")
                return Reply(response.status_code, bytes(data), {k.lower(): v for k, v in response.headers.items()})
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            failed = lost(error, urlsplit(url).netloc)
            if isinstance(failed, Refused):
                self.paid = self.paid and not pays
            raise failed from error


async def hear(response: httpx2.Response) -> None:
    """Note what a response says about limits. Also a hook for clients."""
    http.hear(response.headers)


def lost(error: Exception, host: str) -> CallError | ConfigError:
    """Return the outcome of a request to this host without a complete answer, from an exception of httpx2."""
    import httpx2

    words = short(str(error))
    match error:
        case httpx2.InvalidURL() | httpx2.UnsupportedProtocol() | httpx2.LocalProtocolError():
            return ConfigError(f"{type(error).__name__}: {words}", hint="check the address of the service")
        case httpx2.ConnectError() | httpx2.ConnectTimeout() | httpx2.PoolTimeout() | httpx2.ProxyError():
            words = f"no connection to {host}: {words or type(error).__name__}"
            if any(word in words for word in _CERTIFICATE):
                return ConfigError(words, hint="check the address of the service, and the certificates of this machine")
            return Refused(words)
        case _:
            return Unknown(f"no complete answer: {type(error).__name__}: {words}".rstrip(": "))


def key(variable: str, service: str, where: str) -> str:
    """Return the key of a service in this environment variable.

    Raises:
        ConfigError: it is not set; the message names the variable, and the hint says where to get a key.
    """
    if found := os.environ.get(variable, "").strip():
        return found
    raise ConfigError(f"{service} needs a key in {variable}, which is not set", hint=f"get one at {where}")


def timeout(name: ModelName) -> float:
    """Return the option `timeout` of a model's name: the seconds for a whole call.

    Raises:
        UsageError: it is not a number from 0.1 to 3600.
    """
    return name.number("timeout", *_TIMEOUTS, TIMEOUT)


@contextmanager
def naming(model: str) -> Generator[None]:
    """Let the message of an error begin with the name of the model."""
    try:
        yield
    except (CallError, ConfigError) as error:
        error.args = (f"{model}: {error}",)
        raise


def look(service: Service, path: str, method: str = "GET", **body: Any) -> Reply:
    """Return the answer to a request that costs nothing, for code that runs in a thread of its own, such as checks. It is sent
    once.

    Raises:
        CallError: there is no answer. ConfigError: something must be changed first.
    """

    async def asked() -> Reply:
        async with service.session() as session:
            return await session.ask(path, method, **body)

    return asyncio.run(asked())


def base_url(setting: str, value: str) -> str:
    """Return the address of a service without a slash at its end.

    Raises:
        UsageError: it is not an http or https URL with a host, or it has a query or credentials.
    """
    try:
        parts = urlsplit(value)
        sound = (
            parts.scheme in ("http", "https") and bool(parts.hostname) and not (parts.query or parts.fragment or parts.username)
        )
    except ValueError:
        sound = False
    if not sound:
        raise UsageError.of(setting, value, "a URL such as http://127.0.0.1:8188, without credentials or a query")
    return value.rstrip("/")


def _words(body: bytes) -> tuple[str, str]:
    """Return the message and the code in the document of an error response; the body itself if it is none."""
    try:
        document: Any = json.loads(body)
    except (ValueError, RecursionError):
        return short(body[:400]), ""
    if not isinstance(document, dict):
        return short(body[:400]), ""
    about = cast("dict[str, Any]", document)
    inner: Any = about.get("error", about)
    error = cast("dict[str, Any]", inner) if isinstance(inner, dict) else {"message": inner}
    message = next((error[name] for name in ("message", "detail", "details", "errors", "title") if error.get(name)), "")
    code = next((error[name] for name in ("code", "type", "name", "status") if isinstance(error.get(name), str)), "")
    return message if isinstance(message, str) else json.dumps(message), code


@cache
def certificates() -> ssl.SSLContext:
    """Return what connections are verified with; reading the certificates takes tens of milliseconds."""
    return ssl.create_default_context()
