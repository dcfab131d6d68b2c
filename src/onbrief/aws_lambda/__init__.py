"""The AWS Lambda function: `onbrief.aws_lambda.handler`.

It takes an event with a prompt, stores pictures in S3, and answers with the picture that meets the prompt, or with the reason
why none does. See event.py for the fields of an event and answers.py for the answers.
"""

from __future__ import annotations

import asyncio
import logging
import math
from typing import TYPE_CHECKING

from onbrief import telemetry
from onbrief.aws_lambda.delivery import answer

if TYPE_CHECKING:
    from onbrief.aws_lambda.answers import Answer
    from onbrief.aws_lambda.delivery import Context

TO_RETURN = 1.0  # seconds that are left for Lambda to return the answer, when the last spans and metrics are sent


def handler(event: object, context: Context | None) -> Answer:
    """Handle one event. Raises nothing: a failure is an answer with status code 400 or 500. Without a context, as in a test or
    a script, the run gets a new id, and time is not limited.

    Meanwhile, no library logs below WARNING: at the level DEBUG of the function, it would log requests with their credentials.
    """
    before = logging.root.manager.disable
    logging.disable(max(before, logging.INFO))
    try:
        with telemetry.caller(event):
            return asyncio.run(answer(event, context))
    finally:
        telemetry.flush(lambda: getattr(context, "get_remaining_time_in_millis", lambda: math.inf)() / 1000 - TO_RETURN)
        logging.disable(before)
