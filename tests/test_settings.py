from __future__ import annotations

from collections.abc import Sequence

import pytest

from onbrief.errors import UsageError
from onbrief.limits import Limits
from onbrief.policy import Classic
from onbrief.settings import Settings


def test_settings_know_their_limits_size_and_policy() -> None:
    settings = Settings(max_images=3, max_usd=1, size="64x128", policy="classic", parallel=2)
    assert settings.limits == Limits(images=3, usd=1.0)
    assert (settings.picture_size, settings.policy_with()) == ((64, 128), Classic(2))


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("sandbox:sdxll", "rates: 'sandbox:sdxll' is not allowed; expected "),
        ("sandbax:sdxl", "rates: 'sandbax:sdxl' is not allowed; expected PROVIDER:MODEL or PROVIDER:*"),
        ("nobody:*", "rates: 'nobody:*' is not allowed; expected PROVIDER:MODEL or PROVIDER:*"),
    ],
)
def test_a_limit_of_no_model_is_refused_before_a_run_uses_it(name: str, message: str) -> None:
    settings = Settings(tables={"rates": {name: "5/min"}})
    with pytest.raises(UsageError) as caught:
        _ = settings.rate_limits
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize(
    ("given", "models"),
    [
        ("sandbox:sdxl", ("sandbox:sdxl",)),
        ("sandbox:sdxl, sandbox:modern", ("sandbox:sdxl", "sandbox:modern")),
        ("bfl:flux?a=1,2,sandbox:modern", ("bfl:flux?a=1,2", "sandbox:modern")),
        (["sandbox:sdxl,sandbox:modern", "fal:flux"], ("sandbox:sdxl", "sandbox:modern", "fal:flux")),
    ],
)
def test_several_image_models_are_a_ladder_in_one_text_or_in_many(given: str | Sequence[str], models: tuple[str, ...]) -> None:
    assert Settings(image_model=given).image_models == models
