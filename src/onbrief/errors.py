"""Every error that onbrief raises, as one tree.

    OnbriefError
    ├── UsageError            invalid input: names the field, the value and what is allowed; nothing was spent
    ├── ConfigError           access, credentials or a retired model: something must be changed first
    │   └── NotInstalled      a package is missing; nothing was spent or written
    ├── CallError             a paid call that brought no result
    │   ├── Refused           not accepted, nothing spent: may be sent again
    │   ├── Failed            the provider tried and failed
    │   │   └── Unreadable    the answer cannot be used
    │   ├── Unknown           sent, but no complete answer: it may have been charged
    │   └── Blocked           the provider refuses the content
    ├── PictureError          bytes that are not a usable picture
    ├── StoreError            the store could not be read or written
    │   └── KeyTaken          other bytes are already stored under this key
    ├── LedgerError           the ledger could not be read or written
    │   ├── LedgerBusy        another live process owns this run
    │   ├── LeaseLost         another process has taken over this run
    │   ├── Unlisted          these credentials may not list the bucket
    │   └── OtherRequest      the run id belongs to another brief or other models
    ├── OutputError           a result could not be written where it was asked for
    ├── OverBudget            the price of the next call exceeds what is left of the money limit
    └── Cancelled             the user asked the run to stop

`outcome` of a class is the outcome of a run that the error stops. `retryable` says whether the same operation may be tried
again without changing anything.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal

from onbrief.redaction import redacted
from onbrief.tokens import NO_TOKENS, Tokens

Outcome = Literal["passed", "failed", "unmet", "over_budget", "blocked", "unknown", "cancelled"]


class OnbriefError(Exception):
    """The base class of all errors. `hint` says what the reader can do about it; it may be empty. Secrets in either are
    redacted, because a message may quote a provider, and is stored and shown.
    """

    outcome: ClassVar[Outcome] = "failed"
    retryable: ClassVar[bool] = False

    def __init__(self, message: str, *, hint: str = "") -> None:
        # Lone surrogates in a message would break every file that it is written to.
        super().__init__(redacted(message).encode("utf-8", "replace").decode())
        self.hint = redacted(hint)

    @property
    def explained(self) -> str:
        """The message, with the hint in parentheses if there is one."""
        return f"{self} ({self.hint})" if self.hint else str(self)


class UsageError(OnbriefError, ValueError):
    """An input that is not allowed. Raised before anything is spent or written."""

    @classmethod
    def of(cls, field: str, value: object, allowed: str, *, hint: str = "") -> UsageError:
        """Return an error with the message in its standard form: the field, the value and what is allowed."""
        shown = redacted(repr(value))  # before it is cut: half a secret is not recognised
        if len(shown) > 80:
            shown = f"{shown[:60]}… ({len(shown)} characters)"
        return cls(f"{field}: {shown} is not allowed; expected {allowed}", hint=hint)


class ConfigError(OnbriefError):
    """Something outside the run must be changed first: access, credentials, a model that has been retired."""


class NotInstalled(ConfigError):
    """A package that is needed is not installed; the hint says how to install it. Nothing was spent or written."""

    @classmethod
    def of(cls, what: str, packages: Sequence[str], extra: str) -> NotInstalled:
        """Return an error with the message in its standard form: what needs which packages, and the extra that brings them."""
        brought = f", which {extra} installs" if extra else ""
        return cls(f"{what}: not installed: {', '.join(packages)}{brought}", hint=f"pip install '{extra}'" if extra else "")


class CallError(OnbriefError):
    """A paid call brought no result; the subclass says why, and so whether it was charged.

    `usd` and `tokens` are what its answer says that it cost in US dollars and used. If `usd` is None, nothing is known, and the
    price of the call counts.
    """

    def __init__(self, message: str, *, hint: str = "", usd: float | None = None, tokens: Tokens = NO_TOKENS) -> None:
        super().__init__(message, hint=hint)
        self.usd = usd
        self.tokens = tokens


class Refused(CallError):
    """The provider did not accept the call; nothing was spent. `retry_after` is the wait that it asks for, in seconds.
    `limited`: because of a limit of calls or tokens in a short time.
    """

    retryable = True

    def __init__(self, message: str, *, hint: str = "", retry_after: float | None = None, limited: bool = False) -> None:
        super().__init__(message, hint=hint)
        self.retry_after = retry_after
        self.limited = limited


class Failed(CallError):
    """The provider accepted the call and answered that it failed."""

    retryable = True


class Unreadable(Failed):
    """The provider answered, but the answer is truncated or not in the requested form.

    `correction` tells the model what was wrong with it, in words of onbrief alone; it may be empty.
    """

    def __init__(
        self, message: str, *, hint: str = "", usd: float | None = None, tokens: Tokens = NO_TOKENS, correction: str = ""
    ) -> None:
        super().__init__(message, hint=hint, usd=usd, tokens=tokens)
        self.correction = correction


class Unknown(CallError):
    """The call was sent and no complete answer was received, so it may have been charged."""

    outcome = "unknown"


class Blocked(CallError):
    """The provider refuses the content; the message quotes its reason."""

    outcome = "blocked"


class PictureError(OnbriefError):
    """Bytes that are not a usable picture: not a picture at all, truncated, or of a format or size that is not allowed."""


class StoreError(OnbriefError):
    """The store could not be read or written."""

    retryable = True


class KeyTaken(StoreError):
    """Other bytes are already stored under this key; they stay."""

    retryable = False


class LedgerError(OnbriefError):
    """The ledger could not be read or written."""

    retryable = True


class LedgerBusy(LedgerError):
    """Another live process holds the lease of this run."""


class LeaseLost(LedgerError):
    """This process did not renew its lease in time, and another process has taken over the run."""

    retryable = False


class Unlisted(LedgerError):
    """These credentials may not list the bucket, so its runs cannot be found."""

    retryable = False


class OtherRequest(LedgerError, ValueError):
    """The run id belongs to a run with another brief, another seed or other models."""

    retryable = False


class OutputError(OnbriefError):
    """A result could not be written where it was asked for. It is recorded: asking again pays for nothing."""

    retryable = True


class OverBudget(OnbriefError):
    """The price of the next call exceeds what is left of the money limit."""

    outcome = "over_budget"


class Cancelled(OnbriefError):
    """The user asked the run to stop; every call that was in progress has been recorded."""

    outcome = "cancelled"
