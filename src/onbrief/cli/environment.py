"""`onbrief models` and `onbrief doctor`, which show what a run could use and cost nothing."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from onbrief.cli.flags import OUTPUT, Json, ModelFlags, given, usual
from onbrief.cli.output import finish, plain, say

if TYPE_CHECKING:
    from onbrief.ports import ListedModel


def models(*, json_: Json = False) -> int:
    """List the models of the installed providers: image models, editing services and language models.

    For example:
        onbrief models
        onbrief models --json

    Prices are in US dollars: the maximum price of a picture, and the prices of a million tokens.
    Other models can be named as PROVIDER:MODEL too, if their provider accepts them. A name that
    ends with a colon stands for all models of a service.

    Parameters
    ----------
    json_
        Print one JSON document.
    """
    from onbrief.providers import registry

    rows = registry.models()
    if json_:
        print(json.dumps([asdict(row) for row in rows], ensure_ascii=False, indent=2))
        return 0
    for row in rows:
        state = f"{row.state} {row.ended or ''}".strip()
        print(f"{row.name} ({row.title})\n    {_price(row)}, {state}; takes {row.takes}")
    for month, provider in dict.fromkeys((row.as_of, row.name.partition(":")[0]) for row in rows if row.as_of):
        say(f"{provider}: as of {month}; `onbrief doctor` asks the provider itself")
    for error in registry.broken().values():
        say(f"warning: {error}")
    return 0


def doctor(
    *,
    about: ModelFlags | None = None,
    out: Annotated[str | None, usual("out"), Parameter(group=OUTPUT)] = None,
    json_: Json = False,
) -> int:
    """Check that runs can work with the current settings, without paying for anything.

    For example:
        onbrief doctor
        onbrief doctor --image-model PROVIDER:MODEL --out s3://my-bucket/art
        onbrief doctor --json

    Checks settings, credentials, regions, each model's access and life cycle, the place for
    pictures, and the ledger. In a bucket, it writes one empty object and deletes it.

    Exit codes: 0 no errors (warnings are allowed), 1 at least one error.

    Parameters
    ----------
    out
        The folder or bucket for pictures, records and the ledger.
    json_
        Print one JSON document.
    """
    from onbrief.cli.diagnosis import check
    from onbrief.progress import waiting

    with waiting("asking the providers"):
        findings = finish(check({**given(about), "out": out}))
    if json_:
        print(json.dumps([asdict(finding) for finding in findings], ensure_ascii=False, indent=2))
    else:
        for finding in findings:
            print(f"{finding.state:8} {finding.about:14} {plain(finding.told)}")
            if finding.advice:
                print(f"{'':8} {'':14} → {plain(finding.advice)}")
    return int(any(finding.state == "error" for finding in findings))


def _price(row: ListedModel) -> str:
    if row.usd is not None:
        return f"${row.usd:.3g} a picture"
    if row.usd_in is None:
        return "priced by its provider"
    return f"${row.usd_in:.3g} in, ${row.usd_out:.3g} out a million tokens"
