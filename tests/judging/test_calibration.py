"""Labels, what they say about a judge, the rule that follows, and the profile that holds it."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from onbrief.attempt import Answer, Finding
from onbrief.brief import Kind
from onbrief.errors import UsageError
from onbrief.judging.calibration import accepted, agreement, agreements, calibrate, scalings, together
from onbrief.judging.decide import verdict
from onbrief.judging.labels import LabelledFinding, agreed_labels, read_lines
from onbrief.judging.profile import Fingerprint, Profile, questions_digest
from onbrief.judging.rule import FAIR, Rule
from onbrief.judging.scaling import Scaling
from onbrief.judging.statistics import interval
from onbrief.judging.thresholds import Belief, Rate
from onbrief.ports import LabelWord
from onbrief.settings import Settings
from tests.histories import CHECKLIST

ONE = LabelledFinding(run="a", attempt="000-000", requirement="r1", judge="j:m", verdict="met", probability=0.9, label="yes")


def found(
    label: LabelWord, verdict: Answer, probability: float, kind: Kind = "object", *, run: str = "a", must: bool = True
) -> LabelledFinding:
    return replace(ONE, label=label, verdict=verdict, probability=probability, kind=kind, run=run, must=must)


def pictures(number: int, seed: int, *, false_accept: float = 0.02, false_refusal: float = 0.1) -> list[LabelledFinding]:
    """Pictures of three requirements, of which a judge with these rates says what it sees, surer or less sure."""
    draw = random.Random(seed)  # noqa: S311 - the same ones each time
    made: list[LabelledFinding] = []
    for run in range(number):
        for place in range(3):
            met = draw.random() < 0.7
            seen = draw.random() >= false_refusal if met else draw.random() < false_accept
            probability = draw.uniform(0.75, 0.99) if seen else draw.uniform(0.01, 0.19)
            told: LabelWord = "yes" if met else "no"
            kind: Kind = "count" if place == 2 else "object"
            one = found(told, "met" if seen else "unmet", round(probability, 2), kind, run=f"{seed}-{run}")
            made.append(replace(one, requirement=f"r{place}"))
    return made


# -- agreement --------------------------------------------------------------------------------------------------------


def test_agreement_counts_what_the_rule_accepts_of_what_people_say() -> None:
    labels = [
        *[found("yes", "met", 0.9)] * 6,
        found("yes", "borderline", 0.5),
        found("yes", "unmet", 0.1),
        *[found("no", "unmet", 0.05)] * 3,
        found("no", "borderline", 0.4, "count"),
        found("no", "undecided", 0.5),
        found("debatable", "borderline", 0.45),
    ]
    all_, count, object_ = agreements(labels, FAIR)
    assert (all_.kind, count.kind, object_.kind) == (None, "count", "object")
    assert all_.labels == {"yes": 8, "no": 5, "debatable": 1}
    assert (all_.false_accepts.hits, all_.false_accepts.trials) == (1, 5)
    assert (all_.false_refusals.hits, all_.false_refusals.trials) == (1, 8)
    assert all_.borderline == pytest.approx(3 / 14)
    assert all_.undecided == pytest.approx(1 / 14)
    # Sure or not, 7 of 8 that are met and 4 of 4 that are not lie on their side of one half.
    expected = (11 / 12 - (7 * 8 + 5 * 4) / 144) / (1 - (7 * 8 + 5 * 4) / 144)
    assert all_.kappa == pytest.approx(expected)
    assert all_.auroc == pytest.approx((6 * 4 + 4 + 3) / 32)
    assert count.missing == {"yes": 10, "no": 9}
    strict = agreement(labels, Rule.named("strict"))
    assert (strict.false_accepts.hits, strict.false_refusals.hits) == (0, 2)


def test_intervals_are_exact_and_wider_for_pictures_of_one_run() -> None:
    apart = [found("no", "met" if n < 4 else "unmet", 0.8 if n < 4 else 0.1, run=str(n)) for n in range(40)]
    rate = agreement(apart, FAIR).false_accepts
    low, high = interval(4 / 1.0256410256, 40 / 1.0256410256)
    assert (rate.low, rate.high) == pytest.approx((low, high))
    together = [replace(label, run=str(n // 4)) for n, label in enumerate(apart)]
    assert agreement(together, FAIR).false_accepts.high > 1.3 * rate.high


def test_people_who_contradict_each_other_make_it_debatable() -> None:
    labels = [replace(ONE, by="a"), replace(ONE, by="b"), replace(ONE, by="c", label="no"), replace(ONE, judge="j:other")]
    assert [(one.judge, one.label) for one in agreed_labels(labels)] == [("j:m", "debatable"), ("j:other", "yes")]
    assert [one.label for one in agreed_labels(labels[:2])] == ["yes"]


# -- the rule ---------------------------------------------------------------------------------------------------------


def test_a_judge_that_people_agree_with_needs_no_confirmation() -> None:
    chosen = calibrate(pictures(150, 1, false_accept=0.0), FAIR, 0.05).rule
    assert chosen.confirm == "borderline"
    assert chosen.floor < chosen.high == FAIR.high


def test_a_judge_that_is_sure_of_what_is_wrong_is_confirmed_always_and_must_be_surer() -> None:
    labels = pictures(400, 1, false_accept=0.15)
    chosen = calibrate(labels, FAIR, 0.05)
    assert chosen.rule.confirm == "always"
    assert chosen.rule.high > FAIR.high
    assert chosen.requirements[0].high <= 0.05
    assert calibrate(labels, FAIR, 0.02).rule.high >= chosen.rule.high


def test_a_strict_rule_stays_strict() -> None:
    chosen = calibrate(pictures(150, 1, false_accept=0.0), Rule.named("strict"), 0.05).rule
    assert not chosen.accepts(Finding("r1", "borderline", 0.99), "object")


@pytest.mark.parametrize("seed", range(3))
def test_what_was_promised_holds_for_other_pictures(seed: int) -> None:
    chosen = calibrate(pictures(400, seed), FAIR, 0.05)
    others = agreement(pictures(1000, 100 + seed), chosen.rule)
    assert others.false_accepts.share <= 0.05
    assert chosen.requirements[1].low <= others.false_refusals.share <= chosen.requirements[1].high


def test_what_a_pass_is_worth_is_foreseen() -> None:
    chosen = calibrate(pictures(500, 1), FAIR, 0.05)
    others = pictures(2000, 7)
    each = [others[at : at + 3] for at in range(0, len(others), 3)]
    right = [all(one.label == "yes" for one in picture) for picture in each]
    passed = [
        is_right for picture, is_right in zip(each, right, strict=True) if all(accepted(one, chosen.rule) for one in picture)
    ]
    belief = Belief.of(*chosen.pictures, sum(right) / len(right), 1)
    assert belief.low <= sum(passed) / len(passed) <= belief.high


def test_a_picture_is_wrong_if_one_of_its_musts_is() -> None:
    labels = [*pictures(150, 1, false_accept=0.0, false_refusal=0.0), found("no", "unmet", 0.1, run="0-nice", must=False)]
    wrong, right = calibrate(labels, FAIR, 0.05).pictures
    assert wrong.trials + right.trials == 150
    assert (wrong.hits, right.hits) == (0, 0)


def test_too_few_labels_say_how_many_are_missing() -> None:
    labels = [found("no", "unmet", 0.1, run=str(n)) for n in range(71)]
    with pytest.raises(UsageError, match=r"71 requirements .* at least 72 .* 0\.05 .*; 1 are missing") as raised:
        calibrate(labels, FAIR, 0.05)
    assert "object 71" in raised.value.hint
    with pytest.raises(UsageError, match=r"0 requirements .* 183 are missing"):
        calibrate([], FAIR, 0.02)


def test_a_kind_with_few_labels_has_the_scaling_of_all_together() -> None:
    labels = pictures(60, 1)
    fitted = scalings([*labels, found("yes", "met", 0.9, "style")])
    assert fitted["style"] not in (fitted["object"], fitted["count"])
    assert scalings([]) == {}


def test_judges_together_are_worth_more_than_one() -> None:
    first = pictures(200, 1, false_accept=0.15)
    second = [
        replace(mine, judge="j:other", label=one.label, requirement=one.requirement, run=one.run)
        for one, mine in zip(first, _looked_again(first), strict=True)
    ]
    one, two = agreement(first, FAIR), together([*first, *second], 0.05)
    assert two
    assert two.judges == ("j:m", "j:other")
    assert one.auroc
    assert two.auroc
    assert two.auroc > one.auroc + 0.02
    assert two.false_accepts.high <= 0.05
    assert two.all_agree[0].share < one.false_accepts.share / 3
    assert together(first, 0.05) is None
    assert together([*first, replace(second[0], requirement="r9")], 0.05) is None


def _looked_again(labels: list[LabelledFinding]) -> list[LabelledFinding]:
    """What another judge with the same rates of errors says of the same requirements, independently."""
    draw = random.Random(9)  # noqa: S311 - the same ones each time
    seen = [draw.random() < (0.9 if label.label == "yes" else 0.15) for label in labels]
    return [found("yes", "met" if is_seen else "unmet", 0.9 if is_seen else 0.1) for is_seen in seen]


# -- the rule at work -------------------------------------------------------------------------------------------------


def test_a_scaled_answer_is_decided_by_what_it_means_and_keeps_what_the_judge_said() -> None:
    overconfident = Rule(scaling={requirement.kind: Scaling(0.5, -1.0) for requirement in CHECKLIST.requirements})
    findings = [Finding(requirement.id, "met", 0.95, "seen") for requirement in CHECKLIST.requirements]
    decided = verdict(CHECKLIST, findings, overconfident)  # .95 means .62
    assert {(finding.verdict, finding.probability) for finding in decided.findings} == {("borderline", 0.95)}
    assert decided.passed
    assert not verdict(CHECKLIST, findings, replace(overconfident, floor=0.7)).passed
    measured = [replace(finding, source="pixels") for finding in findings]
    assert verdict(CHECKLIST, measured, overconfident).ids("met") == {finding.id for finding in findings}
    doubter = replace(overconfident, scaling={requirement.kind: Scaling(1.0, 3.0) for requirement in CHECKLIST.requirements})
    unmet = verdict(CHECKLIST, [Finding(finding.id, "unmet", 0.3) for finding in findings], doubter)  # .3 means .9
    assert unmet.ids("met") == frozenset()
    assert unmet.passed  # with a reservation for each must


def test_the_product_of_all_musts_can_refuse() -> None:
    findings = [Finding(requirement.id, "met", 0.8) for requirement in CHECKLIST.requirements]
    musts = len(CHECKLIST.musts)
    assert verdict(CHECKLIST, findings, Rule(joint=0.8**musts - 0.01)).passed
    assert not verdict(CHECKLIST, findings, Rule(joint=0.8**musts + 0.01)).passed


# -- lines ------------------------------------------------------------------------------------------------------------


def test_lines_come_back_as_they_were_written() -> None:
    labels = [ONE, replace(ONE, note="é\u2028", by="née")]
    assert read_lines("".join(f"{one.to_json()}\n\n" for one in labels).split("\n"), "labels.jsonl") == labels


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("{", "is not valid JSON"),
        ("[" * 9999, "is not valid JSON"),
        ("[1]", "an object"),
        ("{}", "run in labels.jsonl, line 3"),
        ({"label": "maybe"}, "label in labels.jsonl, line 3: 'maybe' is not allowed; expected 'yes', 'no' or 'debatable'"),
        ({"probability": 1.5}, "probability: 1.5 is not allowed"),
        ({"probability": "x"}, "probability in labels.jsonl, line 3"),
        ({"kind": "smell"}, "kind in labels.jsonl, line 3"),
        ({"verdict": "fine"}, "verdict in labels.jsonl, line 3"),
    ],
)
def test_a_broken_line_is_named_by_its_number(line: str | dict[str, Any], problem: str) -> None:
    text = line if isinstance(line, str) else json.dumps(json.loads(ONE.to_json()) | line)
    with pytest.raises(UsageError) as raised:
        read_lines(["", ONE.to_json(), text], "labels.jsonl")
    assert problem in str(raised.value)
    assert "labels.jsonl, line 3" in str(raised.value)


# -- profiles ---------------------------------------------------------------------------------------------------------

PROFILE = Profile(
    fingerprint=Fingerprint.of("sandbox:", "fair"),
    made="2026-11-22T10:15:00.000Z",
    max_false_accept=0.05,
    floor=0.42,
    high=0.8,
    confirm="always",
    scaling={"object": Scaling(0.8, -0.1)},
    labels={"yes": 200, "no": 100},
    false_accepts=Rate(1, 100, 0.0, 0.05),
    false_refusals=Rate(20, 200, 0.06, 0.15),
)


def test_runs_use_the_profile_of_their_judge_and_no_other(tmp_path: Path) -> None:
    path = tmp_path / "p.json"
    path.write_text(PROFILE.to_json())
    assert Profile.read(path) == PROFILE
    settings = Settings(image_model="sandbox:", judge="sandbox:", profile=str(path))
    assert settings.rule == Rule(floor=0.42, high=0.8, confirm="always", scaling=PROFILE.scaling)
    assert "borderline from 0.42 on" in settings.calibration_notes[0]
    for changed, stale in (
        ({"judge": "sandbox:sdxl"}, "judge sandbox:"),
        ({"strictness": "strict"}, "strictness fair"),
    ):
        other = replace(settings, **changed)
        assert other.rule == replace(other, profile="").rule
        assert f"stale and not applied: it was made with {stale}" in other.calibration_notes[0]
    path.write_text(replace(PROFILE, fingerprint=replace(PROFILE.fingerprint, questions="0" * 16)).to_json())
    assert settings.rule == FAIR
    assert "other questions" in settings.calibration_notes[0]


@pytest.mark.parametrize(
    ("place", "broken"),
    [
        ("", ""),
        ("", "{"),
        ("", "[]"),
        ("", "{}"),
        ('"schema": 1', '"schema": 2'),
        ('"floor": 0.42', '"floor": -1'),
        ('"floor": 0.42', '"floor": NaN'),
        ('"high": 0.8', '"high": 7'),
        ('"slope": 0.8', '"slope": NaN'),
        ('"slope": 0.8', '"slope": -1'),
        ('"confirm": "always"', '"confirm": "perhaps"'),
    ],
)
def test_an_unreadable_profile_is_a_clear_error(place: str, broken: str, tmp_path: Path) -> None:
    path = tmp_path / "p.json"
    path.write_text(PROFILE.to_json().replace(place, broken) if place else broken)
    for profile in (path, tmp_path / "missing.json"):
        with pytest.raises(UsageError, match=profile.name) as raised:
            _ = Settings(image_model="sandbox:", profile=str(profile)).rule
        assert "onbrief calibrate" in raised.value.hint


def test_the_digest_of_the_questions_is_the_same_in_every_process() -> None:
    assert questions_digest() == questions_digest.__wrapped__()
    assert len(questions_digest()) == 16
