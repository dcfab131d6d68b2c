"""What becomes of AWS's refusals: the hint names the right that is missing, where AWS says which one that is."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from onbrief.errors import ConfigError
from onbrief.providers.bedrock.outcomes import classify

USER = "User: arn:aws:sts::111122223333:assumed-role/onbrief/onbrief is not authorized to perform: bedrock:InvokeModel"
PROFILE = "arn:aws:bedrock:us-west-2:111122223333:inference-profile/global.anthropic.claude-sonnet-5"
GLOBAL = "arn:aws:bedrock:::foundation-model/anthropic.claude-sonnet-5"


@pytest.mark.parametrize(
    ("message", "hint"),
    [
        (
            f"{USER} on resource: {PROFILE} because no identity-based policy allows the bedrock:InvokeModel action",
            f"allow bedrock:InvokeModel on {PROFILE} in the policy of the role or user",
        ),
        (
            f"{USER} on resource: {GLOBAL} with an explicit deny in a service control policy",
            f"a policy denies bedrock:InvokeModel on {GLOBAL} explicitly: change that policy",
        ),
        (
            f"{USER} because no identity-based policy allows the bedrock:InvokeModel action",
            "allow bedrock:InvokeModel in the policy of the role or user",
        ),
        (
            "You don't have access to the model with the specified model ID.",
            "allow bedrock:InvokeModel for this model, and its subscription in Bedrock",
        ),
    ],
)
def test_a_refusal_names_the_missing_right_with_its_resource(message: str, hint: str) -> None:
    response: Any = {
        "Error": {"Code": "AccessDeniedException", "Message": message},
        "ResponseMetadata": {"HTTPStatusCode": 403, "HTTPHeaders": {}},
    }
    error = classify(ClientError(response, "InvokeModel"))
    assert isinstance(error, ConfigError)
    assert (message[:40] in str(error), error.hint) == (True, hint)
