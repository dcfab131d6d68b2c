"""The commands that look at the world before anything is paid for: `models` and `doctor`."""

from __future__ import annotations

import asyncio
import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from onbrief.cli.flags import ModelFlags, given
from onbrief.cli.output import plain, say

if TYPE_CHECKING:
    from onbrief.providers.catalogue import ImageModelFacts, LanguageModelFacts

_Json = Annotated[bool, Parameter(name="--json", negative="", help="Print one JSON document.")]


def models(*, json_: _Json = False) -> int:
    """List the models that onbrief knows: image models, editing services, and Claude.

    For example:
        onbrief models
        onbrief models --json

    Prices are in US dollars: the most that a picture costs, and what a million tokens cost.
    Judges and revisers can be other models too, whatever pydantic-ai knows as PROVIDER:MODEL.
    """
    from onbrief.providers.bedrock.catalogue import as_of

    rows = _rows()
    if json_:
        print(json.dumps([asdict(row) for row in rows], ensure_ascii=False, indent=2))
        return 0
    for row in rows:
        state = f"{row.state} {row.ended or ''}".strip()
        print(f"{row.name} ({row.title})\n    {_price(row)}, {state}; takes {row.takes}")
    say(f"as of {as_of()}; `onbrief doctor` asks Bedrock itself")
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
    from onbrief.cli.diagnosis import check

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
    """What is known of one model. `name` is what the settings take. In US dollars, `usd` is the most that a picture costs, and
    `usd_in` and `usd_out` what a million tokens of prompts and of answers cost.
    """

    name: str
    kind: Literal["image", "editing", "language"]
    title: str
    state: str
    ended: str | None
    takes: str
    usd: float | None = None
    usd_in: float | None = None
    usd_out: float | None = None


def _rows() -> list[Row]:
    from onbrief.providers.bedrock.catalogue import editing_services, image_models, language_models

    modern = "sides of 512 to 2048 pixels; draws on this machine, for nothing"
    rows = [
        Row("sandbox:modern", "image", "Sandbox", "active", None, modern, 0.0),
        Row("sandbox:sdxl", "image", "Sandbox of an older make", "active", None, f"{modern}, and errs more often", 0.0),
    ]
    for facts in image_models().values():
        ended = facts.ended.isoformat() if facts.ended else None
        rows.append(Row(f"bedrock:{facts.id}", "image", facts.title, facts.state, ended, _takes(facts), facts.usd))
    for service in editing_services().values():
        takes = "a picture and an instruction" if service.target else "a picture, an instruction and a mask"
        rows.append(Row(f"bedrock:{service.id}", "editing", service.title, "active", None, takes, service.usd))
    for model in language_models().values():
        ended, name = model.ended.isoformat() if model.ended else None, f"bedrock:{model.profile}"
        prices = {"usd_in": model.usd_in, "usd_out": model.usd_out}
        rows.append(Row(name, "language", model.title, model.state, ended, _asked(model), **prices))
    return rows


def _price(row: Row) -> str:
    if row.usd is not None:
        return f"${row.usd:.3g} a picture"
    return f"${row.usd_in:.3g} in, ${row.usd_out:.3g} out a million tokens"


def _asked(facts: LanguageModelFacts) -> str:
    """Sampling parameters, profiles and surcharge prices, in words."""
    sampling = {
        "none": "no sampling parameters",
        "one": "top_k, and temperature or top_p",
        "all": "temperature, top_p and top_k",
    }[facts.sampling]
    others = " ".join(f"{prefix}." for prefix in facts.prefixes[1:])
    surcharge = f", at {facts.regional:g} times the price" if facts.regional != 1 else ""
    long = facts.long
    above = f"; prompts above {long.tokens} tokens ${long.usd_in:.3g} in, ${long.usd_out:.3g} out" if long else ""
    return f"{sampling}; profiles {others} too{surcharge}{above}"


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
