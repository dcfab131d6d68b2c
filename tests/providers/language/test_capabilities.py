from __future__ import annotations

import pytest

from onbrief.providers.language.capabilities import Capabilities

SENT = ("temperature", "top_p", "top_k")


@pytest.mark.parametrize(
    ("words", "refuses"),
    [
        ("`temperature` is deprecated for this model", {"temperature"}),
        ("`top_k` is deprecated for this model", {"top_k"}),
        ("topP: not supported", {"top_p"}),
    ],
)
def test_a_sampling_parameter_that_is_refused_is_left_out(words: str, refuses: set[str]) -> None:
    assert Capabilities().after(words, SENT) == Capabilities(refuses=frozenset(refuses))


def test_of_two_that_exclude_each_other_temperature_stays() -> None:
    words = "`temperature` and `top_p` cannot both be specified for this model. Please use only one."
    learned = Capabilities().after(words, SENT)
    assert learned == Capabilities(one=True)
    assert learned is not None
    assert learned.takes(SENT) == ("temperature", "top_k")
    assert learned.takes(["top_p"]) == ("top_p",)


def test_a_parameter_that_was_not_sent_is_not_the_reason() -> None:
    assert Capabilities().after("`temperature` is deprecated for this model", ["top_p"]) is None


def test_a_refused_tool_leads_to_an_offered_one_and_that_to_a_schema() -> None:
    words = 'tool_choice: type "tool" and "any" are not supported for this model.'
    offered = Capabilities().after(words, ())
    assert offered == Capabilities("offered")
    assert Capabilities("offered").after("This model doesn't support tool use.", ()) == Capabilities("native")
    assert Capabilities("native").after("This model doesn't support tool use.", ()) is None


@pytest.mark.parametrize(
    "words",
    [
        "registry.ollama.ai/library/llava:latest does not support tools",
        "This model doesn't support tool use.",
    ],
)
def test_a_model_without_tools_is_asked_for_a_schema_at_once(words: str) -> None:
    assert Capabilities().after(words, ()) == Capabilities("native")


def test_a_refused_schema_leads_to_one_in_the_text() -> None:
    words = "Invalid parameter: 'response_format' of type 'json_schema' is not supported with this model."
    assert Capabilities("native").after(words, ()) == Capabilities("prompted")
    assert Capabilities("prompted").after(words, ()) is None


def test_what_was_learned_before_stays() -> None:
    known = Capabilities("offered", frozenset({"top_k"}))
    assert known.after("`temperature` is deprecated", SENT) == Capabilities("offered", frozenset({"top_k", "temperature"}))


def test_other_messages_teach_nothing() -> None:
    assert Capabilities().after("messages: wrong", SENT) is None
