"""Generate the record's JSON Schema, the command line's help, the library's reference, the tables of providers, of a batch's
columns, and of spans and metrics, and the sheet of all drawings. `make docs` runs it; a test fails when a document is stale.
"""

from __future__ import annotations

import inspect
import io
import json
import re
import types
from pathlib import Path
from typing import Any

from rich.console import Console

import onbrief
from docs import providers, telemetry, things
from onbrief.batches.columns import COLUMNS
from onbrief.cli.app import build
from onbrief.record import json_schema

_WIDTH = 100  # characters of a signature in one line
_FOR_ONBRIEF = {
    "calibration", "calibration_notes", "chosen_policy", "crew", "detector", "ended_as", "first", "freeze", "require_models",
    "judged_at_once", "policy_with", "rule", "with_attempt", "with_models", "with_prompt",
}  # fmt: skip
"""Members of public classes that only onbrief itself needs."""
HERE = Path(__file__).parent
COMMANDS = (
    "", "run", "batch", "estimate", "judge", "resume", "recover", "checklist", "show", "list", "stats", "report", "rm", "label",
    "calibrate", "config", "models", "doctor", "sandbox",
)  # fmt: skip


def documents() -> dict[str, str]:
    """Return the generated documents, by file name in docs/."""
    schema = json.dumps(json_schema(), ensure_ascii=False, indent=2) + "\n"
    about = {"providers.md": providers.document(), "server.md": providers.services(), "telemetry.md": telemetry.document()}
    return {"record.schema.json": schema, "cli.md": _command_line(), "api.md": _library(), "batch.md": _batch(), **about}


def _command_line() -> str:
    parts = ["# The command line\n\nGenerated from `--help` by `make docs`.\n"]
    for command in COMMANDS:
        out = io.StringIO()
        build(command).help_print([command] if command else [], console=Console(file=out, width=100, color_system=None))
        text = "\n".join(line.rstrip() for line in out.getvalue().strip().splitlines())
        parts.append(f"## onbrief {command}".rstrip() + f"\n\n```text\n{text}\n```\n")
    return "\n".join(parts)


def _library() -> str:
    """Return docs/api.md: what is written by hand, then the signature and the docstring of each public name."""
    written, mark, _ = (HERE / "api.md").read_text("utf-8").partition("## Reference\n")
    names = sorted(onbrief.__all__, key=lambda name: inspect.isclass(getattr(onbrief, name)))  # functions first
    return written + mark + "".join(_documented(name, getattr(onbrief, name)) for name in names)


def _batch() -> str:
    """Return docs/batch.md with the table of columns."""
    before, mark, rest = (HERE / "batch.md").read_text("utf-8").partition("<!-- columns -->\n")
    rows = [(f"`{column.name}`", " ".join(f"`{other}`" for other in column.others), column.about) for column in COLUMNS]
    lines = [("column", "also", "what it holds"), ("---", "---", "---"), *rows]
    end = "<!-- end of columns -->"
    return (
        before
        + mark
        + "".join(f"| {' | '.join(line)} |\n".replace("|  |", "| |") for line in lines)
        + end
        + rest.partition(end)[2]
    )


def _documented(name: str, what: Any) -> str:
    text = f"\n### {name}\n\n```python\n{_signature(name, what)}\n```\n\n{_paragraphs(inspect.getdoc(what) or '')}"
    if not inspect.isclass(what) or issubclass(what, Exception):
        return text
    own: dict[str, Any] = {
        key: value for key, value in vars(what).items() if not key.startswith("_") and key not in _FOR_ONBRIEF
    }
    members: dict[str, Any] = {
        key: value for key, value in own.items() if isinstance(value, property | classmethod | types.FunctionType)
    }
    return text + ("\n" if members else "") + "".join(f"- {_member(key, value)}\n" for key, value in members.items())


def _member(name: str, value: Any) -> str:
    function: Any = value.fget if isinstance(value, property) else getattr(value, "__func__", value)
    says = " ".join((inspect.getdoc(value) or "").split("\n\n")[0].split())
    if isinstance(value, property):
        return f"`{name}: {inspect.signature(function).return_annotation}`: {says}"
    return f"`{_signature(name, function, of_class=True)}`: {says}"


def _signature(name: str, what: Any, *, of_class: bool = False) -> str:
    signature = inspect.signature(what)
    parameters = list(signature.parameters.values())[of_class:]
    shown = [re.sub(r"^(\w+): '([^']*)'", r"\1: \2", str(parameter)) for parameter in parameters]
    shown = [re.sub(r" = (\w+)\(.*\)$", r" = \1()", text).replace("<factory>", "{}") for text in shown]
    if keywords := [n for n, parameter in enumerate(parameters) if parameter.kind is inspect.Parameter.KEYWORD_ONLY]:
        shown.insert(keywords[0], "*")
    end = "" if inspect.isclass(what) else f" -> {signature.return_annotation}"
    line = f"{name}({', '.join(shown)}){end}"
    line = line.replace("builtins.", "")
    return line if of_class or len(line) <= _WIDTH else f"{name}(\n" + "".join(f"    {text},\n" for text in shown) + f"){end}"


def _paragraphs(doc: str) -> str:
    """Return a docstring in Markdown: its paragraphs, and what it says of arguments and errors as lists."""
    parts: list[str] = []
    for paragraph in doc.split("\n\n"):
        head, *rest = paragraph.splitlines()
        if head in ("Args:", "Raises:"):
            items = re.sub(r"\n {4,}", " ", "\n".join(line.removeprefix("    ") for line in rest)).splitlines()
            listed = [re.sub(r"^([^:]+): ", lambda found: f"- {_code(found[1])}: ", item) for item in items]
            parts.append(f"{'Arguments' if head == 'Args:' else 'Errors'}:\n\n" + "\n".join(listed) + "\n")
        else:
            parts.append(paragraph + "\n")
    return "\n".join(parts)


def _code(names: str) -> str:
    return ", ".join(f"`{name}`" for name in names.split(", "))


if __name__ == "__main__":
    for name, text in documents().items():
        (HERE / name).write_text(text, "utf-8")
        print(f"docs/{name}")
    (HERE / "things.png").write_bytes(things.sheet())
    print("docs/things.png")
