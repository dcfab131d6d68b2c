"""OpenAI, Anthropic and Ollama, and servers that speak like them (gateways, vLLM, LM Studio, llama.cpp): at the address in the
option `base_url` of a name, or in each service's own variable. Google: only at the address in its variable.
"""

from __future__ import annotations

import os
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


def client_of(name: ModelName) -> Client:
    """Return the client of a model, at the address in its name if it has one. `openai:` is asked through Chat Completions
    there, which every compatible server has, and `openai-responses:` through Responses. Such a server may need no key.

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

            key = _key("ANTHROPIC_API_KEY", url)
            return AnthropicModel(name.model, provider=AnthropicProvider(base_url=url, api_key=key, http_client=_http()))
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
    Responses has Chat Completions.
    """

    def outcome(error: Exception) -> OnbriefError | None:
        host = urlsplit(client.base_url or "").hostname or ""
        if host == _OPENAI or not isinstance(error, ModelHTTPError) or error.status_code not in (404, 405, 501):
            return None
        chat = str(replace(name, provider="openai-chat"))
        return ConfigError(f"{host} answers {error.status_code}: {outcomes.words(error)}", hint=f"try {chat}")

    responses = name.provider == "openai-responses" or (name.provider == "openai" and BASE_URL not in name.options)
    return outcome if responses else no_outcome


def is_free(name: ModelName, client: Client) -> bool:
    """Return whether a model runs on the user's own machines: one of Ollama, but for those that Ollama runs itself."""
    return name.provider == "ollama" and not _is_hosted(name, client.base_url or "")


def _openai(name: ModelName, url: str | None) -> Client:
    from pydantic_ai.models.openai import OpenAIChatModel, OpenAIResponsesModel
    from pydantic_ai.providers.openai import OpenAIProvider

    provider = OpenAIProvider(base_url=url, api_key=_key("OPENAI_API_KEY", url), http_client=_http())
    if name.provider == "openai-responses" or (name.provider == "openai" and url is None):
        return OpenAIResponsesModel(name.model, provider=provider)
    newer = url is None or (provider.model_profile(name.model) or {}).get("openai_supports_reasoning")
    return OpenAIChatModel(name.model, provider=provider, profile=None if newer else _OLDER)


def _ollama(name: ModelName, url: str | None) -> Client:
    """Return a model of Ollama. What Ollama runs itself does not hold answers to a schema, though it accepts one."""
    from pydantic_ai.models.ollama import OllamaModel
    from pydantic_ai.providers.ollama import OllamaProvider

    provider = OllamaProvider(base_url=url, http_client=_http())
    hosted = _is_hosted(name, provider.base_url)
    return OllamaModel(name.model, provider=provider, profile={**_OLDER, "supports_json_schema_output": not hosted})


def _is_hosted(name: ModelName, url: str) -> bool:
    host = urlsplit(url).hostname or ""
    return host == "ollama.com" or host.endswith(".ollama.com") or name.model.endswith(("-cloud", ":cloud"))


def _key(variable: str, url: str | None) -> str | None:
    """Return the key of a service; None leaves its absence to the client."""
    return os.environ.get(variable, "").strip() or (_NO_KEY if url else None)


def _http() -> httpx2.AsyncClient:
    """Return what sends requests. A connection serves one call: the next one may run in another event loop, or would only find
    out after it was sent that the server has closed the connection.
    """
    return httpx2.AsyncClient(
        verify=wire.certificates(),
        limits=httpx2.Limits(max_connections=None, max_keepalive_connections=0),
        event_hooks={"request": [_soon]},
    )


async def _soon(request: httpx2.Request) -> None:
    """Give up on a connection soon, whatever time the answer is given: before there is one, nothing was sent."""
    timeout = request.extensions["timeout"]
    timeout["connect"] = min(wire.CONNECT_TIMEOUT, timeout["connect"] or wire.CONNECT_TIMEOUT)
