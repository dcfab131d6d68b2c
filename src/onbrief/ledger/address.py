"""The URL of a ledger in a database server."""

from __future__ import annotations

from typing import Final
from urllib.parse import parse_qsl, urlsplit

from onbrief.errors import UsageError

SCHEMES: Final = ("postgresql", "postgres")
FORM: Final = "postgresql://host:port/database, with the user before the host as user@"
_SECRET: Final = ("password", "sslpassword", "oauth_client_secret")
_ELSEWHERE: Final = "set PGPASSWORD, or keep it in ~/.pgpass or in the service that PGSERVICE names"


def check_address(url: str) -> None:
    """Check that a text can be the URL of a ledger, without connecting to it.

    Raises:
        UsageError: it cannot, or it has a password in it: settings are written down.
    """
    try:
        parts = urlsplit(url)
        _ = parts.port  # it is read here
        password, options = parts.password, [name for name, _ in parse_qsl(parts.query, keep_blank_values=True)]
    except ValueError as error:
        raise UsageError.of("ledger", url, f"{FORM} ({error})") from error
    if password or any(name in _SECRET for name in options):  # the value is not shown
        raise UsageError("ledger: a password in the URL is not allowed, as settings are written down", hint=_ELSEWHERE)
    if parts.scheme not in SCHEMES or not url.isprintable() or " " in url or parts.fragment:
        raise UsageError.of("ledger", url, FORM)
