"""The commands that look at the world before anything is paid for: `models` and `doctor`."""

from __future__ import annotations

import asyncio
import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from onbrief.cli.flags import ModelFlags, given
from onbrief.cli.say import plain

if TYPE_CHECKING:
    from onbrief.models.catalogue import ImageModelFacts

_Json = Annotated[bool, Parameter(name="--json", negative="", help="Print one JSON document.")]


def models(*, json_: _Json = False) -> int:
    """List the image models and editing services that onbrief knows.

    For example:
        onbrief models
        onbrief models --json

    Prices are the most that a picture costs, in US dollars, as of November 2026.
    Judges and revisers can be any vision and text model, such as
    bedrock:global.anthropic.claude-sonnet-5.
    """
    rows = _rows()
    if json_:
        print(json.dumps([asdict(row) for row in rows], ensure_ascii=False, indent=2))
        return 0
    for row in rows:
        state = f"{row.state} {row.ended or ''}".strip()
        print(f"{row.name} ({row.title})\n    ${row.usd:.3g} a picture, {state}; takes {row.takes}")
    return 0


def doctor(*, about: ModelFlags | None = None, out: str | None = None, json_: _Json = False) -> int:
    """Check whether runs can work as it is set up, without paying for anything.

    For example:
        onbrief doctor
        onbrief doctor --image-model bedrock:stability.stable-image-core-v1:1 --out s3://my-bucket/art
        onbrief doctor --json

    Looks at settings, credentials, regions, each model's access and life cycle, the place for
    pictures, and the ledger. Into a bucket, one empty object is written, and deleted again.

    Exit codes: 0 all is well, warnings included, 1 something is wrong.

    Parameters
    ----------
    out
        The folder or bucket for pictures, records and the ledger; as set, by default.
    """
    from onbrief.cli.checking import check

    findings = asyncio.run(check({**given(about), "out": out}))
    if json_:
        print(json.dumps([asdict(finding) for finding in findings], ensure_ascii=False, indent=2))
    else:
        for finding in findings:
            print(f"{finding.state:8} {finding.about:14} {plain(finding.told)}")
            if finding.advice:
                print(f"{'':8} {'':14} → {plain(finding.advice)}")
    return int(any(finding.state == "error" for finding in findings))


@dataclass(frozen=True, slots=True)
class Row:
    """What is known of one model. `name` is what the settings take; `usd` is the most that a picture costs."""

    name: str
    kind: Literal["image", "editing"]
    title: str
    usd: float
    state: str
    ended: str | None
    takes: str


def _rows() -> list[Row]:
    from onbrief.models.catalogue import editing_services, image_models

    modern = "sides of 512 to 2048 pixels; draws on this machine, for nothing"
    rows = [
        Row("sandbox:modern", "image", "Sandbox", 0.0, "active", None, modern),
        Row("sandbox:sdxl", "image", "Sandbox of an older make", 0.0, "active", None, f"{modern}, and errs more often"),
    ]
    for facts in image_models().values():
        ended = facts.ended.isoformat() if facts.ended else None
        rows.append(Row(f"bedrock:{facts.id}", "image", facts.title, facts.usd, facts.state, ended, _takes(facts)))
    for change, service in editing_services().items():
        title = f"Stability, to {change} one thing"
        rows.append(Row(f"bedrock:{service.id}", "editing", title, service.usd, "active", None, "a picture and an instruction"))
    return rows


def _takes(facts: ImageModelFacts) -> str:
    """Texts, shapes and options, in words."""
    if facts.grid:
        grid = facts.grid
        shapes = f"sides of {grid.low} to {grid.high} pixels in steps of {grid.step}, up to {grid.ratio:g}:1"
    elif facts.aspect_ratios:
        shapes = "aspect ratios " + " ".join(facts.aspect_ratios)
    else:
        shapes = "sizes " + " ".join(f"{width}x{height}" for width, height in facts.sizes)
    options = f"; options {' '.join(facts.options)}" if facts.options else ""
    return f"prompts of {facts.prompt} characters; {shapes}{options}"
