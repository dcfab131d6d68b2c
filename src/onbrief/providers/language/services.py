"""The services that pydantic-ai reaches, the package and the extra that each one needs, and the names that people give to their
models. Nothing of pydantic-ai is imported here: it may be what is missing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from importlib.util import find_spec
from typing import Final

from onbrief.errors import NotInstalled, UsageError
from onbrief.ports import ListedModel, ModelName

OPTIONS: Final = ("temperature", "top_p", "top_k", "max_tokens", "timeout")
"""The options of every language model. `timeout` is in seconds, for a complete call. Sampling parameters are sent only if the
model accepts them.
"""
RATES: Final = ("usd_in", "usd_out")
"""The prices of a million tokens of prompt and of answer, in US dollars: options where no price is known, or another holds."""
BASE_URL: Final = "base_url"
"""The address of the service, an option of those in ADDRESSED."""
ADDRESSED: Final = frozenset({"openai", "openai-chat", "openai-responses", "anthropic", "ollama"})


def options_of(service: str) -> tuple[str, ...]:
    """Return the options of a service's models."""
    return (*OPTIONS, *RATES, BASE_URL) if service in ADDRESSED else (*OPTIONS, *RATES)


@dataclass(frozen=True, slots=True)
class Client:
    """A client library: its package, its module, the extra that brings both it and pydantic-ai, and the services that are
    reached through it, by pydantic-ai's names.
    """

    package: str
    module: str
    extra: str
    services: tuple[str, ...]

    @property
    def missing(self) -> list[str]:
        """The packages that are not installed, pydantic-ai among them. Imports nothing."""
        needed = {"pydantic-ai-slim": "pydantic_ai", self.package: self.module}
        return [package for package, module in needed.items() if not _is_there(module)]


_BY_OPENAI = """
openai openai-chat openai-responses openai-chatgpt openai-codex openai-decisions alibaba azure azure-responses cerebras crusoe
deepseek fireworks github github-copilot heroku litellm meta moonshotai nebius openrouter ovhcloud sambanova snowflake together
vercel vllm zai
"""
CLIENTS: Final = (
    Client("openai", "openai", "onbrief[openai]", tuple(_BY_OPENAI.split())),
    Client("anthropic", "anthropic", "onbrief[anthropic]", ("anthropic",)),
    Client("google-genai", "google.genai", "onbrief[google]", ("google", "google-cloud", "google-decisions")),
    Client("openai", "openai", "onbrief[ollama]", ("ollama",)),
    Client("cohere", "cohere", "pydantic-ai-slim[cohere]", ("cohere",)),
    Client("groq", "groq", "pydantic-ai-slim[groq]", ("groq",)),
    Client("huggingface_hub", "huggingface_hub", "pydantic-ai-slim[huggingface]", ("huggingface",)),
    Client("mistralai", "mistralai", "pydantic-ai-slim[mistral]", ("mistral",)),
    Client("httpx2", "httpx2", "pydantic-ai-slim", ("system-one",)),
    Client("typesafe-sdk", "typesafe_sdk", "pydantic-ai-slim[typesafe]", ("typesafe",)),
    Client("xai-sdk", "xai_sdk", "pydantic-ai-slim[xai]", ("xai",)),
)
SERVICES: Final = {service: client for client in CLIENTS for service in client.services}
OTHERS: Final = frozenset({"elevenlabs", "sentence-transformers", "voyageai"})
"""The services of pydantic-ai that have no language models."""

GEN_AI_NAMES: Final = {
    "azure": "azure.ai.openai",
    "azure-responses": "azure.ai.openai",
    "google-cloud": "gcp.vertex_ai",
    "google-decisions": "gcp.gemini",
    "mistral": "mistral_ai",
    "moonshotai": "moonshot_ai",
    "openai-chat": "openai",
    "openai-chatgpt": "openai",
    "openai-codex": "openai",
    "openai-decisions": "openai",
    "openai-responses": "openai",
    "xai": "x_ai",
}
"""What OpenTelemetry calls these services, where it is another word."""

_KEYS = {
    "openai": ("OpenAI", "OPENAI_API_KEY"),
    "anthropic": ("Anthropic", "ANTHROPIC_API_KEY"),
    "google": ("Gemini's API", "GOOGLE_API_KEY"),
    "ollama": ("Ollama, on your own machine", "OLLAMA_BASE_URL"),
}
KEYS_AT: Final = {
    "OPENAI_API_KEY": "https://platform.openai.com/api-keys",
    "ANTHROPIC_API_KEY": "https://console.anthropic.com/settings/keys",
    "GOOGLE_API_KEY": "https://aistudio.google.com/apikey",
    "OPENROUTER_API_KEY": "https://openrouter.ai/settings/keys",
}
"""Where to get the keys of the services that most people use."""

_ALSO_CALLED = {
    "chatgpt": "openai",
    "claude": "anthropic",
    "gemini": "google",
    "google-gla": "google",
    "google-vertex": "google-cloud",
    "gpt": "openai",
    "grok": "xai",
    "hf": "huggingface",
    "vertex": "google-cloud",
    "vertex_ai": "google-cloud",
}
_BEGINNINGS = {
    r"gpt-|chatgpt-|o\d": "openai",
    r"claude": "anthropic",
    r"gemini": "google",
    r"grok": "xai",
    r"(open-)?(mistral|ministral|mixtral|pixtral|magistral|codestral|devstral)": "mistral",
    r"command": "cohere",
    r"deepseek": "deepseek",
    r"kimi|moonshot": "moonshotai",
    r"llama|llava|bakllava|qwen|gemma|phi\d|minicpm|moondream|granite": "ollama",
}
"""How the names of models begin, and the service that their makers run; for open weights, the one on the user's machine."""


def require(name: ModelName) -> None:
    """Check that the model of this name can be reached with what is installed.

    Raises:
        UsageError: it names a service without a model.
        NotInstalled: a package is missing.
    """
    if not name.model:
        raise UsageError.of(name.setting, name.key, f"{name.key}MODEL, with the name that the model has there")
    client = SERVICES.get(name.provider)
    if client and (missing := client.missing):
        raise NotInstalled.of(f"{name.setting}: {name.key}", missing, client.extra)


def suggested(text: str) -> str:
    """Return the full name of the model that is probably meant by a name without a known service, or an empty string."""
    base, mark, options = text.partition("?")
    return found + mark + options if (found := _meant(base)) else ""


def rows() -> Iterator[ListedModel]:
    """Yield a row of `onbrief models` for each service with an extra of onbrief."""
    for service, (title, variable) in _KEYS.items():
        missing = SERVICES[service].missing
        state = f"not installed (pip install '{SERVICES[service].extra}')" if missing else "installed"
        takes = f"the name of a model after the colon, and the variable {variable}"
        takes += f", or ?{BASE_URL}=URL for another server" if service in ADDRESSED else ""
        yield ListedModel(f"{service}:", "language", f"any model of {title}, through pydantic-ai", state, None, takes)


def _meant(text: str) -> str:
    word, colon, model = text.partition(":")
    if not colon or "/" in word:
        service, slash, rest = text.partition("/")
        if slash:  # as routers write it
            own = service if service in SERVICES else _ALSO_CALLED.get(service)
            return f"{own}:{rest}" if own else f"openrouter:{text}"
    elif service := _service(word.lower()):
        return f"{service}:{model}"
    return next((f"{service}:{text}" for beginning, service in _BEGINNINGS.items() if re.match(beginning, text)), "")


def _service(word: str) -> str:
    if word in SERVICES:
        return word
    return _ALSO_CALLED.get(word) or next(iter(get_close_matches(word, SERVICES, 1, 0.8)), "")


def _is_there(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:  # not even the package that it is in
        return False
