"""`onbrief run --review`: the user accepts, edits or rejects the checklist on the terminal."""

from __future__ import annotations

import asyncio
import os
import shlex
import signal
import sys
import tempfile
import tomllib
from dataclasses import replace
from pathlib import Path

from onbrief.brief import Checklist
from onbrief.cli.checklist import listed
from onbrief.cli.output import say
from onbrief.documents import read_requirements, read_text, requirement_tables
from onbrief.errors import Cancelled, UsageError
from onbrief.intake import requirements_of
from onbrief.studio import Plan

_EDITOR = "vi"  # where neither VISUAL nor EDITOR is set, as for git
_HELP = """\
# The checklist. Change, remove or add requirements, then save and close the editor.
# must = false makes one a nice-to-have. kind is one of: object count attribute relation action text absence style format whole
# Without a kind, "exactly 3 cats" is a count, "no text" an absence, and 'the words "OPEN" can be read' is lettering.

"""


def require_terminal() -> None:
    """Raises UsageError where nobody can be asked."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise UsageError("--review needs a terminal", hint="see the checklist with: onbrief checklist BRIEF")


async def review(checklist: Checklist, plan: Plan) -> Checklist:
    """Show the checklist with what the brief leaves open, and return the one that the user accepts. See studio.Review."""
    for line in (*listed(checklist, plan.questions), *(f"warning: {warning}" for warning in plan.warnings)):
        say(line)
    former, text = [r.id for r in checklist.requirements], _HELP + requirement_tables(checklist.requirements)
    while True:
        match await _answer("accept, edit or cancel? [a/e/c] "):
            case "a" | "accept" | "y" | "yes":
                return checklist
            case "e" | "edit":
                try:
                    text = await _edited(text)
                    checklist = _read(text, former)
                except UsageError as error:
                    say(f"error: {error}")
                    say("nothing is changed yet: edit again, or accept the list before")
                else:
                    for line in listed(checklist):
                        say(line)
            case None | "c" | "cancel" | "n" | "no":
                raise Cancelled("the checklist was not accepted")
            case _:
                pass


def _read(text: str, former: list[str]) -> Checklist:
    """Return the checklist of an edited text. Requirements without a kind get that of their words, and new ones the next free
    ids.
    """
    given = read_requirements(text, "the checklist", former)
    has_kind = ["kind" in table for table in tomllib.loads(text).get("requirements", ())]
    requirements = [
        one for own, known in zip(given, has_kind, strict=True) for one in ((own,) if known else requirements_of(own))
    ]
    taken = {requirement.id for requirement in requirements} | set(former)
    fresh = (id_ for number in range(1, 10_000) if (id_ := f"r{number}") not in taken)
    return Checklist(tuple(r if r.id else replace(r, id=next(fresh)) for r in requirements))


async def _edited(text: str) -> str:
    """Return the text as the user's editor leaves it.

    Raises:
        UsageError: the editor cannot be started or fails.
    """
    editor = os.environ.get("VISUAL") or os.environ.get("EDITOR") or _EDITOR
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", suffix=".toml", prefix="checklist-") as file:
        file.write(text)
        file.flush()
        asyncio.get_running_loop().add_signal_handler(signal.SIGINT, lambda: None)  # Ctrl-C is for the editor
        try:
            code = await (await asyncio.create_subprocess_exec(*shlex.split(editor), file.name)).wait()
        except (OSError, ValueError) as error:
            raise UsageError.of("editor", editor, f"a program, in VISUAL or EDITOR ({error})") from error
        if code:
            raise UsageError(f"the editor {editor} ended with exit code {code}")
        return read_text(Path(file.name))  # by its name: many editors replace the file


async def _answer(question: str) -> str | None:
    """Return a line that the user types; None at its end, on Ctrl-C and on SIGTERM. The lease is kept meanwhile."""
    loop = asyncio.get_running_loop()
    typed: asyncio.Future[bytes] = loop.create_future()

    def take(line: bytes) -> None:
        if not typed.done():
            typed.set_result(line)

    sys.stderr.write(question)
    sys.stderr.flush()
    keyboard = sys.stdin.fileno()
    loop.add_reader(keyboard, lambda: take(os.read(keyboard, 4096)))
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, take, b"")
    try:
        line = await typed
    finally:
        loop.remove_reader(keyboard)
    return line.decode("utf-8", "replace").strip().casefold() if line else None
