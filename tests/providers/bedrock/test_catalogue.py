"""The catalogue's entries for Claude agree with genai-prices and with the requests that are sent."""

from __future__ import annotations

import pytest

from onbrief.ports import ModelName
from onbrief.providers.bedrock.catalogue import language_models, lifecycle_note
from onbrief.providers.bedrock.converse import language_model
from onbrief.providers.language.model import LanguageModel
from tests.claude import SAMPLING, reach
from tests.sandbox.server.serving import Served

PROFILES = [(facts.id, prefix) for facts in language_models().values() for prefix in facts.prefixes]
MOST = 1_000  # tokens of an answer


@pytest.fixture(autouse=True)
def _reached(monkeypatch: pytest.MonkeyPatch) -> None:
    reach(Served(9, None), monkeypatch)


def made(name: str) -> LanguageModel:
    return language_model(ModelName("bedrock", name, {**SAMPLING, "max_tokens": str(MOST)}), {})


@pytest.mark.parametrize(("name", "prefix"), PROFILES)
@pytest.mark.parametrize("tokens", [10_000, 150_000])
def test_prices_agree_with_genai_prices(name: str, prefix: str, tokens: int) -> None:
    facts = language_models()[name]
    at = facts.long if facts.long and tokens > facts.long.tokens else facts
    times = 1.0 if prefix == facts.prefixes[0] else facts.regional
    usd = times * (tokens * at.usd_in + MOST * at.usd_out) / 1e6
    assert made(f"{prefix}.{name}".lstrip(".")).price(tokens) == pytest.approx(usd)


@pytest.mark.parametrize("name", language_models())
def test_only_the_listed_sampling_parameters_are_sent(name: str) -> None:
    model = made(language_models()[name].profile)
    taken = {"none": (), "one": ("temperature",), "all": ("temperature", "top_p")}[language_models()[name].sampling]
    assert model.capabilities.takes(["temperature", "top_p"]) == taken


@pytest.mark.parametrize(
    ("identifier", "state"),
    [
        ("global.anthropic.claude-sonnet-5", "active as of November 2026"),
        ("anthropic.claude-3-5-sonnet-20240620-v1:0", "ended as of November 2026"),
        ("arn:aws:bedrock:us-west-2::foundation-model/amazon.nova-canvas-v1:0", "ended as of November 2026"),
        ("somebody.else", ""),
    ],
)
def test_a_state_is_given_with_its_date(identifier: str, state: str) -> None:
    assert lifecycle_note(identifier) == state
