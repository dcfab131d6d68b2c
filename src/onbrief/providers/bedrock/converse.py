"""Language models on Bedrock through its Converse API, as planner, judge and reviser:
`bedrock:global.anthropic.claude-sonnet-5?region=eu-west-1&max_tokens=2000`, or any other id, inference profile or ARN.
"""

from __future__ import annotations

import math
import os

from pydantic_ai.exceptions import ModelAPIError
from pydantic_ai.models.bedrock import BedrockConverseModel
from pydantic_ai.providers.bedrock import BedrockProvider

from onbrief.brief import Size
from onbrief.errors import OnbriefError
from onbrief.ports import ModelName, PictureLimits, Values
from onbrief.providers.bedrock import CLAUDE, client
from onbrief.providers.bedrock.connections import within
from onbrief.providers.bedrock.outcomes import classify
from onbrief.providers.language import counting, names, services
from onbrief.providers.language.model import LanguageModel
from onbrief.providers.language.roles import TextPlanner, TextReviser, VisionJudge
from onbrief.regions import check_region

OPTIONS = (*services.OPTIONS, "region")
PICTURES = PictureLimits(side=1568, bytes=3_750_000)
"""Bedrock accepts at most 3.75 MB per picture, and Claude scales longer sides down to this length itself."""


def judge(name: ModelName, values: Values) -> VisionJudge:
    """Return the judge of this name; raises the same errors as `language_model`."""
    return VisionJudge(language_model(name, values), PICTURES)


def planner(name: ModelName, values: Values) -> TextPlanner:
    """Return the planner of this name; raises the same errors as `language_model`."""
    return TextPlanner(language_model(name, values))


def reviser(name: ModelName, values: Values) -> TextReviser:
    """Return the reviser of this name; raises the same errors as `language_model`."""
    return TextReviser(language_model(name, values))


def language_model(name: ModelName, values: Values) -> LanguageModel:
    """Return the model of this name. Its region comes from its options, else from the settings, else from the environment.

    Raises:
        UsageError: an option is unknown, or its value is not allowed.
        ConfigError: no region is set, or the profile does not exist.
    """
    name = ModelName(name.provider, name.model or CLAUDE, name.options, name.setting)
    region = name.options.get("region", values.get("region"))
    if region is not None:
        check_region(f"region of {name.setting}", region)
    name.require_options(OPTIONS)
    timeout = name.number("timeout", *names.TIMEOUTS, client.TIMEOUT)
    made = client.client("bedrock-runtime", region or os.environ.get("AWS_REGION"), timeout)  # boto3 reads AWS_DEFAULT_REGION
    converse = BedrockConverseModel(name.model, provider=BedrockProvider(bedrock_client=made))
    tokens = _claude_tokens if "claude" in name.model else counting.picture_tokens
    return names.language_model(name, converse, OPTIONS, _outcome, within, tokens)


def _claude_tokens(size: Size) -> int:
    """Return the tokens of a picture of this size by Claude's rule: one for 750 pixels."""
    width, height = size
    return math.ceil(width * height / 750)


def _outcome(error: Exception) -> OnbriefError | None:
    """Return the outcome of an error from boto3, or None for an error from elsewhere."""
    cause = error.__cause__ if isinstance(error, ModelAPIError) else error
    if isinstance(cause, Exception) and type(cause).__module__.startswith(("botocore", "urllib3")):
        return classify(cause)
    return None
