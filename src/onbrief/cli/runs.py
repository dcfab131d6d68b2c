"""The commands on recorded runs and on settings: `show`, `report`, `rm` and `config`; see `listing` for `list`."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

from cyclopts import Parameter

from onbrief.cli.flags import OUTPUT, Json, LedgerUrl, Place, RunId, Switch
from onbrief.cli.output import finish, plain, say, write
from onbrief.cli.verdicts import verdict_table
from onbrief.config import FILE, declared, load
from onbrief.errors import LedgerBusy, UsageError
from onbrief.progress import so_far, spent
from onbrief.settings import RATES

if TYPE_CHECKING:
    from onbrief.ports import RunRow
    from onbrief.pursuit import Workspace
    from onbrief.record import Run
    from onbrief.store import RunStore


_LONGEST_LINK = 168  # hours: links of S3 last for at most 7 days


def show(run_id: RunId, *, out: Place = None, ledger: LedgerUrl = None, link: float | None = None, json_: Json = False) -> int:
    """Show the outcome of a run and the verdict on each requirement.

    For example:
        onbrief show 20261122-101500-3f9a1c
        onbrief show 20261122-101500-3f9a1c --json
        onbrief show 20261122-101500-3f9a1c --out s3://bucket/prefix --link 24

    Parameters
    ----------
    link
        Print only a link to the best picture, which anyone can open for this number of hours.
    json_
        Print the record of the run as one JSON document.
    """
    if link is not None and not 0 < link <= _LONGEST_LINK:
        raise UsageError.of("link", link, f"a number of hours above 0, up to {_LONGEST_LINK}")
    run, store = recorded(run_id, out, ledger)
    if link is not None:
        if not run.best or not run.best.image:
            raise UsageError(f"run {run_id} has no picture")
        if run.kind == "judge":
            raise UsageError(f"run {run_id} has judged pictures where they were: it has no copy to link to")
        print(store.link(run.best.image.key, link * 3600))
        return 0
    if json_:
        sys.stdout.write(run.to_json())
        return 0
    print(f"{run.run_id}: {run.outcome or 'not ended'}{', ' if run.reason else ''}{plain(run.reason)}")
    print(f"brief: {plain(run.brief.text)}")
    from onbrief.report.formatting import counted

    again = f", looked at once more by {run.models.confirm_judge}" if run.models.confirm_judge else ""
    detected = f", counted by {run.models.detector}" if run.models.detector else ""
    if run.kind == "judge":
        print(f"spent: {so_far(run)}")
        planned = f", planned by {run.models.reviser}" if run.models.reviser else ""
        print(f"models: judged by {run.models.judge}{again}{detected}{planned}")
    else:
        print(f"spent: {spent(run.usage.images, run.usage.usd)}, {counted(len(run.prompts), 'prompt')}")
        drawn = ", then ".join(run.models.ladder or (run.models.image,))
        print(f"models: {drawn}, judged by {run.models.judge}{again}{detected}, written by {run.models.reviser}")
    for change in run.models.changes:
        print(f"  {change.role.replace('_', ' ')} from {change.name} on: {change.model} instead of {change.former}")
    if run.kind == "judge":
        for requirement in run.checklist.requirements if run.checklist else ():
            print(f"  {requirement.id:4} {'must' if requirement.must else 'nice'}  {plain(requirement.text)}")
        sys.stdout.write(verdict_table(run))
        return _warned(run)
    best = run.best
    findings = {finding.id: finding for finding in best.verdict.findings} if best and best.verdict else {}
    if best and best.image:
        by = f", {best.origin} by {best.model}" if best.base else f", drawn by {best.model}" if run.models.ladder else ""
        print(f"best: {best.name} {best.image.url}{by}")
    for requirement in run.checklist.requirements if run.checklist else ():
        finding = findings.get(requirement.id)
        unasked = best is not None and best.verdict is not None and requirement.id in best.verdict.unasked
        without = "not asked, as it misses others" if unasked else "not judged"
        answer = f"{finding.verdict}: {plain(finding.evidence)}" if finding else without
        print(f"  {requirement.id:4} {'must' if requirement.must else 'nice'}  {plain(requirement.text)} — {answer}")
    return _warned(run)


def _warned(run: Run) -> int:
    for warning in run.warnings:
        print(f"warning: {plain(warning)}")
    return 0


def report(
    run_id: RunId,
    *,
    output: Annotated[Path | None, Parameter(alias="-o", group=OUTPUT)] = None,
    out: Place = None,
    ledger: LedgerUrl = None,
) -> int:
    """Write the report of a run again, as a page or as a contact sheet.

    For example:
        onbrief report 20261122-101500-3f9a1c
        onbrief report 20261122-101500-3f9a1c --output page.html
        onbrief report 20261122-101500-3f9a1c --output sheet.png

    Parameters
    ----------
    output
        An .html file for a page, or a .png file for a contact sheet, instead of report.html beside the pictures.
    """
    from onbrief import report as reports
    from onbrief.pursuit import PictureFiles
    from onbrief.pursuit.outputs import StoredPictures
    from onbrief.store import located

    run, store = recorded(run_id, out, ledger)
    images = (attempt.image for attempt in run.attempts if attempt.image)
    pictures = StoredPictures(PictureFiles(images) if run.kind == "judge" else store)
    if output is None:
        page = reports.page(run, pictures)
        finish(store.replace(f"{run_id}/report.html", page.encode(), "text/html"))
        print(located(load({"out": out})[0].out, f"{run_id}/report.html"))
        return 0
    if output.suffix.lower() not in (".html", ".png"):
        raise UsageError.of("output", str(output), "a file name that ends in .html or .png")
    write(output, reports.sheet(run, pictures) if output.suffix.lower() == ".png" else reports.page(run, pictures))
    print(output)
    return 0


def rm(run_id: RunId, *, yes: Switch = False, out: Place = None, ledger: LedgerUrl = None) -> int:
    """Delete a run: its pictures, its record and its entries in the ledger.

    For example:
        onbrief rm 20261122-101500-3f9a1c

    Parameters
    ----------
    yes
        Do not ask for confirmation.
    """
    from onbrief.pursuit import Workspace
    from onbrief.store import NamedPictures

    with Workspace.existing(load({"out": out, "ledger": ledger})[0]) as workspace:
        row = workspace.find_run(run_id, broken=True)
        if row.live:
            raise LedgerBusy(f"run {run_id} is in use by another process", hint="stop that process first")
        if row.broken:
            say(f"warning: {row.broken}")
        store = workspace.store if row.broken else finish(workspace.store_of(row))
        kept = store.kept if isinstance(store, NamedPictures) else ""
        about = f"; its pictures stay at {kept}" if kept else " with all its pictures"
        if not yes and not _sure(f"delete run {run_id}{about}? [y/N] "):
            say("nothing deleted")
            return 1
        finish(_delete(run_id, store, workspace))
    if kept:
        say(f"its pictures stay: {kept}")
    return 0


def config(*, json_: Json = False) -> int:
    """Show every setting: its value and where it came from.

    For example:
        onbrief config
        ONBRIEF_MAX_USD=2 onbrief config --json

    Parameters
    ----------
    json_
        Print one JSON document.
    """
    settings, origins = load({})
    values: dict[str, object] = {name: value for name, value in asdict(settings).items() if name != "tables"}
    for table, own in declared().items():
        given = settings.tables.get(table, {})
        values |= {f"{table}.{setting.name}": given.get(setting.name, setting.default) for setting in own}
    values |= {f"{RATES}.{name}": limit for name, limit in settings.tables.get(RATES, {}).items()}
    if json_:
        document = {name: {"value": value, "from": origins.get(name, "default")} for name, value in values.items()}
        print(json.dumps(document, ensure_ascii=False, indent=2))
        return 0
    for name, value in values.items():
        shown = "none" if value is None else ", ".join(cast("tuple[str]", value)) if isinstance(value, tuple) else str(value)
        print(f"{name:21} {shown:28} {origins.get(name, 'default')}")
    say(f"set NAME in ./{FILE}, as ONBRIEF_NAME or as --name; set TABLE.NAME in [TABLE] of the file or as ONBRIEF_TABLE_NAME")
    return 0


def recorded(run_id: str, out: str | None, ledger: str | None) -> tuple[Run, RunStore]:
    """Return the record of a run, and the store of its pictures."""
    from onbrief.pursuit import Workspace

    with Workspace.existing(load({"out": out, "ledger": ledger})[0]) as workspace:
        row = workspace.find_run(run_id)
        store = finish(workspace.store_of(row))
        if run := workspace.record_of(row):
            return run, store
        raise UsageError(f"run {run_id} {workspace.why_unrecorded(row, store)}", hint=_how_to_go_on(row))


def _how_to_go_on(row: RunRow) -> str:
    if row.live:
        return "wait until it is; if its process was killed, it can be resumed in a minute"
    return f"onbrief resume {row.run_id}" + (" writes it again, and pays for nothing that is recorded" if row.outcome else "")


async def _delete(run_id: str, store: RunStore, workspace: Workspace) -> None:
    await store.remove(run_id)
    await workspace.ledger.forget(run_id)


def _sure(question: str) -> bool:
    if not sys.stdin.isatty():
        raise UsageError("cannot ask for confirmation without a terminal", hint="use --yes to delete without asking")
    return input(question).strip().lower() in {"y", "yes"}
