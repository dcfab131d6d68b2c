"""How each brief of a batch ended, and all of them together: what its results.jsonl, results.csv and summary.json hold."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any, Literal, Self, get_args

from onbrief.errors import Outcome, UsageError
from onbrief.record import Run

if TYPE_CHECKING:
    from pydantic import TypeAdapter

ResultState = Outcome | Literal["invalid"]
STATES: tuple[ResultState, ...] = (*get_args(Outcome), "invalid")


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """How one brief of a batch ended.

    `id` is that of its row, `number` the line or row that it comes from, `text` the brief. `outcome` is that of its run, or
    "invalid" for a row that is no brief and was left out; then `reason` says what is wrong with it, and there is no `run_id`.
    `picture` is the key of the best picture in the batch's folder or bucket, and `thumbnail` and `report` those of its small
    copy and of its page; they are empty if there are none. `unmet` are the musts that the best picture does not meet, and
    `reserved` those that are in doubt in a picture that passed. `usd` is what the run has cost in US dollars, None if that is
    unknown, and `seconds` how long its last session took. Times are ISO 8601, UTC.
    """

    id: str
    number: int
    text: str
    outcome: ResultState
    reason: str = ""
    run_id: str = ""
    picture: str = ""
    width: int = 0
    height: int = 0
    thumbnail: str = ""
    report: str = ""
    model: str = ""
    unmet: tuple[str, ...] = ()
    reserved: tuple[str, ...] = ()
    images: int = 0
    usd: float | None = 0.0
    unknown_calls: int = 0
    seconds: float = 0.0
    started: str = ""
    ended: str = ""

    @classmethod
    def of(cls, run: Run, row_id: str, number: int, *, picture: str | None = None, thumbnail: str = "") -> Result:
        """Return the result of a run that has ended. `picture` is the key of its best picture, if that is not the usual one."""
        assert run.outcome is not None
        best = run.best
        image = best.image if best else None
        texts = {r.id: r.text for r in run.checklist.musts} if run.checklist else {}
        verdict = best.verdict if best else None
        return cls(
            id=row_id,
            number=number,
            text=run.brief.text,
            outcome=run.outcome,
            reason=run.reason,
            run_id=run.run_id,
            picture="" if image is None else picture or image.key,
            width=image.width if image else 0,
            height=image.height if image else 0,
            thumbnail=thumbnail,
            report=f"{run.run_id}/report.html",
            model=best.model if best else "",
            unmet=tuple(texts[f.id] for f in verdict.unmet if f.id in texts) if verdict and not verdict.passed else (),
            reserved=tuple(texts[f.id] for f in verdict.reserved if f.id in texts) if verdict and verdict.passed else (),
            images=run.usage.images,
            usd=run.usage.usd,
            unknown_calls=run.usage.unknown_calls,
            seconds=run.usage.seconds,
            started=run.started,
            ended=run.ended or "",
        )

    def to_json(self) -> str:
        """Return the result as one line of JSON, without a line break at its end."""
        return _adapter().dump_json(self).decode()

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """Return the result that a line from `to_json` describes. Fields of later versions are left out.

        Raises:
            UsageError: it is not such a line.
        """
        from pydantic import ValidationError

        try:
            return _adapter().validate_json(text)  # pyright: ignore[reportReturnType]
        except (ValueError, ValidationError) as error:
            raise UsageError(f"not a line of results.jsonl: {error}") from error


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSummary:
    """How the briefs ended whose best picture one image model has drawn."""

    briefs: int = 0
    passed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """All results of a batch together: its summary.json, which docs/batch-results.md explains.

    `started` is when the batch was first begun, `ended` when it last stopped, None while it goes on; ISO 8601, UTC. `seconds`
    is how long it has worked, without the pauses between its sessions. `briefs` is how many rows it has, `done` how many have a
    result. `usd` is None if the price of any call is unknown; `known_usd` is the sum of those that are known. `pass_rate` is
    that of the briefs that have a run, from 0 to 1, None without any. `limits` are those of the command.
    """

    name: str
    started: str
    ended: str | None = None
    seconds: float = 0.0
    briefs: int = 0
    done: int = 0
    outcomes: Mapping[str, int] = field(default_factory=dict[str, int])
    pass_rate: float | None = None
    images: int = 0
    usd: float | None = 0.0
    known_usd: float = 0.0
    usd_per_passed: float | None = None
    unknown_calls: int = 0
    models: Mapping[str, ModelSummary] = field(default_factory=dict[str, ModelSummary])
    limits: Mapping[str, Any] = field(default_factory=dict[str, Any])

    @classmethod
    def of(
        cls,
        name: str,
        results: Sequence[Result],
        *,
        started: str,
        ended: str | None = None,
        seconds: float = 0.0,
        briefs: int | None = None,
        limits: Mapping[str, Any] | None = None,
    ) -> Summary:
        """Return the summary of these results. `briefs` is how many rows there are, by default as many as results."""
        counts = Counter(result.outcome for result in results)
        runs = len(results) - counts["invalid"]
        drawn, passed = (
            Counter(result.model for result in results if result.model and result.outcome in states)
            for states in (STATES, ("passed",))
        )
        prices = [result.usd for result in results]
        known = math.fsum(usd for usd in prices if usd is not None)
        usd = None if None in prices else known
        return cls(
            name=name,
            started=started,
            ended=ended,
            seconds=round(seconds, 3),
            briefs=max(len(results), briefs or 0),
            done=len(results),
            outcomes={state: counts[state] for state in STATES},
            pass_rate=counts["passed"] / runs if runs else None,
            images=sum(result.images for result in results),
            usd=usd,
            known_usd=known,
            usd_per_passed=usd / counts["passed"] if usd is not None and counts["passed"] else None,
            unknown_calls=sum(result.unknown_calls for result in results),
            models={model: ModelSummary(briefs=count, passed=passed[model]) for model, count in drawn.most_common()},
            limits=dict(limits or {}),
        )

    def to_json(self) -> str:
        """Return the text of summary.json."""
        return json.dumps(asdict(self), ensure_ascii=False, indent=2) + "\n"


@cache
def _adapter() -> TypeAdapter[Result]:
    from pydantic import TypeAdapter

    return TypeAdapter(Result)
