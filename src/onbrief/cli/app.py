"""The commands and what they share: exit codes, and errors as one line with a hint."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from importlib.metadata import EntryPoint, entry_points
from typing import Annotated, Any

from cyclopts import App, Parameter
from cyclopts.exceptions import CycloptsError
from rich.console import Console

from onbrief.cli.output import discard_output, is_unread, put, say, tolerate_encodings
from onbrief.errors import ConfigError, NotInstalled, OnbriefError, OtherRequest, UsageError
from onbrief.redaction import redacted

USAGE = 2
COMMANDS = "onbrief.commands"
"""The entry point group of further commands: the name of an entry point is that of the command."""

_HELP = """\
Turn a brief into an image that meets every requirement of it.

For example:

    onbrief run "a red circle left of a blue square"
    onbrief run brief.toml --max-usd 1.50 --parallel 4
    onbrief run "a quiet harbour" --require "three boats" --avoid people
    onbrief batch shop.csv --out shop
    onbrief judge brief.toml art/
    onbrief list
    onbrief report RUN --output sheet.png

Image models, judges and revisers are named PROVIDER:MODEL; `onbrief models` lists those of the installed providers.
"""
_EPILOGUE = (
    "`--debug` shows the traceback of an error. Settings: flags, ONBRIEF_* variables, onbrief.toml; see `onbrief config`."
)


_OWN = {
    "run": ("run:run", "Make a picture that meets every requirement of a brief."),
    "batch": ("batch:batch", "Make a picture for each brief of a file, many at the same time."),
    "estimate": ("estimate:estimate", "Say what briefs are expected to cost, and the most that they can."),
    "resume": ("run:resume", "Resume a run. Limits and models that are given replace those of its order."),
    "recover": ("recovery:recover", "Look for pictures whose answers were lost, without paying for anything."),
    "judge": ("judge:judge", "Judge pictures that exist already, from any tool, by the requirements of a brief."),
    "checklist": ("checklist:checklist", "Show the checklist of a brief, and what the brief leaves open."),
    "show": ("runs:show", "Show the outcome of a run and the verdict on each requirement."),
    "list": (
        "listing:list_",
        "List the runs, newest first: when each began (local time), its outcome, pictures, cost and brief.",
    ),
    "stats": ("stats:stats", "Say how often each image model met each kind of requirement, and what a pass has cost."),
    "report": ("runs:report", "Write the report of a run again, as a page or as a contact sheet."),
    "rm": ("runs:rm", "Delete a run: its pictures, its record and its entries in the ledger."),
    "label": ("label:label", "Record what you say of a picture: which requirements it meets."),
    "calibrate": ("calibrate:calibrate", "Compare a judge with what people say, and choose the rule by which pictures pass."),
    "config": ("runs:config", "Show every setting: its value and where it came from."),
    "models": (
        "models:models",
        "List the models of the installed providers: image models, editing services and language models.",
    ),
    "doctor": ("environment:doctor", "Check that runs can work with the current settings, without paying for anything."),
}
"""Where each command is, and the first line of its help: the page of all commands loads none of them."""


class _Console(Console):
    """Prints help. Rich would end the process with an error if nobody reads it."""

    def on_broken_pipe(self) -> None:
        """Leave it to `main`."""
        raise BrokenPipeError


class _App(App):
    """The application, whose completion script suits its values."""

    def generate_completion(self, *, prog_name: str | None = None, shell: Any = None) -> str:
        """Return the script. Names of models have colons, at which bash would end a word."""
        script = super().generate_completion(prog_name=prog_name, shell=shell)
        return f"{script}COMP_WORDBREAKS=${{COMP_WORDBREAKS//:}}\n" if script.startswith("# Bash") else script


def build(command: str = "") -> App:
    """Return the application with all its commands. All but `command` are loaded only if they are needed."""
    from onbrief.version import VERSION

    app = _App(
        name="onbrief",
        version=VERSION,
        help=_HELP,
        help_format="plaintext",
        help_epilogue=_EPILOGUE,
        result_action="return_value",
        console=_Console(),
    )
    for place_in_help, (name, (place, summary)) in enumerate(_OWN.items()):
        app.command(f"onbrief.cli.{place}", name=name, help=None if name == command else summary, sort_key=place_in_help)
    for point in entry_points(group=COMMANDS):
        app.command(_further(point), name=point.name)
    app.register_install_completion_command()  # pyright: ignore[reportUnknownMemberType] - its keywords are untyped
    return app


def _further(point: EntryPoint) -> Callable[..., object]:
    """Return the command of an entry point. If it cannot be loaded, return one that says why: the other commands still work."""
    try:
        return point.load()
    except Exception as error:  # noqa: BLE001 - a plug-in's module can raise anything
        source = f"{point.dist.name} {point.dist.version}" if point.dist else point.value
        message = f"the command {point.name} of {source} cannot be loaded: {type(error).__name__}: {error}"

    def broken(*_: Annotated[str, Parameter(show=False, allow_leading_hyphen=True)]) -> int:
        raise ConfigError(message, hint="update or uninstall it")

    broken.__doc__ = f"Not available: {message}"
    return broken


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code.

    0 passed, or done · 1 an error · 2 usage · 3 unmet · 4 over budget · 5 blocked · 6 unknown · 130 cancelled.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    debug = "--debug" in given
    if debug:
        given.remove("--debug")
    tolerate_encodings()
    try:
        code = build(given[0] if given else "")(
            given, exit_on_error=False, print_error=False, error_console=Console(stderr=True)
        )
        put("")  # what is still in the buffer
    except CycloptsError as error:
        from onbrief.cli.usage import explained

        told, hint = explained(error, given, [*_OWN, *(point.name for point in entry_points(group=COMMANDS))])
        say(f"error: {told}")
        say(f"hint: {hint}")
        return USAGE
    except OnbriefError as error:
        if debug:
            _print_traceback()
            return 1
        from onbrief.cli.usage import in_words_of_settings

        say(f"error: {in_words_of_settings(str(error))}")
        for note in getattr(error, "__notes__", ()):
            say(f"  {note}")
        if error.hint:
            say(f"hint: {error.hint}")
        return USAGE if isinstance(error, (UsageError, OtherRequest, NotInstalled)) else 1
    except KeyboardInterrupt:
        return 130
    except Exception as error:  # noqa: BLE001 - printed as Python prints it, but without secrets
        if isinstance(error, BrokenPipeError) and is_unread():  # whoever read the output wants no more
            discard_output()
            return 0
        _print_traceback()
        return 1
    return code if isinstance(code, int) else 0


def _print_traceback() -> None:
    import traceback

    sys.stderr.write(redacted(traceback.format_exc()))
