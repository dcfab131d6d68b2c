"""Secrets out of text. Everything that a provider or a library says passes through here before it is stored or shown.

The gates are the constructor of OnbriefError, `Check`, the warnings of a run, and the lines of the command line. A setting that
would be redacted is refused instead, because the ledger keeps settings and a run must be able to resume with them.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from typing import Final
from urllib.parse import quote

REDACTED: Final = "[redacted]"

_SHORTEST = 8  # characters of a variable's value; a shorter one may be a part of any word
_VARIABLE = re.compile(
    r"(SECRET|TOKEN|PASSWORD|PASSWD|PASSPHRASE|API_?KEY|(^[A-Z]{2,4}|SECRET|PRIVATE|ACCESS|ACCOUNT|ENCRYPTION)_KEY|BEARER_TOKEN_\w+)$",
    re.IGNORECASE,
)

_HEADERS = (
    r"(?:proxy-)?authorization|x-amz-security-token|x-amz-signature|(?:x-|x-goog-)?api-key|x-key|(?:set-)?cookie|x-auth-token"
)
_FIELDS = (
    r"passw(?:or)?d|passphrase|sig|signature|credential|aws_?secret_?access_?key|secret(?:_?access)?_?key|client_?secret|api_?key"
    r"|x-amz-credential|(?:aws_?)?session_?token|security_?token|access_?token|refresh_?token|id_?token|auth_?token|account_?key"
)
_SHAPES = (
    r"\bsk-[\w-]*\w{20,}"  # Anthropic and others
    r"|\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"
    r"|\b(?:IQoJ|FwoG|FQoG)[\w+/=%-]{40,}"  # session tokens of AWS
    r"|\bABSK[\w+/=]{40,}|\b[a-z]+-api-key-[\w+/=-]{20,}"
    r"|\bAIza[\w-]{35}|\bya29\.[\w-]{20,}"  # Gemini and its cloud
    r"|\br8_\w{30,}|\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}:[0-9a-f]{32}\b"  # of image services
    r"|\bgh[pousr]_\w{30,}|\bhf_\w{30,}|\bgsk_\w{30,}|\bxai-\w{30,}|\bxox[baprs]-[\w-]{10,}"
    r"|\beyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]*"  # JSON Web Tokens
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)"
)
_PATTERNS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"""\b([a-z][a-z0-9+.-]*://)[^\s/?#"'<>]*@""", re.IGNORECASE), rf"\1{REDACTED}@"),
    (re.compile(r"\b(Bearer|Basic)\s+[\w.~+/=%-]{8,}", re.IGNORECASE), rf"\1 {REDACTED}"),
    (
        re.compile(
            rf"""\b({_HEADERS})(["'\\]*\s*[:=]\s*["'\\]*)(?!Bearer |Basic )(?:Token |Key )?[^\s"',;<>\\]+""", re.IGNORECASE
        ),
        rf"\1\2{REDACTED}",
    ),
    (re.compile(rf"""\b({_FIELDS})(["'\\]*\s*[:=]\s*["'\\]*)[^\s"',;&<>\\]{{8,}}""", re.IGNORECASE), rf"\1\2{REDACTED}"),
    (re.compile(_SHAPES, re.DOTALL), REDACTED),
)


def redacted(text: str) -> str:
    """Return the text without credentials in URLs, values of the environment's secrets, and whatever looks like a token."""
    for secret in _of_environment():
        text = text.replace(secret, REDACTED)
    for pattern, replacement in _PATTERNS:
        text = pattern.sub(replacement, text)
    return text


def _of_environment() -> Iterator[str]:
    """Yield the values of the variables that hold secrets, as they are and as they appear in a URL."""
    for name in filter(_VARIABLE.search, os.environ):  # a value is decoded each time that it is asked for
        value = os.environ.get(name, "")
        if len(value) >= _SHORTEST:
            yield value
            if (quoted := quote(value, safe="")) != value:
                yield quoted


def plain(text: str) -> str:
    """Return text from users, models or providers as one line without secrets, and without control characters, which could
    control a terminal.
    """
    return "".join(character if character.isprintable() else " " for character in redacted(text))
