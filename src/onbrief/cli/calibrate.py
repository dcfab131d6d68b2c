"""`onbrief calibrate`: what labels say about a judge, and the rule that follows from it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from onbrief.cli.flags import OUTPUT, Json, LedgerUrl, ModelFlags, Place, given
from onbrief.cli.output import finish, put, say, write
from onbrief.config import load, profile_path
from onbrief.documents import read_text
from onbrief.errors import UsageError
from onbrief.settings import NO_PROFILE

_MOST_BYTES = 1_000_000_000  # of a file of labels

if TYPE_CHECKING:
    from onbrief.judging.calibration import Agreement, Calibration, Together
    from onbrief.judging.labels import LabelledFinding
    from onbrief.judging.rule import Strictness
    from onbrief.judging.thresholds import Rate


def calibrate(
    *files: Path,
    max_false_accept: float = 0.05,
    true_rate: float = 0.1,
    attempts: int | None = None,
    models: ModelFlags | None = None,
    output: Annotated[Path | None, Parameter(alias="-o", group=OUTPUT)] = None,
    out: Place = None,
    ledger: LedgerUrl = None,
    json_: Json = False,
) -> int:
    """Compare a judge with what people say, and choose the rule by which pictures pass.

    For example:
        onbrief calibrate
        onbrief calibrate labels.jsonl more.jsonl --max-false-accept 0.02
        onbrief calibrate --true-rate 0.2 --attempts 8 -o judge.json

    Prints, for each judge and kind of requirement: how often it accepts what is labelled no and
    refuses what is labelled yes, with exact intervals of 95%, agreement, and how much is in doubt.
    Then it writes a profile of the judge, which runs with that judge use from then on.

    Parameters
    ----------
    files
        Files written by `onbrief label --export`; by default the labels of the runs in `out`.
    max_false_accept
        The largest share of unmet requirements, and so of wrong pictures, that may be accepted.
    true_rate
        The share of right ones among the pictures that runs judge, for how much to believe a pass.
    attempts
        The number of attempts of a run, likewise; by default the setting `max_images`.
    output
        The file of the profile, instead of the one that runs find by themselves.
    json_
        Print one JSON document.
    """
    from onbrief.judging.calibration import agreements, together
    from onbrief.judging.calibration import calibrate as calibrated
    from onbrief.judging.labels import agreed_labels
    from onbrief.judging.rule import Rule

    for name, value in (("max_false_accept", max_false_accept), ("true_rate", true_rate)):
        if not 0 < value < 1:
            raise UsageError.of(name, value, "a share between 0 and 1")
    settings = load({**given(models), "out": out, "ledger": ledger, "profile": NO_PROFILE})[0]
    attempts = settings.max_images if attempts is None else attempts
    if not 1 <= attempts <= 10_000:
        raise UsageError.of("attempts", attempts, "a whole number from 1 to 10000")
    labels = agreed_labels(_read(files, out, ledger))
    if not labels:
        raise UsageError("there are no labels to learn from", hint="say what you see in pictures first: onbrief label RUN")
    judges = sorted({one.judge for one in labels})
    rule = Rule.named(settings.strictness, settings.max_reservations, settings.confirm)
    of_judge = {judge: [one for one in labels if one.judge == judge] for judge in judges}
    report = {judge: agreements(own, rule) for judge, own in of_judge.items()}
    if not json_:
        for judge, rows in report.items():
            _print_agreement(judge, rows)
        _print_together(together(labels, max_false_accept), max_false_accept)
    judge = settings.judge if settings.judge in judges else judges[0] if len(judges) == 1 else ""
    if not judge:
        raise UsageError.of("judge", settings.judge, f"a judge with labels: {' or '.join(judges)}")
    found = calibrated(of_judge[judge], rule, max_false_accept)
    document = _profile(judge, settings.strictness, found, of_judge[judge], max_false_accept)
    path = output or profile_path(judge)
    if path is None:
        raise UsageError("output: there is no home directory for the profile; name a file")
    belief = _belief(found, true_rate, attempts)
    if json_:
        kinds = {judge: [asdict(row) for row in rows] for judge, rows in report.items()}
        told = {"agreement": kinds, "profile": json.loads(document), "belief": belief, "output": str(path)}
        put(json.dumps(told, ensure_ascii=False, indent=2) + "\n")
    else:
        _print_calibration(judge, found, max_false_accept)
        _say_what_to_know(found, agreements(of_judge[judge], found.rule)[1:])
        _print_belief(found, belief, true_rate, attempts)
    write(path, document)
    say(f"written: {path}" + ("" if output is None else f"; use it with --profile {path}"))
    return 0


def _read(files: Sequence[Path], out: str | None, ledger: str | None) -> list[LabelledFinding]:
    from onbrief.judging.labels import read_lines
    from onbrief.pursuit import Workspace
    from onbrief.pursuit.labelling import all_labels

    if not files:
        with Workspace.existing(load({"out": out, "ledger": ledger, "profile": NO_PROFILE})[0]) as workspace:
            return finish(all_labels(workspace))
    found: list[LabelledFinding] = []
    for path in files:
        found += read_lines(read_text(path, _MOST_BYTES).split("\n"), str(path))
    return found


def _profile(judge: str, strictness: Strictness, found: Calibration, labels: Sequence[LabelledFinding], ceiling: float) -> str:
    from onbrief.judging.calibration import agreement
    from onbrief.judging.profile import Fingerprint, Profile
    from onbrief.ledger.owner import now

    return Profile(
        fingerprint=Fingerprint.of(judge, strictness),
        made=now(),
        max_false_accept=ceiling,
        floor=found.rule.floor,
        high=found.rule.high,
        confirm=found.rule.confirm,
        scaling=found.scaling,
        labels=agreement(labels, found.rule).labels,
        false_accepts=found.pictures[0],
        false_refusals=found.pictures[1],
    ).to_json()


def _print_agreement(judge: str, rows: Sequence[Agreement]) -> None:
    print(f"{judge}")
    print(
        f"  {'':10} {'yes':>5} {'no':>5} {'debatable':>9}  {'false accepts':24} {'false refusals':24} "
        f"{'kappa':>5} {'AUROC':>5} {'borderline':>10} {'undecided':>9}"
    )
    for row in rows:
        print(
            f"  {row.kind or 'all':10} {row.labels['yes']:5} {row.labels['no']:5} {row.labels['debatable']:9}  "
            f"{_rate(row.false_accepts):24} {_rate(row.false_refusals):24} "
            f"{_figure(row.kappa):>5} {_figure(row.auroc):>5} {row.borderline:10.0%} {row.undecided:9.0%}"
        )
    for row in rows[1:]:
        if row.missing:
            missing = " and ".join(f"{number} more labelled {name}" for name, number in row.missing.items())
            say(f"{row.kind}: too few labels for a scaling of its own, {missing} are missing; it has that of all kinds")


def _print_together(found: Together | None, ceiling: float) -> None:
    if found:
        print(f"{', '.join(found.judges)} together: AUROC {_figure(found.auroc)}")
        weighed = f"false accepts {_rate(found.false_accepts)}, false refusals {_rate(found.false_refusals)}"
        print(f"  weighed, for at most {ceiling:g}: {weighed}")
        print(f"  all of them say met: false accepts {_rate(found.all_agree[0])}, false refusals {_rate(found.all_agree[1])}")


def _print_calibration(judge: str, found: Calibration, ceiling: float) -> None:
    rule = found.rule
    floor = f"from {rule.floor:.3f} on" if rule.floor < rule.high else "never"
    print(f"\n{judge}, for at most {ceiling:g} false accepts:")
    print(f"  borderline is accepted {floor}; an answer is sure from {rule.high:.3f} on; confirmation: {rule.confirm}")
    for kind, scaling in found.scaling.items():
        print(f"  {kind}: .95 means {scaling(0.95):.2f}, .5 means {scaling(0.5):.2f}, .05 means {scaling(0.05):.2f}")
    print(f"  of requirements: false accepts {_rate(found.requirements[0])}, false refusals {_rate(found.requirements[1])}")
    print(f"  of pictures:     false accepts {_rate(found.pictures[0])}, false refusals {_rate(found.pictures[1])}")


def _say_what_to_know(found: Calibration, kinds: Sequence[Agreement]) -> None:
    for row in kinds:
        if row.labels["yes"] and row.false_refusals.hits == row.false_refusals.trials:
            say(f"{row.kind}: no answer is sure enough for this ceiling, so no picture with such a must would pass")
    if found.unconfirmed:
        say(
            f"the rule asks for a second look before a pass, and {found.unconfirmed} labelled pictures that pass had none; "
            "what it would change is not known, so the intervals below are wider. To know it, judge with --confirm "
            f"{found.rule.confirm}, and label these runs"
        )


def _belief(found: Calibration, true_rate: float, attempts: int) -> dict[str, float]:
    from onbrief.judging.thresholds import Belief

    return asdict(Belief.of(*found.expected, true_rate, attempts))


def _print_belief(found: Calibration, belief: dict[str, float], true_rate: float, attempts: int) -> None:
    if not found.pictures[0].trials or not found.pictures[1].trials:
        say("how much to believe a pass is not known: label a right and a wrong picture, all requirements of each")
    print(
        f"\nif {true_rate:g} of all pictures are right, {belief['precision']:.2f} of those that pass are right "
        f"({belief['low']:.2f} to {belief['high']:.2f}), and {belief['wrong_runs']:.2f} of runs of {attempts} attempts "
        f"pass with a wrong one ({belief['wrong_runs_low']:.2f} to {belief['wrong_runs_high']:.2f})"
    )


def _rate(rate: Rate) -> str:
    return f"{rate.hits}/{rate.trials} ({rate.low:.3f} to {rate.high:.3f})"


def _figure(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"
