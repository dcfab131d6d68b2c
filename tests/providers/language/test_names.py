from __future__ import annotations

import pytest

from onbrief.errors import ConfigError, UsageError
from onbrief.ports import ModelName
from onbrief.providers import registry
from onbrief.providers.bedrock.converse import language_model
from onbrief.providers.language.roles import TextPlanner, TextReviser, VisionJudge
from onbrief.settings import Settings
from tests.claude import reach
from tests.sandbox.server.serving import Served

NOWHERE = Served(9, None)


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("temperature=hot", "temperature of judge: 'hot' is not allowed; expected a number from 0 to 2"),
        ("temperature=3", "temperature of judge: '3' is not allowed"),
        ("temperature=nan", "temperature of judge: 'nan' is not allowed"),
        ("top_k=2.5", "top_k of judge: '2.5' is not allowed; expected a whole number from 0 to 500"),
        ("max_tokens=0", "max_tokens of judge: '0' is not allowed"),
        ("region=here", "region of judge: 'here' is not allowed; expected a region of AWS"),
        (
            "heat=1",
            "judge: 'bedrock:global.anthropic.claude-sonnet-5?heat=1' is not allowed; "
            "expected the options temperature, top_p, top_k, max_tokens, timeout, region, not heat",
        ),
    ],
)
def test_an_invalid_option_is_refused_by_name(query: str, message: str, monkeypatch: pytest.MonkeyPatch) -> None:
    reach(NOWHERE, monkeypatch)
    with pytest.raises(UsageError) as caught:
        registry.judge(f"bedrock:?{query}")
    assert str(caught.value).startswith(message)


def test_the_name_has_the_options_and_the_key_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    reach(NOWHERE, monkeypatch)
    model = registry.judge("bedrock:eu.anthropic.claude-sonnet-4-6?temperature=0.5&max_tokens=100")
    assert model.name == "bedrock:eu.anthropic.claude-sonnet-4-6?temperature=0.5&max_tokens=100"
    assert isinstance(model, VisionJudge)
    assert model.model.price(12_000) == pytest.approx((12_000 * 3.3 + 100 * 16.5) / 1e6)


@pytest.mark.parametrize(
    ("option", "values", "region"),
    [
        ({}, {}, "us-west-2"),
        ({}, {"region": "eu-north-1"}, "eu-north-1"),
        ({"region": "eu-central-1"}, {}, "eu-central-1"),
        ({"region": "eu-central-1"}, {"region": "eu-north-1"}, "eu-central-1"),
    ],
)
def test_the_region_is_that_of_the_name_or_of_the_settings_or_of_the_environment(
    option: dict[str, str], values: dict[str, str], region: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    reach(NOWHERE, monkeypatch)
    monkeypatch.delenv("AWS_ENDPOINT_URL_BEDROCK_RUNTIME")
    model = language_model(ModelName("bedrock", "", option), values)
    assert model.client.base_url == f"https://bedrock-runtime.{region}.amazonaws.com"


def test_all_language_models_are_asked_in_the_region_of_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    reach(NOWHERE, monkeypatch)
    for name in ("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", "AWS_REGION"):
        monkeypatch.delenv(name)
    crew = Settings(judge="bedrock:", reviser="bedrock:", tables={"bedrock": {"region": "ap-northeast-1"}}).crew()
    assert isinstance(crew.judge, VisionJudge)
    assert isinstance(crew.planner, TextPlanner)
    assert isinstance(crew.reviser, TextReviser)
    asked = {member.model.client.base_url for member in (crew.judge, crew.planner, crew.reviser)}
    assert asked == {"https://bedrock-runtime.ap-northeast-1.amazonaws.com"}


def test_an_invalid_region_is_refused_wherever_it_comes_from() -> None:
    with pytest.raises(UsageError, match=r"^bedrock\.region: 'here' is not allowed; expected a region of AWS"):
        registry.judge("bedrock:", {"bedrock": {"region": "here"}})


def test_a_missing_region_is_a_configuration_error(monkeypatch: pytest.MonkeyPatch) -> None:
    reach(NOWHERE, monkeypatch)
    monkeypatch.delenv("AWS_REGION")
    with pytest.raises(ConfigError, match="region"):
        registry.judge("bedrock:")


def test_options_of_aws_are_not_for_others() -> None:
    pytest.importorskip("openai")
    options = "temperature, top_p, top_k, max_tokens, timeout, usd_in, usd_out, base_url"
    with pytest.raises(UsageError, match=f"expected the options {options}, not region"):
        registry.judge("openai:gpt-5?region=us-west-2")
