"""The front door on AWS Lambda: `onbrief.aws_lambda.handler`.

An event with a prompt goes in; pictures go to S3; the answer says which one meets the prompt, or why none does. See
event.py for the fields and answers.py for the answers.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from onbrief.aws_lambda.delivery import answer

if TYPE_CHECKING:
    from onbrief.aws_lambda.answers import Answer
    from onbrief.aws_lambda.delivery import Context


def handler(event: object, context: Context) -> Answer:
    """What Lambda calls. It raises nothing: a failure is an answer with the status code 400 or 500."""
    return asyncio.run(answer(event, context))
