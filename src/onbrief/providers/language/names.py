"""Make language models from their names: `PROVIDER:MODEL?temperature=0.2&top_p=0.9&top_k=50&max_tokens=2000&timeout=120`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from pydantic_ai.models import Model as Client
from pydantic_ai.models import known_model_names
from pydantic_ai.providers import infer_provider_class

from onbrief.errors import ConfigError, NotInstalled, UsageError
from onbrief.ports import ModelName
from onbrief.providers.language import addresses, counting
from onbrief.providers.language.counting import PictureTokens
from onbrief.providers.language.model import TIMEOUT, LanguageModel, Outcome, Within, no_outcome, thinks, within
from onbrief.providers.language.services import KEYS_AT, OPTIONS, RATES, options_of

MAX_TOKENS = 4096
"""The maximum length of an answer, unless the name sets another. Some services reserve it when they accept a call."""

_SAMPLING: dict[str, tuple[float, float, bool]] = {  # minimum, maximum, whether it is a whole number
    "temperature": (0, 2, False),
    "top_p": (0, 1, False),
    "top_k": (0, 500, True),
}
THOUGHT = 8192
"""What is added to it by default for models that think: their thoughts count as part of the answer."""
MAX_RATE = 10_000.0
"""The highest price of a million tokens that can be set, in US dollars."""

TIMEOUTS = (0.1, 3600.0)
"""The allowed values of the option `timeout`, in seconds."""

_VARIABLE = re.compile(r"`([A-Z][A-Z0-9_]+)`")


def language_model(
    name: ModelName,
    client: Client,
    options: Sequence[str] = OPTIONS,
    outcome: Outcome = no_outcome,
    within: Within = within,
    picture_tokens: PictureTokens = counting.picture_tokens,
    most: int = MAX_TOKENS,
) -> LanguageModel:
    """Return the model of this name, called through a client. `options` are those that the name may have; see LanguageModel for
    `outcome`, `within` and `picture_tokens`. `most` is the maximum length of an answer, unless the name sets another.

    Raises:
        UsageError: an option is unknown, or its value is not allowed.
    """
    name.require_options(options)
    sampling = {
        option: name.number(option, low, high, low, whole=whole)
        for option, (low, high, whole) in _SAMPLING.items()
        if option in name.options
    }
    max_tokens = int(name.number("max_tokens", 1, 128_000, most, whole=True))
    timeout = name.number("timeout", *TIMEOUTS, TIMEOUT)
    return LanguageModel(str(name), name.key, client, max_tokens, sampling, timeout, outcome, within, picture_tokens)


def inferred(name: ModelName) -> LanguageModel:
    """Return the model that pydantic-ai infers from this name, at the address that the name or the environment has.

    Raises:
        UsageError: there is no such service or option.
        NotInstalled: a package is missing.
        ConfigError: a key or an address of the service is not set.
    """
    options = options_of(name.provider)
    name.require_options(options)
    if not known(name.provider):
        raise UsageError.of(name.setting, name.key, "PROVIDER:MODEL with a provider that pydantic-ai knows")
    try:
        client = addresses.client_of(name)
    except UsageError:
        raise
    except ImportError as error:  # of a service that is newer than services.py, or of a package that is too old
        module = getattr(error.__cause__, "name", None) or error.name or f"a package for {name.provider}"
        package = str(module).partition(".")[0]
        raise NotInstalled.of(f"{name.setting}: {name.key}", [package], f"pydantic-ai-slim[{name.provider}]") from error
    except Exception as error:  # each service has its own client, which raises what it likes where something is not set up
        raise _unset(name, str(error).partition("\n")[0]) from error
    tokens = counting.mini_tokens if "gpt-4o-mini" in name.model else counting.picture_tokens
    most = MAX_TOKENS + (THOUGHT if thinks(client) else 0)
    model = language_model(name, client, options, addresses.outcome_of(name, client), within, tokens, most)
    return replace(model, key=addresses.key_of(name), rates=_rates(name, client), mode=addresses.first_mode(name, client))


def _rates(name: ModelName, client: Client) -> tuple[float, float] | None:
    """Return the prices of tokens that the name has, or those that need no table: a model on the user's machine is free."""
    given = [option for option in RATES if option in name.options]
    if len(given) == 1:
        (missing,) = set(RATES) - set(given)
        raise UsageError.of(name.setting, str(name), f"both usd_in and usd_out, and {missing} is missing")
    if given:
        usd_in, usd_out = (name.number(option, 0, MAX_RATE, 0) for option in RATES)
        return usd_in, usd_out
    return (0.0, 0.0) if addresses.is_free(name, client) else None


def _unset(name: ModelName, words: str) -> ConfigError:
    """Return the error about what a client misses before it is asked anything. A message that names variables is reduced to
    them: the rest is for those who program with it.
    """
    variables = list(dict.fromkeys(_VARIABLE.findall(words)))
    if not variables:
        return ConfigError(f"{name.setting}: {name.key} cannot be used: {words}")
    value = "http://localhost:11434/v1" if name.provider == "ollama" else "…"
    place = KEYS_AT.get(variables[0])
    return ConfigError(
        f"{name.setting}: {name.key} needs the environment variable {' or '.join(variables)}, which is not set",
        hint=f"export {variables[0]}={value}" + (f", which you get at {place}" if place else ""),
    )


def known_model(model: str) -> str:
    """Return the full name of a model that pydantic-ai lists under this name, or an empty string."""
    return next((name for name in known_model_names() if name.partition(":")[2] == model and "/" not in name), "")


def known(provider: str) -> bool:
    """Return whether pydantic-ai has a provider of this name, whether its package is installed or not."""
    try:
        infer_provider_class(provider)
    except ImportError:
        return True
    except ValueError:
        return False
    return True
