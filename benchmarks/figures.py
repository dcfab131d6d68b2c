"""The tables of the benchmark of policies, made from the runs that it keeps."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.runs import Played, rows

_HEAD = (
    "briefs", "model", "limit", "policy", "runs", "passed", "images", "$", "seconds",
    "judge calls/image", "tokens/image", "$/image", "edits", "prompts",
)  # fmt: skip


def per_passed(runs: Sequence[Played], what: str) -> float:
    """All that these runs spent of something, divided by how many passed."""
    return sum(getattr(run, what) for run in runs) / max(1, sum(run.passed for run in runs))


def share(runs: Sequence[Played]) -> float:
    """The share of runs that passed."""
    return sum(run.passed for run in runs) / len(runs)


def table(runs: Sequence[Played]) -> str:
    """One row for each set of briefs, model, limit and policy. Images, dollars and seconds are those of all runs, divided by
    the runs that passed; edits are the share of images, prompts the mean of a run.
    """
    lines = [f"| {' | '.join(_HEAD)} |", f"| {' | '.join(['---'] * len(_HEAD))} |"]
    for (name, model, limit, policy), some in rows(sorted(runs, key=lambda run: run.row[:3])).items():
        images = sum(run.images for run in some)
        cells = (
            name, model, str(limit), policy, str(len(some)), f"{share(some):.3f}",
            f"{per_passed(some, 'images'):.2f}", f"{per_passed(some, 'usd'):.3f}", f"{per_passed(some, 'seconds'):.1f}",
            f"{sum(run.judge_calls for run in some) / images:.2f}", f"{sum(run.tokens for run in some) / images:,.0f}",
            f"{sum(run.usd for run in some) / images:.4f}", f"{sum(run.edits for run in some) / images:.2f}",
            f"{sum(run.prompts for run in some) / len(some):.2f}",
        )  # fmt: skip
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)
