"""Gemini's generateContent through Google's own client: sends one request once, and returns the document of its answer."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from onbrief.errors import CallError, ConfigError, Failed, Refused, Unknown
from onbrief.ports import ModelName, Values
from onbrief.providers import wire
from onbrief.providers.google import KEYS, KEYS_AT
from onbrief.providers.google.catalogue import OUTPUT_TOKENS
from onbrief.providers.http import short

if TYPE_CHECKING:
    import httpx2
    from google.genai import Client

TIMEOUTS = (0.1, 3600.0)  # seconds

Part = str | tuple[bytes, str]
"""A part of a request: a text, or a picture with its media type."""


@dataclass(frozen=True, slots=True)
class Gemini:
    """The Gemini API with one key. `url` is the start of its addresses; None leaves it to Google's client, which reads
    GOOGLE_GEMINI_BASE_URL. `timeout` is in seconds, for a complete call.
    """

    key: str = field(repr=False)
    url: str | None = None
    timeout: float = wire.TIMEOUT

    @classmethod
    def of(cls, name: ModelName, values: Values) -> Gemini:
        """Return the API for a model's name, with the settings of the provider.

        Raises:
            UsageError: the timeout is not allowed. ConfigError: there is no key.
        """
        timeout = name.number("timeout", *TIMEOUTS, wire.TIMEOUT)
        return cls(key_for(name), values.get("base_url"), timeout)

    async def generate(self, model: str, parts: Sequence[Part], config: Mapping[str, object]) -> dict[str, Any]:
        """Return the answer of a model to these parts, requested once. `config` has fields of the client's
        GenerateContentConfig.

        Raises:
            CallError: one of its four classes, if there is no answer.
            ConfigError: something must be changed before any call can succeed.
        """
        sent = asyncio.Event()
        try:
            async with asyncio.timeout(self.timeout):
                body = await self._answer(model, parts, config, sent)
        except TimeoutError as error:
            kind = Unknown if sent.is_set() else Refused
            raise kind(f"no complete answer within {self.timeout:g} seconds") from error
        return _document(body)

    async def _answer(self, model: str, parts: Sequence[Part], config: Mapping[str, object], sent: asyncio.Event) -> str:
        http, client = await asyncio.to_thread(self._connected, sent)  # importing the client takes a second
        from google.genai import types

        from onbrief.providers.google.outcomes import classify

        contents = [types.Content(role="user", parts=[_part(part) for part in parts])]
        once = {
            "max_output_tokens": OUTPUT_TOKENS,
            "automatic_continuation": False,  # the client would send further requests
            "automatic_function_calling": {"disable": True},
            "should_return_http_response": True,  # its own reading of an answer refuses pictures that can be read
        }
        wanted = types.GenerateContentConfig.model_validate({**config, **once})
        async with http:
            try:
                answer = await client.aio.models.generate_content(  # pyright: ignore[reportUnknownMemberType]
                    model=model, contents=cast("Any", contents), config=wanted
                )
            except (CallError, ConfigError):
                raise
            except Exception as error:  # the client passes on what the layers below it raise
                raise classify(error) from error
        return (answer.sdk_http_response and answer.sdk_http_response.body) or ""

    def _connected(self, sent: asyncio.Event) -> tuple[httpx2.AsyncClient, Client]:
        """Return a new connection, and the client that uses it. `sent` is set when a request leaves."""
        import httpx2
        from google.genai import Client, types

        async def leaves(request: httpx2.Request) -> None:
            sent.set()
            limits = request.extensions["timeout"]  # the client gives each step the time of the whole call
            limits["connect"] = limits["pool"] = min(wire.CONNECT_TIMEOUT, self.timeout)

        verify = wire.certificates()
        http = httpx2.AsyncClient(verify=verify, follow_redirects=False, event_hooks={"request": [leaves]})
        options = types.HttpOptions(
            base_url=self.url,
            timeout=round(self.timeout * 1000),
            retry_options=types.HttpRetryOptions(attempts=1),
            httpx_async_client=http,
            client_args={"verify": verify},  # these two are for ways of calling that are not used here; without them, the
            async_client_args={"ssl": verify},  # client would read the certificates for each of them
        )
        return http, Client(vertexai=False, api_key=self.key, http_options=options)


def key_for(name: ModelName) -> str:
    """Return the key.

    Raises:
        ConfigError: it is not set; the message names the model and the variables, and the hint says where to get a key.
    """
    found = next(filter(None, (os.environ.get(variable, "").strip() for variable in KEYS)), "")
    if not found:
        raise ConfigError(f"{name.key} needs a key in {' or '.join(KEYS)}, which is not set", hint=f"get one at {KEYS_AT}")
    return found


def _part(part: Part) -> Any:
    from google.genai import types

    if isinstance(part, str):
        return types.Part(text=part)
    data, media_type = part
    return types.Part(inline_data=types.Blob(data=data, mime_type=media_type))


def _document(body: str) -> dict[str, Any]:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise Unknown(f"the answer is not a JSON document, and may be incomplete: {short(body[:80])}") from error
    if not isinstance(document, dict):
        raise Failed(f"the answer is not a JSON object: {short(body[:80])}")
    return cast("dict[str, Any]", document)
