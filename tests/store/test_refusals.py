"""What becomes of the errors of object storage: one line that says what happened, and what to do."""

from __future__ import annotations

import pytest

from onbrief.store.refusals import explain

USER = "User: arn:aws:sts::111122223333:assumed-role/onbrief/onbrief is not authorized to perform"
KEY = "arn:aws:kms:us-west-2:111122223333:key/1234"


def refusal(url: str, message: str = "Access Denied", method: str = "PUT") -> Exception:
    """Return an error as obstore raises it."""
    answer = f"<Error><Code>AccessDenied</Code><Message>{message}</Message><RequestId>A</RequestId></Error>"
    text = f"Error performing {method} {url} in 13.5ms - Server returned non-2xx status code: 403 Forbidden: {answer}"
    return PermissionError(f"The operation lacked the necessary privileges to complete: {text}\n\nDebug source:\nRetryError")


@pytest.mark.parametrize(
    ("error", "advice"),
    [
        (
            refusal("https://s3.us-west-2.amazonaws.com/my-bucket/some/red%20fox%20%26c.png"),
            "s3:PutObject on arn:aws:s3:::my-bucket/some/red fox &c.png",
        ),
        (
            refusal("https://my.bucket.s3.us-west-2.amazonaws.com/run/run.json", method="GET"),
            "s3:GetObject on arn:aws:s3:::my.bucket/run/run.json",
        ),
        (
            refusal("https://s3.us-west-2.amazonaws.com/my-bucket?list-type=2&prefix=runs%2F", method="GET"),
            "s3:ListBucket on arn:aws:s3:::my-bucket",
        ),
        (
            refusal(
                "https://s3.us-west-2.amazonaws.com/my-bucket/a.png",
                f"{USER}: s3:PutObject on resource: &quot;arn:aws:s3:::my-bucket/a.png&quot; because no policy allows it",
            ),
            "s3:PutObject on arn:aws:s3:::my-bucket/a.png",
        ),
        (
            refusal(
                "https://s3.us-west-2.amazonaws.com/my-bucket/a.png",
                f"{USER}: kms:GenerateDataKey on resource: {KEY} because no identity-based policy allows it",
            ),
            f"kms:GenerateDataKey on {KEY}",
        ),
    ],
)
def test_a_refusal_names_the_missing_right_with_its_resource(error: Exception, advice: str) -> None:
    assert explain(error).endswith(f"(these credentials need {advice}: allow it in the policy of their role or user)")


def test_a_right_that_a_policy_takes_away_is_not_to_be_allowed() -> None:
    message = (
        f"{USER}: s3:PutObject on resource: &quot;arn:aws:s3:::b/k&quot; with an explicit deny in a service control policy"
    )
    words = explain(refusal("https://s3.us-west-2.amazonaws.com/b/k", message))
    assert words.endswith("(a policy denies s3:PutObject on arn:aws:s3:::b/k explicitly: change that policy)")
    assert '"arn:aws:s3:::b/k"' in words
