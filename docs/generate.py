"""Generate the record's JSON Schema, the command line's help and the sheet of all drawings. `make docs` runs it; a test fails
when a document is stale.
"""

from __future__ import annotations

import io
import json
from pathlib import Path

from rich.console import Console

from docs import things
from onbrief.cli.app import build
from onbrief.record import json_schema

HERE = Path(__file__).parent
COMMANDS = (
    "", "run", "judge", "resume", "checklist", "show", "list", "report", "rm", "label", "calibrate", "config", "models",
    "doctor", "sandbox",
)  # fmt: skip


def documents() -> dict[str, str]:
    """Return the generated documents, by file name in docs/."""
    schema = json.dumps(json_schema(), ensure_ascii=False, indent=2) + "\n"
    return {"record.schema.json": schema, "cli.md": _command_line()}


def _command_line() -> str:
    parts = ["# The command line\n\nGenerated from `--help` by `make docs`.\n"]
    for command in COMMANDS:
        out = io.StringIO()
        build(command).help_print([command] if command else [], console=Console(file=out, width=100, color_system=None))
        text = "\n".join(line.rstrip() for line in out.getvalue().strip().splitlines())
        parts.append(f"## onbrief {command}".rstrip() + f"\n\n```text\n{text}\n```\n")
    return "\n".join(parts)


if __name__ == "__main__":
    for name, text in documents().items():
        (HERE / name).write_text(text, "utf-8")
        print(f"docs/{name}")
    (HERE / "things.png").write_bytes(things.sheet())
    print("docs/things.png")
