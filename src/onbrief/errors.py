"""Every error that onbrief raises, as one tree.

    OnbriefError
    ├── UsageError            a wrong input: names the field, the value and what is allowed; nothing was spent
    ├── ConfigError           access, credentials, an ended model: stop and change something
    ├── CallError             what became of one paid call that did not succeed
    │   ├── Refused           not accepted, nothing spent: may be sent again
    │   ├── Failed            the provider tried and failed
    │   │   └── Unreadable    it answered, and nothing can be made of the answer
    │   ├── Unknown           sent, and no whole answer came: it may have been paid for
    │   └── Blocked           the provider refuses the content
    ├── PictureError          bytes that are no usable picture
    ├── StoreError            the store could not be read or written
    │   └── KeyTaken          other bytes are stored under this key already
    ├── LedgerError           the ledger could not be read or written
    │   ├── LedgerBusy        another live process works on this run
    │   ├── LeaseLost         another process has taken this run over
    │   ├── Unlisted          these credentials may not list what lies in the bucket
    │   └── OtherRequest      the run id belongs to another brief or other models
    ├── OverBudget            the next call's price does not fit under the money limit
    └── Cancelled             the user asked the run to stop

Each class says with which outcome a run ends when the error stops it (`outcome`), and whether the same thing may
simply be tried again (`retryable`).
"""

from __future__ import annotations

from typing import ClassVar, Literal

Outcome = Literal["passed", "failed", "unmet", "over_budget", "blocked", "unknown", "cancelled"]


class OnbriefError(Exception):
    """The root of the tree. `hint` says what the reader can do about it; it may be empty."""

    outcome: ClassVar[Outcome] = "failed"
    retryable: ClassVar[bool] = False

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message.encode("utf-8", "replace").decode())  # providers' words must not break what writes them down
        self.hint = hint


class UsageError(OnbriefError, ValueError):
    """An input that cannot be used. Raised before anything is spent or written."""

    @classmethod
    def of(cls, field: str, value: object, allowed: str) -> UsageError:
        """The one form of the message: which field, which value, what is allowed."""
        shown = repr(value)
        if len(shown) > 80:
            shown = f"{shown[:60]}… ({len(shown)} characters)"
        return cls(f"{field}: {shown} is not allowed; expected {allowed}")


class ConfigError(OnbriefError):
    """Something outside the run must be changed first: access, credentials, a model that has ended."""


class CallError(OnbriefError):
    """What became of a paid call that brought no result."""


class Refused(CallError):
    """The provider did not accept the call; nothing was spent. `retry_after` is in seconds, if it said so."""

    retryable = True

    def __init__(self, message: str, *, hint: str = "", retry_after: float | None = None) -> None:
        super().__init__(message, hint=hint)
        self.retry_after = retry_after


class Failed(CallError):
    """The provider accepted the call and answered that it failed."""

    retryable = True


class Unreadable(Failed):
    """The provider answered, but the answer is cut short or not as it was asked for."""


class Unknown(CallError):
    """The call was sent and no whole answer came back, so it may have been paid for."""

    outcome = "unknown"


class Blocked(CallError):
    """The provider refuses the content; the message holds its words."""

    outcome = "blocked"


class PictureError(OnbriefError):
    """Bytes that are no usable picture: not a picture, cut short, of a format or size that is not allowed."""


class StoreError(OnbriefError):
    """The store could not be read or written."""

    retryable = True


class KeyTaken(StoreError):
    """Other bytes are stored under this key already; they stay."""

    retryable = False


class LedgerError(OnbriefError):
    """The ledger could not be read or written."""

    retryable = True


class LedgerBusy(LedgerError):
    """Another live process holds the lease of this run."""


class LeaseLost(LedgerError):
    """This process stalled past its lease and another one has taken the run over."""

    retryable = False


class Unlisted(LedgerError):
    """These credentials may not list what lies in the bucket, so nobody can say which runs there are."""

    retryable = False


class OtherRequest(LedgerError, ValueError):
    """The run id is taken by a run of another brief, seed or other models."""

    retryable = False


class OverBudget(OnbriefError):
    """The price of the next call does not fit under what is left of the money limit."""

    outcome = "over_budget"


class Cancelled(OnbriefError):
    """The user asked the run to stop; every call that was under way has been written down."""

    outcome = "cancelled"
