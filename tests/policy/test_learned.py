"""Rates that were learned from runs: their file, and what the adaptive policy makes of them."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from onbrief.brief import Checklist, Requirement
from onbrief.errors import UsageError
from onbrief.limits import Limits
from onbrief.policy import Adaptive, Generate, Priors, learned_toml, read_learned, usual_priors
from onbrief.policy.means import Cost, Means, Rung
from onbrief.record import Models, Run
from onbrief.run_statistics import RATE_NAMES, Rates
from tests.histories import fresh, history, judged, verdict

LEARNED: Mapping[str, Rates] = {
    "test:painter": {"object": (98, 100), "attribute": (3, 40)},
    'test:od"d\x7f?option=ä': {"object_of_several": (0, 0), "text": (1, 1)},
}
MODEL = '["test:painter"]\n'


def priors(learned: Mapping[str, Rates]) -> Priors:
    return replace(usual_priors(), learned=learned)


# -- the file ---------------------------------------------------------------------------------------------------------


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "learned.toml"
    path.write_text(learned_toml({**LEARNED, "test:without-findings": {}}), encoding="utf-8")
    assert read_learned(path) == LEARNED
    path.write_text(learned_toml({}), encoding="utf-8")
    assert read_learned(path) == {}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[test:painter]", "is not valid TOML"),
        ('["painter"]', "model: 'painter' is not allowed; expected PROVIDER:MODEL"),
        ("rates = 3", "model: 'rates' is not allowed; expected PROVIDER:MODEL"),
        ('"test:painter" = 3', "test:painter: 3 is not allowed; expected a table"),
        (
            f"{MODEL}smell = {{ met = 1, seen = 2 }}",
            "name in test:painter: 'smell' is not allowed; expected one of object count",
        ),
        (f"{MODEL}other = {{ met = 1, seen = 2 }}", "name in test:painter: 'other' is not allowed"),
        (f"{MODEL}count = 0.5", "test:painter: count: 0.5 is not allowed; expected { met = NUMBER, seen = NUMBER }"),
        (f"{MODEL}count = {{ met = 1 }}", "test:painter: count: {'met': 1} is not allowed"),
        (f"{MODEL}count = {{ met = 1, seen = 2, lost = 3 }}", "expected { met = NUMBER, seen = NUMBER }"),
        (f"{MODEL}count = {{ met = 3, seen = 2 }}", "count.met: 3 is not allowed; expected a whole number from 0 to 2"),
        (f"{MODEL}count = {{ met = -1, seen = 2 }}", "count.met: -1 is not allowed; expected a whole number from 0 to 2"),
        (f"{MODEL}count = {{ met = 1, seen = -2 }}", "count.seen: -2 is not allowed; expected a whole number from 0 to"),
        (f"{MODEL}count = {{ met = 0.5, seen = 2 }}", "count.met: 0.5 is not allowed; expected a whole number"),
        (f"{MODEL}count = {{ met = 1, seen = true }}", "count.seen: True is not allowed; expected a whole number"),
        (f"{MODEL}count = {{ met = 1, seen = {10**400} }}", "count.seen: "),
        (f"{MODEL}count = {{ met = 1, seen = inf }}", "count.seen: inf is not allowed"),
    ],
)
def test_what_a_file_may_not_have_is_named_with_what_is_allowed(text: str, told: str, tmp_path: Path) -> None:
    path = tmp_path / "learned.toml"
    path.write_text(text)
    with pytest.raises(UsageError) as caught:
        read_learned(path)
    assert str(caught.value).startswith(f"priors {path}")
    assert told in str(caught.value)
    assert "--priors none" in caught.value.hint


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"priors .*none\.toml cannot be read: No such file"):
        read_learned(tmp_path / "none.toml")


# -- the rates --------------------------------------------------------------------------------------------------------


def test_the_rate_of_before_counts_like_a_few_findings_more() -> None:
    usual, learned = usual_priors(), priors(LEARNED)
    faith = usual.learning["faith"]
    before = usual.rate("test:painter", "attribute")
    assert learned.rate("test:painter", "attribute") == pytest.approx((3 + faith * before) / (40 + faith))
    for model, name in (("test:painter", "count"), ("test:painter?size=big", "attribute"), ("test:sdxl", "attribute")):
        assert learned.rate(model, name) == usual.rate(model, name)


def test_nothing_is_certain_however_much_was_seen() -> None:
    always = {name: (10**9 * (name == "object"), 10**9) for name in RATE_NAMES}
    found = priors({"test:painter": always}).log_odds("test:painter", fresh().checklist or pytest.fail("none"))
    assert -60 < found["r2"] < 0 < found["r1"] < 60


def test_every_rate_of_the_priors_has_a_name_that_is_counted() -> None:
    document = tomllib.loads((Path(__file__).parents[2] / "src/onbrief/policy/priors.toml").read_text())
    for rates in document["rates"].values():
        assert rates.keys() - {"other"} <= set(RATE_NAMES)
        assert {"object_of_several", "attribute_of_several", "other"} <= rates.keys()


def test_what_stands_beside_other_objects_has_a_rate_of_its_own() -> None:
    one = Checklist((Requirement(id="r1", text="a cup", kind="object"), Requirement(id="r2", text="3 cups", kind="count")))
    two = Checklist((*one.requirements, Requirement(id="r3", text="a fork", kind="object")))
    learned = priors({"test:painter": {"object_of_several": (1, 50)}})
    assert learned.log_odds("test:painter", one) == usual_priors().log_odds("test:painter", one)
    usual, found = usual_priors().log_odds("test:painter", two), learned.log_odds("test:painter", two)
    assert [name for name in found if found[name] != usual[name]] == ["r1", "r3"]


# -- what the policy makes of them ------------------------------------------------------------------------------------

LADDER = ("test:cheap", "test:dear")
BAD_AT_LOOKS = {"test:cheap": {"attribute": (1, 100)}}


def on_a_ladder() -> Run:
    return replace(fresh(), models=Models(LADDER[0], "test:critic", "test:writer", ladder=LADDER))


def prices(run: Run) -> Means:
    return Means(rungs=(Rung(picture=Cost(0.01, 5.0)), Rung(picture=Cost(0.04, 5.0))))


def test_a_cheap_model_that_is_known_to_fail_does_not_draw() -> None:
    unknowing = Adaptive(means=prices).next(on_a_ladder(), Limits())
    knowing = Adaptive(means=prices, priors=priors(BAD_AT_LOOKS)).next(on_a_ladder(), Limits())
    assert isinstance(unknowing, Generate)
    assert isinstance(knowing, Generate)
    assert (unknowing.rung, knowing.rung) == (0, 1)


def test_a_run_of_a_model_that_is_known_to_fail_is_given_up_earlier() -> None:
    run = history(*(judged((0, n), verdict({"r2"})) for n in range(2)))
    knowing = Adaptive(give_up_below=0.5, priors=priors({"test:painter": {"attribute": (0, 200)}}))
    assert Adaptive(give_up_below=0.5).next(run, Limits(images=6)) != knowing.next(run, Limits(images=6))
    assert "less than 50%" in getattr(knowing.next(run, Limits(images=6)), "reason", "")


def test_the_same_history_and_the_same_file_lead_to_the_same_step(tmp_path: Path) -> None:
    path = tmp_path / "learned.toml"
    path.write_text(learned_toml(BAD_AT_LOOKS))
    runs = [on_a_ladder(), replace(on_a_ladder(), attempts=(replace(judged((0, 0), verdict({"r2"})), model="test:dear"),))]
    steps = [[Adaptive(means=prices, priors=priors(read_learned(path))).next(run, Limits()) for run in runs] for _ in range(2)]
    assert steps[0] == steps[1]
    policy = Adaptive(means=prices, priors=priors(read_learned(path)))
    path.unlink()  # it was read once
    assert [policy.next(run, Limits()) for run in runs] == steps[0]
