"""Make language models from their names: `PROVIDER:MODEL?temperature=0.2&top_p=0.9&top_k=50&max_tokens=2000&timeout=120`."""

from __future__ import annotations

import re
from collections.abc import Sequence

from pydantic_ai.exceptions import UserError
from pydantic_ai.models import Model as Client
from pydantic_ai.models import infer_model
from pydantic_ai.providers import infer_provider_class

from onbrief.errors import ConfigError, UsageError
from onbrief.ports import ModelName
from onbrief.providers.language import counting
from onbrief.providers.language.counting import PictureTokens
from onbrief.providers.language.model import TIMEOUT, LanguageModel, Outcome, Within, no_outcome, within

MAX_TOKENS = 4096
"""The maximum length of an answer, unless the name sets another. Some services reserve it when they accept a call."""

_SAMPLING: dict[str, tuple[float, float, bool]] = {  # minimum, maximum, whether it is a whole number
    "temperature": (0, 2, False),
    "top_p": (0, 1, False),
    "top_k": (0, 500, True),
}
TIMEOUTS = (0.1, 3600.0)
"""The allowed values of the option `timeout`, in seconds."""

OPTIONS = (*_SAMPLING, "max_tokens", "timeout")
"""The options of every language model. `timeout` is in seconds, for a complete call. Sampling parameters are sent only if the
model accepts them.
"""

_INSTALL = re.compile(r'pip install "[^"]+"')


def language_model(
    name: ModelName,
    client: Client,
    options: Sequence[str] = OPTIONS,
    outcome: Outcome = no_outcome,
    within: Within = within,
    picture_tokens: PictureTokens = counting.picture_tokens,
) -> LanguageModel:
    """Return the model of this name, called through a client. `options` are those that the name may have; see LanguageModel for
    `outcome`, `within` and `picture_tokens`.

    Raises:
        UsageError: an option is unknown, or its value is not allowed.
    """
    name.require_options(options)
    sampling = {
        option: name.number(option, low, high, low, whole=whole)
        for option, (low, high, whole) in _SAMPLING.items()
        if option in name.options
    }
    max_tokens = int(name.number("max_tokens", 1, 128_000, MAX_TOKENS, whole=True))
    timeout = name.number("timeout", *TIMEOUTS, TIMEOUT)
    return LanguageModel(str(name), name.key, client, max_tokens, sampling, timeout, outcome, within, picture_tokens)


def inferred(name: ModelName) -> LanguageModel:
    """Return the model that pydantic-ai infers from this name.

    Raises:
        UsageError: there is no such provider or option, or a package is not installed.
        ConfigError: the provider's credentials are not set.
    """
    name.require_options(OPTIONS)
    try:
        infer_provider_class(name.provider)
        return language_model(name, infer_model(name.key))
    except UsageError:
        raise
    except ValueError:
        raise UsageError.of(name.setting, name.key, "PROVIDER:MODEL with a provider that pydantic-ai knows") from None
    except ImportError as error:
        found = _INSTALL.search(str(error))
        hint = found[0] if found else f'pip install "pydantic-ai-slim[{name.provider}]"'
        raise UsageError(f"{name.setting}: {name.key} needs a package that is not installed", hint=hint) from error
    except UserError as error:
        raise ConfigError(f"{name.setting}: {error}") from error


def known(provider: str) -> bool:
    """Return whether pydantic-ai has a provider of this name, whether its package is installed or not."""
    try:
        infer_provider_class(provider)
    except ImportError:
        return True
    except ValueError:
        return False
    return True
