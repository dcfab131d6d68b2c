"""Wrong command lines, as one line that says what is wrong and a hint that says what to do."""

from __future__ import annotations

import difflib
import re
import shlex
from collections.abc import Sequence
from itertools import takewhile
from typing import Any, Literal, get_args, get_origin

from cyclopts.exceptions import (
    CoercionError,
    CycloptsError,
    MissingArgumentError,
    UnknownCommandError,
    UnusedCliTokensError,
)

from onbrief.errors import UsageError

FLAG = re.compile(r"--?[^\W\d][\w-]*(?:=.*)?")
"""What looks like an option; a brief does not."""

_TAKE_A_BRIEF = ("run", "checklist")
_A_RUN = "`onbrief list` shows the ids of runs"
_EXAMPLES = {
    **dict.fromkeys(("show", "resume", "report", "rm"), _A_RUN),
    "run": 'onbrief run "a red circle left of a blue square"',
    "checklist": 'onbrief checklist "a red circle left of a blue square"',
    "judge": "onbrief judge brief.toml art/",
}
_KINDS = {int: "a whole number", float: "a number, such as 1.5", bool: "no value, as it is a switch"}
_INSTEAD = {"help": "onbrief --help", "version": "onbrief --version"}


def explained(error: CycloptsError, given: Sequence[str], commands: Sequence[str]) -> tuple[str, str]:
    """Return what is wrong with the arguments that were `given`, and what to do."""
    command = next(iter(error.command_chain or ()), "")
    unused = error.unused_tokens or []
    hint = f"onbrief {command} --help" if command else "onbrief --help"
    match error:
        case UnknownCommandError():
            return _no_command(unused[0], given, commands)
        case UnusedCliTokensError() if flags := [word for word in unused if word.startswith("-")]:
            return f"Unknown option: {flags[0]}", hint
        case UnusedCliTokensError() if command in _TAKE_A_BRIEF and (flag := _unknown_option(error, given)):
            return f"Unknown option: {flag}", hint
        case UnusedCliTokensError() if command in _TAKE_A_BRIEF and "--brief" in given:
            return "brief: it is given twice", hint
        case UnusedCliTokensError() if command in _TAKE_A_BRIEF and unused[0] in _words(given):
            return "the brief has several words", quoted(command, given)
        case UnusedCliTokensError() if command in _TAKE_A_BRIEF and (option := _option_before(unused[0], given)):
            return (
                f"{command} does not take {shlex.quote(unused[0])}",
                f"give the option again: {option} {shlex.quote(unused[0])}",
            )
        case UnusedCliTokensError():
            return f"{command} does not take {' '.join(map(shlex.quote, unused))}", hint
        case MissingArgumentError(keyword=None, argument=argument) if argument and not argument.tokens:
            missing = argument.name.removeprefix("--").replace("-", " ").lower()
            return f"{command}: the {missing} is missing", _EXAMPLES.get(command, hint)
        case MissingArgumentError(argument=argument) if argument:
            return f"{error.keyword or argument.name}: a value is missing", hint
        case CoercionError(token=token, target_type=kind) if token and kind:
            field = token.keyword or (error.argument.name if error.argument else "")
            return str(UsageError.of(field, token.value, _allowed(kind))), hint
        case _:
            return str(error), hint


def in_words_of_settings(message: str) -> str:
    """Return a message with the limits named as the settings and flags that give them."""
    return re.sub(r"^limits\.(?=\w+: )", "max_", message)


def quoted(command: str, given: Sequence[str], rest: str = "") -> str:
    """Return the hint for a brief whose words were `given` as arguments of their own."""
    words = _words(given)
    brief = '"' + " ".join(words).replace('"', '\\"') + '"' if words else "BRIEF"
    return f"put the brief in quotation marks: onbrief {command} {brief}{rest}"


def _unknown_option(error: CycloptsError, given: Sequence[str]) -> str:
    """Return what was taken for the brief and looks like an option; an empty text if there is none."""
    known = {name for one in error.app.assemble_argument_collection() for name in one.names} if error.app else set[str]()
    return next((word for word in given[1:] if FLAG.fullmatch(word) and word.partition("=")[0] not in known), "")


def _words(given: Sequence[str]) -> list[str]:
    """Return the arguments between the command and the first option."""
    return list(takewhile(lambda word: not word.startswith("-"), given[1:]))


def _option_before(word: str, given: Sequence[str]) -> str:
    """Return the last option before an argument; an empty text if there is none."""
    before = given[: given.index(word)] if word in given else ()
    return next((one for one in reversed(before) if FLAG.fullmatch(one)), "")


def _no_command(word: str, given: Sequence[str], commands: Sequence[str]) -> tuple[str, str]:
    if word.startswith("-"):
        return f"Unknown option: {word}", "options come after the command: onbrief COMMAND OPTIONS, see onbrief --help"
    told = f"there is no command {word!r}"
    if word in _INSTEAD:
        return told, _INSTEAD[word]
    if " " not in word and (close := difflib.get_close_matches(word, commands, n=1)):
        return told, f"did you mean: onbrief {close[0]}"
    if len(given) > 1 or " " in word:
        return told, f"for a picture: {quoted('run', ['run', *given]).partition(': ')[2]}; for all commands: onbrief --help"
    return told, "for all commands: onbrief --help"


def _allowed(kind: Any) -> str:
    kinds = [one for one in get_args(kind) if one is not type(None)] if get_origin(kind) is not Literal else []
    if kinds:
        return " or ".join(map(_allowed, kinds))
    if get_origin(kind) is Literal:
        *others, last = map(str, get_args(kind))
        return f"{', '.join(others)} or {last}" if others else last
    return _KINDS.get(kind, str(getattr(kind, "__name__", kind)))
