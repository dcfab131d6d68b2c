"""The tables of the benchmark of policies, made from the runs that it keeps, and whether they are what was aimed at.

python -m benchmarks.figures FILE…
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.intervals import ratio
from benchmarks.runs import Played, kept, rows

Row = tuple[str, str, int, str]
Rows = dict[Row, list[Played]]

_HEAD = (
    "briefs", "model", "limit", "policy", "runs", "passed", "right", "images", "$", "seconds",
    "judge calls/image", "tokens/image", "$/image", "judge $, of asking once", "edits", "prompts",
)  # fmt: skip


def per_passed(runs: Sequence[Played], what: str) -> float:
    """All that these runs spent of something, divided by how many passed."""
    return sum(getattr(run, what) for run in runs) / max(1, sum(run.passed for run in runs))


def share(runs: Sequence[Played]) -> float:
    """The share of runs that passed."""
    return sum(run.passed for run in runs) / len(runs)


def judging(runs: Sequence[Played]) -> float:
    """The money for judging, as a ratio of that for asking everything once of each picture."""
    return sum(run.judge_usd for run in runs) / sum(run.once_usd for run in runs)


def table(runs: Sequence[Played]) -> str:
    """One row for each set of briefs, model, limit and policy. Images, dollars and seconds are those of all runs, divided by
    the runs that passed; `right` is the share of right pictures among those that passed, edits are the share of images, prompts
    the mean of a run.
    """
    lines = [f"| {' | '.join(_HEAD)} |", f"| {' | '.join(['---'] * len(_HEAD))} |"]
    for (name, model, limit, policy), some in sorted(rows(runs).items(), key=lambda row: row[0][:3]):
        images, passed = sum(run.images for run in some), sum(run.passed for run in some)
        cells = (
            name, model, str(limit), policy, str(len(some)), f"{share(some):.3f}",
            f"{sum(run.right for run in some) / passed:.3f}" if passed else "",
            f"{per_passed(some, 'images'):.2f}", f"{per_passed(some, 'usd'):.3f}", f"{per_passed(some, 'seconds'):.1f}",
            f"{sum(run.judge_calls for run in some) / images:.2f}", f"{sum(run.tokens for run in some) / images:,.0f}",
            f"{sum(run.usd for run in some) / images:.4f}", f"{judging(some):.2f}",
            f"{sum(run.edits for run in some) / images:.2f}", f"{sum(run.prompts for run in some) / len(some):.2f}",
        )  # fmt: skip
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def answers(runs: Sequence[Played]) -> str:
    """What was aimed at, line by line: yes or no, with the figures. What needs rows that are not there is left out."""
    found = rows(runs)
    groups = sorted({row[:3] for row in found})
    lines = [line for group in groups for line in (*_by_the_oracle(found, *group), *_judging(found, *group))]
    lines += [*_cheap_model(found), *_good_model(found, groups), *_ladder(found, groups)]
    return "\n".join(lines)


def _line(holds: bool, text: str) -> str:
    return f"{'yes' if holds else 'NO '} {text}"


def _by_the_oracle(found: Rows, name: str, model: str, limit: int) -> Iterator[str]:
    """At least half-way to the oracle, never below the former policy, at most 1.20 times the oracle's images."""
    got = {policy: found.get((name, model, limit, policy)) for policy in ("adaptive", "former", "classic", "plain", "oracle")}
    ours, former, classic, plain, oracle = got.values()
    if not (ours and former and classic and plain and oracle):
        return
    start, end = max(share(classic), share(plain)), share(oracle)
    half = start + (end - start) / 2
    where = f"{name} {model} {limit}:"
    told = f"passed {share(ours):.3f}, half-way from {start:.3f} to {end:.3f} is {half:.3f}"
    yield _line(share(ours) >= half - 1e-9, f"{where} {told}")
    yield _line(
        share(ours) >= share(former), f"{where} passed {share(ours):.3f}, the former adaptive policy {share(former):.3f}"
    )
    yield _spent(where, ours, oracle, "images", 1.20, "the oracle's")


def _judging(found: Rows, name: str, model: str, limit: int) -> Iterator[str]:
    if ours := found.get((name, model, limit, "adaptive")):
        most = 0.85 if (name, model) == ("long", "sdxl") else 1.0
        cost = judging(ours)
        yield _line(
            cost <= most + 1e-9, f"{name} {model} {limit}: judging {cost:.2f} of asking everything once, at most {most}"
        )


def _spent(where: str, ours: Sequence[Played], theirs: Sequence[Played], what: str, most: float, whose: str) -> str:
    times = per_passed(ours, what) / per_passed(theirs, what)
    low, high = ratio(ours, theirs, what)
    return _line(times <= most, f"{where} {times:.2f} ({low:.2f} to {high:.2f}) of {whose} {what}, at most {most:.2f}")


def _cheap_model(found: Rows) -> Iterator[str]:
    for name, limit, images, usd in (("geneval", 15, 0.60, 0.72), ("hard", 20, 0.42, 0.50)):
        ours, classic = (found.get((name, "sdxl", limit, policy)) for policy in ("adaptive", "classic"))
        where = f"{name} sdxl {limit}:"
        if ours and classic:
            yield _spent(where, ours, classic, "images", images, "classic's")
            yield _spent(where, ours, classic, "usd", usd, "classic's")
            if name == "hard":
                more = share(ours) - share(classic)
                yield _line(more >= 0.12, f"{where} {100 * more:.1f} points more passed than classic, at least 12")
        if classic and (quick := found.get((name, "sdxl", limit, "in_time"))):
            yield _spent(f"{where} with time preferred", quick, classic, "seconds", 0.40, "classic's")


def _good_model(found: Rows, groups: Sequence[tuple[str, str, int]]) -> Iterator[str]:
    for name, model, limit in groups:
        ours, classic = (found.get((name, model, limit, policy)) for policy in ("adaptive", "classic"))
        if model != "modern" or not ours or not classic:
            continue
        where = f"{name} modern {limit}:"
        for what in ("images", "usd"):
            times = per_passed(ours, what) / per_passed(classic, what)
            low, high = ratio(ours, classic, what)
            said = f"{where} {times:.2f} ({low:.2f} to {high:.2f}) of classic's {what}, not above 1 beyond the interval"
            yield _line(low <= 1, said)
        if name in ("geneval", "hard"):
            yield _spent(where, ours, classic, "images", 0.80 if name == "geneval" else 0.70, "classic's")
        passed, theirs = sum(run.passed for run in ours), sum(run.passed for run in classic)
        yield _line(passed >= theirs, f"{where} {passed} passed, classic {theirs}")


def _ladder(found: Rows, groups: Sequence[tuple[str, str, int]]) -> Iterator[str]:
    """A ladder, compared with the better of its image models alone."""
    for name, model, limit in groups:
        ours = found.get((name, model, limit, "adaptive"))
        alone = [found.get((name, one, limit, "adaptive")) for one in model.split("+")]
        if "+" not in model or not ours or not all(alone):
            continue
        better = min((some for some in alone if some), key=lambda some: (-round(share(some), 2), per_passed(some, "usd")))
        where = f"{name} {model} {limit}:"
        yield _spent(where, ours, better, "usd", 0.85, f"{better[0].model}'s")
        yield _line(
            share(ours) >= share(better), f"{where} passed {share(ours):.3f}, {better[0].model} alone {share(better):.3f}"
        )


def main() -> None:
    runs = [run for name in sys.argv[1:] for run in kept(Path(name))]
    print(table(runs))
    print(f"\n{answers(runs)}")


if __name__ == "__main__":
    main()
