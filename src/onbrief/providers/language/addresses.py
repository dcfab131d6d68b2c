"""OpenAI, Anthropic and Ollama, and servers that speak like them (gateways, vLLM, LM Studio, llama.cpp): at the address in the
option `base_url` of a name, or in each service's own variable. Google: only at the address in its variable.
"""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable
from dataclasses import replace
from urllib.parse import urlsplit

import httpx2
from pydantic_ai.exceptions import ModelHTTPError
from pydantic_ai.models import Model as Client
from pydantic_ai.models import infer_model
from pydantic_ai.profiles.openai import OpenAIModelProfile

from onbrief.errors import ConfigError, OnbriefError
from onbrief.ports import ModelName
from onbrief.providers import wire
from onbrief.providers.language import outcomes
from onbrief.providers.language.capabilities import Mode
from onbrief.providers.language.model import Outcome, no_outcome
from onbrief.providers.language.services import ADDRESSED, BASE_URL

_OLDER: OpenAIModelProfile = {"openai_chat_supports_max_completion_tokens": False}
"""For servers that may take no notice of a limit in the field max_completion_tokens, so that an answer would have none."""

_OPENAI = "api.openai.com"
_NO_KEY = "none"  # what a server without keys is sent: the clients refuse to send nothing
_USUAL = {
    "anthropic": ("ANTHROPIC_BASE_URL", "https://api.anthropic.com"),
    "ollama": ("OLLAMA_BASE_URL", ""),
}
_OF_OPENAI = ("OPENAI_BASE_URL", f"https://{_OPENAI}/v1")
_PLAIN = frozenset(
    {
        *("host", "content-type", "content-length", "transfer-encoding", "accept", "accept-encoding", "connection"),
        *("user-agent", "anthropic-version", "anthropic-beta"),
    }
)
"""The headers of requests to an address that only a name has."""


def client_of(name: ModelName) -> Client:
    """Return the client of a model, at the address in its name if it has one. `openai:` is asked through Chat Completions
    there, which every compatible server has, and `openai-responses:` through Responses.

    Who may name a model need not be who may use a key. So an address in a name is sent no key and no header from the
    environment, unless names without an address mean it too: what is at OPENAI_BASE_URL is sent OPENAI_API_KEY.

    Raises:
        UsageError: the address is not allowed.
        ImportError, and any exception of the client: a package is missing, or something is not set.
    """
    given = name.options.get(BASE_URL)
    url = None if given is None else wire.base_url(f"{BASE_URL} of {name.setting}", given)
    match name.provider:
        case "anthropic":
            from pydantic_ai.models.anthropic import AnthropicModel
            from pydantic_ai.providers.anthropic import AnthropicProvider

            key, http = _access(name, url)
            return AnthropicModel(name.model, provider=AnthropicProvider(base_url=url, api_key=key, http_client=http))
        case "google":
            from pydantic_ai.models.google import GoogleModel
            from pydantic_ai.providers.google import GoogleProvider

            http = _http()
            http.timeout = wire.TIMEOUT  # each call has a shorter one; without any, the client warns
            return GoogleModel(name.model, provider=GoogleProvider(http_client=http))
        case "ollama":
            return _ollama(name, url)
        case provider if provider in ADDRESSED:
            return _openai(name, url)
        case _:
            return infer_model(name.key)


def key_of(name: ModelName) -> str:
    """Return the name under which is kept what is learned about a model: with its address, as another server may be another
    model, or the same one with other abilities.
    """
    url = name.options.get(BASE_URL)
    return f"{name.key}?{BASE_URL}={url}" if url else name.key


def first_mode(name: ModelName, client: Client) -> Mode | None:
    """Return the mode to begin with where it is not what the profile says. Servers of open models constrain the text to a
    schema; they do not force tools, or have models that take none.
    """
    ours = name.provider == "ollama" or (BASE_URL in name.options and name.provider in ("openai", "openai-chat"))
    return "native" if ours and client.profile.get("supports_json_schema_output") else None


def outcome_of(name: ModelName, client: Client) -> Outcome:
    """Return what classifies the errors of a client where it knows more than their status: a compatible server that has no
    Responses has Chat Completions, and an address in a name was sent no key.
    """
    responses = name.provider == "openai-responses" or (name.provider == "openai" and BASE_URL not in name.options)
    host = urlsplit(client.base_url or "").hostname or ""
    variable, _ = _USUAL.get(name.provider, _OF_OPENAI)

    def outcome(error: Exception) -> OnbriefError | None:
        if not isinstance(error, ModelHTTPError):
            return None
        if responses and host != _OPENAI and error.status_code in (404, 405, 501):
            hint = f"try {replace(name, provider='openai-chat')}"
        elif BASE_URL in name.options and error.status_code == 401:
            hint = f"an address in a name is sent no key; set {variable}, and the key of {name.provider}, instead"
        else:
            return None
        return ConfigError(f"{host} answers {error.status_code}: {outcomes.words(error)}", hint=hint)

    return outcome if name.provider in ADDRESSED else no_outcome


def is_free(name: ModelName, client: Client) -> bool:
    """Return whether a model runs on the user's own machines: one of Ollama, but for those that Ollama runs itself."""
    return name.provider == "ollama" and not _is_hosted(name, client.base_url or "")


def _openai(name: ModelName, url: str | None) -> Client:
    from pydantic_ai.models.openai import OpenAIChatModel, OpenAIResponsesModel
    from pydantic_ai.providers.openai import OpenAIProvider

    key, http = _access(name, url)
    provider = OpenAIProvider(base_url=url, api_key=key, http_client=http)
    if name.provider == "openai-responses" or (name.provider == "openai" and url is None):
        return OpenAIResponsesModel(name.model, provider=provider)
    newer = url is None or (provider.model_profile(name.model) or {}).get("openai_supports_reasoning")
    return OpenAIChatModel(name.model, provider=provider, profile=None if newer else _OLDER)


def _ollama(name: ModelName, url: str | None) -> Client:
    """Return a model of Ollama. What Ollama runs itself does not hold answers to a schema, though it accepts one."""
    from pydantic_ai.models.ollama import OllamaModel
    from pydantic_ai.providers.ollama import OllamaProvider

    key, http = _access(name, url)
    provider = OllamaProvider(base_url=url, api_key=key, http_client=http)
    hosted = _is_hosted(name, provider.base_url)
    return OllamaModel(name.model, provider=provider, profile={**_OLDER, "supports_json_schema_output": not hosted})


def _is_hosted(name: ModelName, url: str) -> bool:
    host = urlsplit(url).hostname or ""
    return host == "ollama.com" or host.endswith(".ollama.com") or name.model.endswith(("-cloud", ":cloud"))


def _access(name: ModelName, url: str | None) -> tuple[str | None, httpx2.AsyncClient]:
    """Return the key for an address, None for the one that the client finds, and what sends requests there."""
    variable, usual = _USUAL.get(name.provider, _OF_OPENAI)
    if url is None or url == (os.environ.get(variable, "").strip() or usual).rstrip("/"):
        return None, _http()
    return _NO_KEY, _http(_anonymous)


async def _anonymous(request: httpx2.Request) -> None:
    for name in [name for name in request.headers if name.lower() not in _PLAIN]:
        del request.headers[name]
    request.headers["authorization"] = f"Bearer {_NO_KEY}"


def _http(*hooks: Callable[[httpx2.Request], Awaitable[None]]) -> httpx2.AsyncClient:
    """Return what sends requests. A connection serves one call: the next one may run in another event loop, or would only find
    out after it was sent that the server has closed the connection.
    """
    return httpx2.AsyncClient(
        verify=wire.certificates(),
        limits=httpx2.Limits(max_connections=None, max_keepalive_connections=0),
        event_hooks={"request": [_soon, *hooks], "response": [wire.hear]},
    )


async def _soon(request: httpx2.Request) -> None:
    """Give up on a connection soon, whatever time the answer is given: before there is one, nothing was sent."""
    timeout = request.extensions["timeout"]
    timeout["connect"] = min(wire.CONNECT_TIMEOUT, timeout["connect"] or wire.CONNECT_TIMEOUT)
