"""`onbrief label`: what people say of pictures."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from onbrief.cli.flags import OUTPUT, Json, LedgerUrl, Place, RunId, Switch
from onbrief.cli.output import finish, plain, put, say, write
from onbrief.cli.runs import recorded
from onbrief.config import load
from onbrief.errors import UsageError

if TYPE_CHECKING:
    from onbrief.attempt import Attempt
    from onbrief.record import Run

_WORDS = {"y": "yes", "n": "no", "d": "debatable"}


def label(
    run_id: RunId | None = None,
    *labels: str,
    by: str | None = None,
    note: Annotated[str, Parameter(show_default=False)] = "",
    export: Switch = False,
    output: Annotated[Path | None, Parameter(alias="-o", group=OUTPUT)] = None,
    out: Place = None,
    ledger: LedgerUrl = None,
    json_: Json = False,
) -> int:
    """Record what you say of a picture: which requirements it meets.

    For example:
        onbrief label 20261122-101500-3f9a1c
        onbrief label 20261122-101500-3f9a1c r3=yes r5=no r7=debatable
        onbrief label 20261122-101500-3f9a1c 000-001 r3=no --by ada --note "it is a tower"
        onbrief label campaign art/hero.jpg r3=no
        onbrief label --export --output labels.jsonl

    Without labels, it asks about one requirement after the other. A label replaces the one that the
    same person gave before. `onbrief calibrate` learns from labels, most of all from pictures that
    did not pass.

    Parameters
    ----------
    labels
        An attempt (000-001) or the path of a judged picture, else the best one; then ID=yes, ID=no or ID=debatable.
    by
        Who says it; by default the name of the user on this machine.
    note
        Why, in a few words.
    export
        Write the labels of all runs, or of this one, one line of JSON for each.
    output
        The file for --export, instead of standard output.
    json_
        Print all labels of the run, with what the judge found.
    """
    from onbrief.pursuit import Workspace
    from onbrief.pursuit.labelling import all_labels, attempt_of, is_attempt, labelled, labels_of, place_of
    from onbrief.report.formatting import counted

    settings = load({"out": out, "ledger": ledger})[0]
    if export or run_id is None:
        if not export or labels:
            raise UsageError("label: name a run, or use --export alone", hint="onbrief label RUN r1=yes")
        with Workspace.existing(settings) as workspace:
            found = finish(all_labels(workspace))
            if run_id is not None:
                workspace.find_run(run_id)
                found = [one for one in found if one.run == run_id]
        write(output, "".join(f"{one.to_json()}\n" for one in found))
        return 0
    run = recorded(run_id, out, ledger)[0]
    named, *rest = labels if labels and is_attempt(run, labels[0]) else (None, *labels)
    attempt = attempt_of(run, named)
    place = place_of(run, attempt)
    by = _user() if by is None else by
    # Each answer at the terminal is recorded at once, so that Ctrl-C loses none.
    answers = [rest] if rest else () if json_ else ([text] for text in _asked(run, attempt, place))
    number = 0
    with Workspace.existing(settings) as workspace:
        for answer in answers:
            given = labels_of(run, attempt, answer, by, note)
            finish(workspace.ledger.label(run_id, given))
            number += len(given)
        kept = labelled(run, workspace.ledger.labels(run_id))
    if json_:
        put(json.dumps([asdict(one) for one in kept], ensure_ascii=False, indent=2) + "\n")
        return 0
    own = [one for one in kept if one.attempt == attempt.name and one.by == by]
    for one in own:
        print(f"{one.requirement:4} {one.label:9} (the judge: {one.verdict} {one.probability:.2f})  {plain(one.text)}")
    about = plain(f"{attempt.name} ({place})" if run.kind == "judge" else attempt.name)
    new = counted(number, "label")
    say(f"{new} recorded for {about} of run {run_id}; {len(own)} of {_number(run)} requirements have one")
    return 0


def _asked(run: Run, attempt: Attempt, place: str) -> Iterator[str]:
    """Yield the labels that a person at the terminal gives, one requirement after the other.

    Raises:
        UsageError: there is no terminal to ask on.
    """
    if not sys.stdin.isatty():
        raise UsageError("label: none are given, and there is no terminal to ask on", hint="onbrief label RUN r1=yes r2=no")
    assert run.checklist is not None
    assert attempt.verdict is not None
    findings = {finding.id: finding for finding in attempt.verdict.findings}
    say(plain(f"{attempt.name}: {place}"))
    say("y: yes, n: no, d: debatable, Enter: no label, q: stop")
    for requirement in run.checklist.requirements:
        if requirement.id not in findings:  # the judge was not asked, so there is nothing to compare a label with
            continue
        say(f"\n{requirement.id}: {requirement.text}")
        say(f"    the judge saw: {findings[requirement.id].evidence}")
        while (word := _answer(requirement.id)) not in {"", "q", *_WORDS, *_WORDS.values()}:
            say("y, n, d, q or Enter")
        if word == "q":
            return
        if word:
            yield f"{requirement.id}={_WORDS.get(word, word)}"


def _answer(id_: str) -> str:
    """Return what the person types, or q at the end of the input."""
    sys.stderr.write(f"{id_}? ")
    sys.stderr.flush()
    line = sys.stdin.readline()
    return line.strip().lower() if line else "q"


def _user() -> str:
    return next((os.environ[name] for name in ("USER", "LOGNAME", "USERNAME") if os.environ.get(name)), "")


def _number(run: Run) -> int:
    return len(run.checklist.requirements) if run.checklist else 0
