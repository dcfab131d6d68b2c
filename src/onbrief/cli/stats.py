"""`onbrief stats`: what the runs of a place have come to."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from onbrief.cli.flags import OUTPUT, Json, LedgerUrl, Place
from onbrief.cli.output import plain, put, say, write
from onbrief.config import load
from onbrief.errors import UsageError

if TYPE_CHECKING:
    from onbrief.run_statistics import ModelStatistics


Priors = Annotated[Path | None, Parameter(group=OUTPUT)]


def stats(*, priors: Priors = None, out: Place = None, ledger: LedgerUrl = None, json_: Json = False) -> int:
    """Say how often each image model met each kind of requirement, and what a pass has cost.

    For example:
        onbrief stats
        onbrief stats --out s3://bucket/prefix --json
        onbrief stats --priors learned.toml

    For each image model, or ladder of them: how many runs passed, and the images, money and seconds that all its runs together
    have used for each that passed. Then, for each kind of requirement, how often drawn pictures met it, if they showed what it
    depends on: the first picture of each run, all pictures of its first prompt, and those of later prompts. Runs that cannot be
    read are named on standard error.

    Exit codes: 0 all runs are counted, 1 some cannot be read.

    Parameters
    ----------
    priors
        Write the rates of the first pictures to this file, with which onbrief run --priors begins.
    json_
        Print one JSON document.
    """
    from onbrief.policy import learned_toml
    from onbrief.pursuit import place_statistics

    if priors and priors.exists():
        _require_learned(priors)
    found = place_statistics(load({"out": out, "ledger": ledger})[0])
    if json_:
        put(json.dumps([_document(one) for one in found.models], ensure_ascii=False, indent=2) + "\n")
    else:
        put("".join(f"{line}\n" for one in found.models for line in _lines(one)))
    if priors:
        write(priors, learned_toml({one.model: one.opening for one in found.models}))
        say(f"written: {priors}; use it with --priors {priors}")
    for run in found.unreadable:
        say(f"error: run {run.run_id}: {run.problem}")
    return int(bool(found.unreadable))


def _require_learned(path: Path) -> None:
    """Check that a file that is written over is one of the same kind."""
    from onbrief.policy import read_learned

    try:
        read_learned(path)
    except UsageError as error:
        raise UsageError.of("priors", str(path), "a new file, or one that onbrief stats has written") from error


def _document(one: ModelStatistics) -> dict[str, object]:
    used = {name: one.for_each_pass(getattr(one, name)) for name in ("images", "usd", "seconds")}
    return {**asdict(one), "for_each_pass": used}


def _lines(one: ModelStatistics) -> Iterator[str]:
    used = ""
    if one.passed:
        usd = one.for_each_pass(one.usd)
        cost = "cost not known" if usd is None else f"${usd:.4g}"
        images, seconds = (one.for_each_pass(used) or 0.0 for used in (one.images, one.seconds))
        used = f"; for each: {images:.2f} images, {cost}, {seconds:.1f} s"
    yield f"{plain(one.model)}: {one.passed} of {one.runs} runs passed{used}"
    columns = {"first picture": one.opening, "first prompt": one.first, "later prompts": one.later}
    names = sorted({*one.first, *one.later})
    width = max(map(len, names), default=0)
    if names:
        yield "  ".join(["", " " * width, *(f"{title:>17}" for title in columns)])
    for name in names:
        yield "  ".join(["", f"{name:{width}}", *(f"{_rate(rates.get(name)):>17}" for rates in columns.values())])


def _rate(rate: tuple[int, int] | None) -> str:
    if rate is None:
        return "-"
    met, seen = rate
    return f"{met} of {seen} {f'({met / seen:.0%})':>6}"
