"""Where requests go, with which key: OpenAI, or another server that speaks as it does; and the official client for it."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urljoin, urlsplit

from onbrief.errors import Failed, Refused, Unknown, UsageError
from onbrief.ports import ModelName, Values
from onbrief.providers import wire
from onbrief.providers.openai import KEY, KEYS_AT, outcomes
from onbrief.providers.openai.answers import Answer
from onbrief.providers.wire import Reply

OPENAI: Final = "https://api.openai.com/v1"
OPTIONS: Final = ("base_url", "api_key_env", "timeout")
"""The options of every name: the address of another server, the variable with its key, and the seconds for a whole call."""

_NO_KEY = "none"  # the official client must have a key; a server that needs none ignores it

Request = Callable[[Any], AbstractAsyncContextManager[Any]]
"""Makes a request with the resource `images` of the official client, whose responses are streamed."""


@dataclass(frozen=True, slots=True)
class Server:
    """A server. `key` is empty if it is sent none. `own`: names without an address mean it, so that it is OpenAI or stands in
    for it.
    """

    url: str
    own: bool
    key: str = field(repr=False)
    timeout: float = wire.TIMEOUT

    @classmethod
    def of(cls, name: ModelName, values: Values) -> Server:
        """Return the server of a model's name: see `address`.

        Who may name a model need not be who may use a key. So an address in a name is sent none, unless the name also has the
        variable of its key, `api_key_env`, and a setting allows that variable in names.

        Raises:
            UsageError: an address, a variable or the timeout is not allowed.
            ConfigError: there is no key.
        """
        timeout, (url, own) = wire.timeout(name), address(name, values)
        if variable := name.options.get("api_key_env"):
            allowed = values.get("api_key_envs", "").split()
            if variable not in allowed:
                hint = f'allow it in names with [openai] api_key_envs = "{" ".join([*allowed, variable])}"'
                expected = f"a variable of the setting openai.api_key_envs, which has {' '.join(allowed) or 'none'}"
                raise UsageError.of(f"api_key_env of {name.setting}", variable, expected, hint=hint)
            return cls(url, own, wire.key(variable, url, "the operator of this server"), timeout)
        if url == OPENAI:
            return cls(url, own, wire.key(KEY, "OpenAI", KEYS_AT), timeout)
        return cls(url, own, os.environ.get(KEY, "").strip() if own else "", timeout)

    @property
    def headers(self) -> dict[str, str]:
        """The headers of requests beside those of the official client."""
        return {"Authorization": f"Bearer {self.key}"} if self.key else {}

    async def answer(self, name: str, request: Request) -> Answer:
        """Send a request once, and return its answer with the bytes of its picture.

        Raises:
            CallError: one of its four classes, if there is no picture. Its message names the model.
            ConfigError: something must be changed before any call can succeed. Its message names the model.
        """
        sent = False
        with wire.naming(name):
            try:
                async with asyncio.timeout(self.timeout):
                    async with await asyncio.to_thread(self._client) as client:
                        sent = True
                        answer = Answer.of(await self._reply(client, request))
                    return await self._with_picture(answer)
            except TimeoutError as error:
                kind = Unknown if sent else Refused
                raise kind(f"no complete answer within {self.timeout:g} seconds") from error

    async def _reply(self, client: Any, request: Request) -> Reply:
        """Return the complete response, read in pieces so that an endless one does not fill the memory."""
        import httpx2
        import openai

        try:
            async with request(client.images.with_streaming_response) as response:
                data = bytearray()
                async for piece in response.iter_bytes():
                    data += piece
                    if len(data) > wire.MAX_BODY:
                        raise Failed(f"the answer is longer than {wire.MAX_BODY} bytes")
                return Reply(response.status_code, bytes(data), dict(response.headers))
        except (openai.OpenAIError, httpx2.HTTPError, httpx2.InvalidURL, UnicodeError) as error:
            raise outcomes.classify(error, urlsplit(self.url).netloc) from error

    async def _with_picture(self, answer: Answer) -> Answer:
        """Return the answer with the bytes of its picture, fetched if it has only its address."""
        if not answer.url:
            return answer
        url = urljoin(f"{self.url}/", answer.url)
        async with wire.Service(self.url, self.headers, self.timeout).session() as session:
            session.paid = True
            return answer.with_data(await session.fetch(url, own=True))

    def _client(self) -> Any:
        """Return a client without retries, which takes nothing that was paid for to another address. The first one imports the
        package, which takes a second.
        """
        import httpx2
        import openai

        timeout = httpx2.Timeout(self.timeout, connect=min(wire.CONNECT_TIMEOUT, self.timeout))
        key = self.key or _NO_KEY
        headers: dict[str, Any] = {} if self.own else _without_those_of(os.environ.get("OPENAI_CUSTOM_HEADERS", ""))
        client = openai.AsyncOpenAI(
            api_key=key,
            base_url=self.url,
            max_retries=0,
            timeout=timeout,
            default_headers=headers if self.own else headers | {"Authorization": f"Bearer {key}"},
            http_client=openai.DefaultAsyncHttpxClient(
                timeout=timeout,
                verify=wire.certificates(),
                follow_redirects=False,
                event_hooks={"response": [wire.hear]},
            ),
        )
        if not self.own:  # these are read from the environment, and are for OpenAI
            client.organization = client.project = None
        return client


def address(name: ModelName, values: Values) -> tuple[str, bool]:
    """Return the address of a model's server, and whether names without an address mean it, too: that of the setting, else of
    OPENAI_BASE_URL, as for the official client.

    Raises:
        UsageError: it is not an address.
    """
    variable, usual = os.environ.get("OPENAI_BASE_URL", "").strip(), OPENAI
    if url := values.get("base_url"):
        usual = wire.base_url("openai.base_url", url)
    elif variable:
        usual = wire.base_url("OPENAI_BASE_URL", variable)
    url = wire.base_url(f"base_url of {name.setting}", name.options.get("base_url", usual))
    return url, url == usual


def _without_those_of(environment: str) -> dict[str, Any]:
    """Return headers that leave out those which the official client reads from the environment."""
    import openai

    return {line.partition(":")[0].strip(): openai.Omit() for line in environment.split("\n") if ":" in line}
