"""`onbrief checklist`, and how a checklist is shown."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

from onbrief.brief import Checklist
from onbrief.cli.flags import BriefFlags, Json, ModelFlags, Quiet, Source, brief_from, settings_from
from onbrief.cli.output import finish, plain, put, put_toml, say
from onbrief.errors import UsageError

if TYPE_CHECKING:
    from onbrief.ports import OpenQuestion


def checklist(
    brief: Source,
    *,
    about: BriefFlags | None = None,
    models: ModelFlags | None = None,
    json_: Json = False,
    toml: Quiet = False,
) -> int:
    """Show the checklist of a brief, and what the brief leaves open.

    For example:
        onbrief checklist "three red circles above a blue square"
        onbrief checklist brief.toml --json
        onbrief checklist "a quiet harbour" --toml > brief.toml
        onbrief run brief.toml --no-plan

    Nothing is written, and only the planner is paid for.

    Parameters
    ----------
    brief
        Text, a .txt, .md, .toml or .json file, or - for standard input.
    json_
        Print one JSON document.
    toml
        Print a brief file with the checklist as its requirements, to be edited and used with --no-plan.
    """
    from onbrief.documents import brief_toml
    from onbrief.progress import waiting
    from onbrief.pursuit import Order, preview

    if json_ and toml:
        raise UsageError("toml: one of --toml and --json, not both")
    settings = settings_from(models)
    wanted = brief_from(brief, about or BriefFlags(), settings)
    with waiting("reading the brief"):
        seen = finish(preview(Order(brief=wanted.brief, settings=settings, warnings=wanted.warnings)))
    if json_:
        questions = [asdict(asked) for asked in seen.questions]
        document = {"checklist": asdict(seen.checklist), "questions": questions, "warnings": seen.warnings}
        put(json.dumps(document, ensure_ascii=False, indent=2) + "\n")
        return 0
    if toml:
        put_toml(brief_toml(wanted.brief, seen.checklist.requirements))
        for asked in seen.questions:
            say(_open(asked))
    else:
        put("".join(f"{line}\n" for line in listed(seen.checklist, seen.questions)))
    for warning in seen.warnings:
        say(f"warning: {warning}")
    return 0


def listed(checklist: Checklist, questions: Sequence[OpenQuestion] = ()) -> list[str]:
    """Return the lines that show a checklist, and what its brief leaves open."""
    return [
        f"checklist {checklist.sha256[:12]}",
        *(f"  {r.id:4} {'must' if r.must else 'nice'}  {r.kind:9} {plain(r.text)}" for r in checklist.requirements),
        *map(_open, questions),
    ]


def _open(asked: OpenQuestion) -> str:
    return plain(f"the brief says “{asked.words}”: {asked.question} Read as: {asked.reading}")
