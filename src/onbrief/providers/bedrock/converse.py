"""Language models by name: `PROVIDER:MODEL?option=value&option=value`."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping

from pydantic_ai.exceptions import UserError
from pydantic_ai.models import Model as Client
from pydantic_ai.models import infer_model
from pydantic_ai.providers import infer_provider_class

from onbrief.errors import ConfigError, UsageError
from onbrief.providers.bedrock import client as aws
from onbrief.providers.language.model import LanguageModel
from onbrief.regions import check_region

CLAUDE = "global.anthropic.claude-sonnet-5"
"""What `bedrock:` without a model stands for."""
MAX_TOKENS = 4096
"""Of an answer, unless the name says otherwise. Bedrock reserves them when it accepts a call."""

_OPTIONS: dict[str, tuple[Callable[[str], float], float, float, str]] = {
    "temperature": (float, 0, 2, "a number from 0 to 2"),
    "top_p": (float, 0, 1, "a number from 0 to 1"),
    "top_k": (int, 0, 500, "a whole number from 0 to 500"),
    "max_tokens": (int, 1, 128_000, "a whole number from 1 to 128000"),
}
_INSTALL = re.compile(r'pip install "[^"]+"')


def language_model(
    field: str, provider: str, model: str, options: Mapping[str, str], region: str | None = None
) -> LanguageModel:
    """The model of this name: `bedrock:` with any id, inference profile or ARN that Converse takes, or whatever pydantic-ai
    knows as PROVIDER:MODEL.

    `?temperature=0.2&top_p=0.9&top_k=50` are passed where the model takes them. `max_tokens` is the most that an answer may
    have; `region` (of AWS) is the one given beside the name by default, or else that of the environment.

    Raises:
        UsageError: no such provider or option, or a package that is not installed.
        ConfigError: no region or credentials to begin with.
    """
    numbers = {name: _number(f"{field}: {name}", name, options[name]) for name in _OPTIONS if name in options}
    ours = (*_OPTIONS, "region") if provider == "bedrock" else tuple(_OPTIONS)
    if unknown := set(options) - set(ours):
        raise UsageError.of(field, " ".join(sorted(unknown)), f"the options {' '.join(ours)} for {provider}:")
    model = model or (CLAUDE if provider == "bedrock" else "")
    key = f"{provider}:{model}"
    query = "&".join(f"{name}={value}" for name, value in options.items())
    client = _bedrock(field, model, options.get("region", region)) if provider == "bedrock" else _other(field, provider, key)
    most = int(numbers.pop("max_tokens", MAX_TOKENS))
    return LanguageModel(key + (f"?{query}" if query else ""), key, client, most, numbers)


def _bedrock(field: str, model: str, region: str | None) -> Client:
    if region is not None:
        check_region(f"{field}: region", region)
    aws.require()
    from pydantic_ai.models.bedrock import BedrockConverseModel
    from pydantic_ai.providers.bedrock import BedrockProvider

    made = aws.client("bedrock-runtime", region or os.environ.get("AWS_REGION"))  # boto3 knows only AWS_DEFAULT_REGION
    return BedrockConverseModel(model, provider=BedrockProvider(bedrock_client=made))


def _other(field: str, provider: str, key: str) -> Client:
    try:
        infer_provider_class(provider)
        return infer_model(key)
    except ValueError:
        allowed = "PROVIDER:MODEL with one of the providers bedrock sandbox, or of pydantic-ai's"
        raise UsageError.of(field, key, allowed) from None
    except ImportError as error:
        told = _INSTALL.search(str(error))
        hint = told[0] if told else f'pip install "pydantic-ai-slim[{provider}]"'
        raise UsageError(f"{field}: {key} needs a package that is not installed", hint=hint) from error
    except UserError as error:
        raise ConfigError(f"{field}: {error}") from error


def _number(field: str, name: str, text: str) -> float:
    make, low, high, allowed = _OPTIONS[name]
    try:
        value = make(text)
    except ValueError:
        raise UsageError.of(field, text, allowed) from None
    if not low <= value <= high:
        raise UsageError.of(field, text, allowed)
    return value
