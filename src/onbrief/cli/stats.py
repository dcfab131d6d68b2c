"""`onbrief stats`: what the runs of a place have come to."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING

from onbrief.cli.flags import Json, LedgerUrl, Place
from onbrief.cli.output import plain, put, say
from onbrief.config import load

if TYPE_CHECKING:
    from onbrief.brief import Kind
    from onbrief.run_statistics import ModelStatistics


def stats(*, out: Place = None, ledger: LedgerUrl = None, json_: Json = False) -> int:
    """Say how often each image model met each kind of requirement, and what a pass has cost.

    For example:
        onbrief stats
        onbrief stats --out s3://bucket/prefix --json

    For each image model, or ladder of them: how many runs passed, and the images, money and seconds that all its runs together
    have used for each that passed. Then, for each kind of requirement, how many drawn pictures met it, apart for the first
    prompt of a run and for later ones. Runs that cannot be read are named on standard error.

    Exit codes: 0 all runs are counted, 1 some cannot be read.

    Parameters
    ----------
    json_
        Print one JSON document.
    """
    from onbrief.pursuit import place_statistics

    found = place_statistics(load({"out": out, "ledger": ledger})[0])
    if json_:
        put(json.dumps([_document(one) for one in found.models], ensure_ascii=False, indent=2) + "\n")
    else:
        put("".join(f"{line}\n" for one in found.models for line in _lines(one)))
    for run in found.unreadable:
        say(f"error: run {run.run_id}: {run.problem}")
    return int(bool(found.unreadable))


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
    kinds: list[Kind] = sorted({*one.first, *one.later})
    if kinds:
        yield f"  {'':9}  {'first prompt':>17}  {'later prompts':>17}"
    for kind in kinds:
        yield f"  {kind:9}  {_rate(one.first.get(kind)):>17}  {_rate(one.later.get(kind)):>17}"


def _rate(rate: tuple[int, int] | None) -> str:
    if rate is None:
        return "-"
    met, seen = rate
    return f"{met} of {seen} {f'({met / seen:.0%})':>6}"
