"""Labels of recorded runs: checked before they are kept, and joined with what the judge found."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final, cast, get_args

from onbrief.attempt import Attempt, path_of
from onbrief.errors import UsageError
from onbrief.judging.labels import LabelledFinding
from onbrief.ledger.owner import now
from onbrief.ports import Label, LabelWord
from onbrief.pursuit.given import url_of
from onbrief.pursuit.workspace import Workspace
from onbrief.record import Run

MAX_WORDS: Final = 500  # characters of a name or a note
_ATTEMPT: Final = re.compile(r"(\d+)-(\d+)")
_LABEL: Final = re.compile(r"r\d+(=.*)?")
_SHOWN: Final = 12  # names in an error message


def is_attempt(run: Run, text: str) -> bool:
    """Return whether a text is meant as the name of an attempt, such as "001-003", or of a picture that existed already."""
    return bool(_ATTEMPT.fullmatch(text)) or (run.kind == "judge" and not _LABEL.fullmatch(text))


def attempt_of(run: Run, name: str | None) -> Attempt:
    """Return the attempt of this name, or the best one, which must have been judged. A picture that existed already can also be
    named by its path: as it was given to be judged, or from the current folder.

    Raises:
        UsageError: there is none, or it has no verdict.
    """
    judged = {attempt.name: attempt for attempt in run.attempts if attempt.verdict}
    names = {_shown_name(run, attempt): attempt for attempt in judged.values()}
    if name is None:
        found = judged.get(run.best.name) if run.best else None
    elif number := _ATTEMPT.fullmatch(name):
        found = judged.get(f"{int(number[1]):03d}-{int(number[2]):03d}")
    else:
        urls = {attempt.image.url: attempt for attempt in judged.values() if attempt.image}
        found = names.get(name) or urls.get(url_of(name))
    if found is None:
        shown = " ".join(list(names)[:_SHOWN]) or "there is none"
        more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
        raise UsageError.of("attempt", name or "the best one", f"a judged attempt of run {run.run_id}: {shown}{more}")
    return found


def place_of(run: Run, attempt: Attempt) -> str:
    """Return where the picture of an attempt is, as people write it."""
    if attempt.image is None:
        return ""
    return str(path_of(attempt.image.url)) if run.kind == "judge" else attempt.image.url


def _shown_name(run: Run, attempt: Attempt) -> str:
    return attempt.image.key if run.kind == "judge" and attempt.image else attempt.name


def labels_of(run: Run, attempt: Attempt, given: Iterable[str], by: str, note: str) -> list[Label]:
    """Return the labels that texts such as "r3=yes" give to the requirements of an attempt.

    Raises:
        UsageError: one of them is about no requirement of the run, or not a label.
    """
    for field, text in (("by", by), ("note", note)):
        if len(text) > MAX_WORDS or not text.isprintable():
            raise UsageError.of(field, text, f"one line of at most {MAX_WORDS} characters")
    known = [requirement.id for requirement in run.checklist.requirements] if run.checklist else []
    labels: dict[str, Label] = {}
    for text in given:
        id_, equals, word = text.partition("=")
        if not equals or word not in get_args(LabelWord):
            raise UsageError.of("label", text, "REQUIREMENT=yes, =no or =debatable, such as r3=yes")
        if id_ not in known:
            raise UsageError.of("requirement", id_, f"one of run {run.run_id}: {' '.join(known)}")
        if id_ in labels:
            raise UsageError.of("label", text, f"one label for {id_}, not two")
        labels[id_] = Label(attempt.revision, attempt.attempt, id_, cast("LabelWord", word), by, note, now())
    return list(labels.values())


def labelled(run: Run, labels: Sequence[Label]) -> list[LabelledFinding]:
    """Return labels of a run with the findings that they are about. Those of attempts that the record does not have are left
    out.
    """
    attempts = {(attempt.revision, attempt.attempt): attempt for attempt in run.attempts}
    found: list[LabelledFinding] = []
    for label in labels:
        attempt = attempts.get((label.revision, label.attempt))
        findings = {f.id: f for f in attempt.verdict.findings} if attempt and attempt.verdict else {}
        finding = findings.get(label.requirement)
        if not attempt or not attempt.verdict or not finding or not run.checklist:
            continue
        requirement = run.checklist[label.requirement]
        found.append(
            LabelledFinding(
                run=run.run_id,
                attempt=attempt.name,
                requirement=label.requirement,
                text=requirement.text,
                kind=requirement.kind,
                must=requirement.must,
                judge=_judge_of(run, attempt),
                source=finding.source,
                verdict=finding.verdict,
                probability=finding.probability,
                confirmed=finding.id in attempt.verdict.confirmed,
                label=label.label,
                by=label.by,
                note=label.note,
                at=label.at,
            )
        )
    return found


async def all_labels(workspace: Workspace) -> list[LabelledFinding]:
    """Return the labels of all runs of a place, the oldest run first. Runs that cannot be read are left out.

    Raises:
        LedgerError, StoreError: the place cannot be read.
    """
    found: list[LabelledFinding] = []
    for row in reversed(workspace.ledger.runs()):
        labels = [] if row.broken else workspace.ledger.labels(row.run_id)
        if labels and (record := await (await workspace.store_of(row)).read(f"{row.run_id}/run.json")):
            found += labelled(Run.from_json(record), labels)
    return found


def _judge_of(run: Run, attempt: Attempt) -> str:
    """Return the name of the judge that an attempt was judged by."""
    changes = [change for change in run.models.changes if change.role == "judge"]
    judge = changes[0].former if changes else run.models.judge
    for change in changes:
        if (change.revision, change.attempt) <= (attempt.revision, attempt.attempt):
            judge = change.model
    return judge
