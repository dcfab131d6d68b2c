"""`onbrief doctor`, which checks what a run would use and costs nothing."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated

from cyclopts import Parameter

from onbrief.cli.flags import OUTPUT, Json, LedgerUrl, ModelFlags, given, usual
from onbrief.cli.output import finish, plain


def doctor(
    *,
    about: ModelFlags | None = None,
    out: Annotated[str | None, usual("out"), Parameter(group=OUTPUT)] = None,
    ledger: LedgerUrl = None,
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
        findings = finish(check({**given(about), "out": out, "ledger": ledger}))
    if json_:
        print(json.dumps([asdict(finding) for finding in findings], ensure_ascii=False, indent=2))
    else:
        for finding in findings:
            print(f"{finding.state:8} {finding.about:14} {plain(finding.told)}")
            if finding.advice:
                print(f"{'':8} {'':14} → {plain(finding.advice)}")
    return int(any(finding.state == "error" for finding in findings))
