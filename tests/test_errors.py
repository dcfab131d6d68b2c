from __future__ import annotations

import re
from typing import get_args

import pytest

from onbrief import errors
from onbrief.cli.run import EXIT_CODES
from onbrief.errors import OnbriefError, Outcome, Refused, UsageError

OUTCOMES = {
    "OnbriefError": "failed",
    "UsageError": "failed",
    "ConfigError": "failed",
    "NotInstalled": "failed",
    "CallError": "failed",
    "Refused": "failed",
    "Failed": "failed",
    "Unreadable": "failed",
    "Unknown": "unknown",
    "Blocked": "blocked",
    "PictureError": "failed",
    "StoreError": "failed",
    "KeyTaken": "failed",
    "LedgerError": "failed",
    "LedgerBusy": "failed",
    "LeaseLost": "failed",
    "Unlisted": "failed",
    "OtherRequest": "failed",
    "OutputError": "failed",
    "OverBudget": "over_budget",
    "Cancelled": "cancelled",
}
RETRYABLE = {"Refused", "Failed", "Unreadable", "StoreError", "LedgerError", "LedgerBusy", "OutputError"}


def tree() -> list[type[OnbriefError]]:
    classes = [value for value in vars(errors).values() if isinstance(value, type) and issubclass(value, OnbriefError)]
    return sorted(set(classes), key=lambda class_: class_.__name__)


def test_the_module_docstring_shows_the_tree_as_it_is() -> None:
    shown: dict[str, str] = {}
    above = ["OnbriefError"]
    for line in (errors.__doc__ or "").splitlines():
        if branch := re.match(r"    ([│ ]*)[├└]── (\w+) ", line):
            depth = 1 + len(branch[1]) // 4
            above[depth:] = [branch[2]]
            shown[branch[2]] = above[depth - 1]
    really = {c.__name__: c.__mro__[1].__name__ for c in tree() if c is not OnbriefError}
    assert shown == really


def test_every_error_says_with_which_outcome_a_run_ends() -> None:
    assert {class_.__name__: class_.outcome for class_ in tree()} == OUTCOMES


def test_every_error_says_whether_the_same_may_be_tried_again() -> None:
    assert {class_.__name__ for class_ in tree() if class_.retryable} == RETRYABLE


@pytest.mark.parametrize("class_", tree(), ids=lambda class_: class_.__name__)
def test_every_error_carries_a_message_and_a_hint(class_: type[OnbriefError]) -> None:
    assert (str(class_("why")), class_("why").hint) == ("why", "")
    assert class_("why", hint="do this").hint == "do this"
    assert class_.__doc__


def test_every_outcome_has_its_own_exit_code() -> None:
    assert set(EXIT_CODES) == set(get_args(Outcome))
    assert sorted(EXIT_CODES.values()) == [0, 1, 3, 4, 5, 6, 130]


def test_a_wrong_input_is_a_value_error_too() -> None:
    assert str(UsageError.of("size", "9", "two numbers")) == "size: '9' is not allowed; expected two numbers"
    assert issubclass(UsageError, ValueError)


def test_a_refusal_says_how_long_to_wait_if_the_provider_did() -> None:
    assert (Refused("busy").retry_after, Refused("busy", retry_after=2.5).retry_after) == (None, 2.5)
