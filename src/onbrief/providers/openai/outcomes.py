"""Map the official client's exceptions to the outcome of a paid call. The table in providers/http.py decides for error
responses; this module adds hints for those of OpenAI.
"""

from __future__ import annotations

import re

from onbrief.errors import CallError, ConfigError, Unknown
from onbrief.providers import wire
from onbrief.providers.http import short
from onbrief.providers.wire import Reply

_HINTS: tuple[tuple[re.Pattern[str], str], ...] = (
    (
        re.compile(r"api[ _]key|bearer auth", re.IGNORECASE),
        "check OPENAI_API_KEY; keys are at https://platform.openai.com/api-keys",
    ),
    (re.compile(r"insufficient_quota|billing", re.IGNORECASE), "check the plan and the billing of the account"),
    (
        re.compile(r"verif", re.IGNORECASE),
        "verify the organization at https://platform.openai.com/settings/organization/general",
    ),
    (re.compile(r"model", re.IGNORECASE), "check the name of the model; `onbrief models` lists OpenAI's"),
)


def classify(error: Exception, host: str) -> CallError | ConfigError:
    """Return the outcome of the call to this host that raised an exception of the official client, or of httpx2 below it."""
    import openai

    match error:
        case openai.APIStatusError():
            return _answered(error)
        case openai.APIConnectionError() if isinstance(error.__cause__, Exception):
            return wire.lost(error.__cause__, host)
        case openai.APIConnectionError() | openai.APIResponseValidationError():
            return Unknown(f"no complete answer: {short(str(error))}")
        case openai.OpenAIError():  # raised before anything is sent
            return ConfigError(short(str(error)))
        case UnicodeError():  # of a header, which a request cannot have
            return ConfigError("the key has characters that no key has", hint="copy it again")
        case _:
            return wire.lost(error, host)


def _answered(error: object) -> CallError | ConfigError:
    """Return the outcome of an error response."""
    import openai

    assert isinstance(error, openai.APIStatusError)
    response = error.response
    headers = {name.lower(): value for name, value in response.headers.items()}
    outcome = wire.outcome(Reply(response.status_code, response.content, headers))
    if not isinstance(outcome, ConfigError) or outcome.hint:
        return outcome
    words = str(outcome)
    hint = next((hint for pattern, hint in _HINTS if pattern.search(words)), "")
    return ConfigError(words, hint=hint)
