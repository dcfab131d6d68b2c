"""The AWS Lambda function: `onbrief.aws_lambda.handler`.

It takes an event with a prompt, stores pictures in S3, and answers with the picture that meets the prompt, or with the reason
why none does. See event.py for the fields of an event and answers.py for the answers. Events of SQS, SNS, EventBridge and S3
bring such events in envelopes: see sources.py and dispatch.py. A state machine sends the rows of a batch: see executions.py.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, cast

from onbrief import telemetry
from onbrief.aws_lambda.delivery import answer
from onbrief.aws_lambda.sources import envelope_of

if TYPE_CHECKING:
    from onbrief.aws_lambda.delivery import Context

TO_RETURN = 1.0  # seconds that are left for Lambda to return the answer, when the last spans and metrics are sent


def handler(event: object, context: Context | None) -> Mapping[str, object]:
    """Handle one event. Without a context, as in a test or a script, the run gets a new id, and time is not limited.

    A direct event, or one of API Gateway or a function URL, raises nothing: a failure is an answer with status code 400 or 500.
    Meanwhile, no library logs below WARNING: at the level DEBUG of the function, it would log requests with their credentials.

    Raises:
        NotCarriedOut: an event of SNS, EventBridge, S3 or a state machine must be delivered again.
        ConfigError: something must be changed before a state machine can go on.
        UsageError: an event of a service that is not understood.
    """
    before = logging.root.manager.disable
    logging.disable(max(before, logging.INFO))
    try:
        with telemetry.caller(event):
            return asyncio.run(_answered(event, context))
    finally:
        telemetry.flush(lambda: getattr(context, "get_remaining_time_in_millis", lambda: math.inf)() / 1000 - TO_RETURN)
        logging.disable(before)


async def _answered(event: object, context: Context | None) -> Mapping[str, object]:
    # Imported late: few functions need more than one of these.
    fields = cast("dict[str, object]", event) if isinstance(event, dict) else {}
    if {"row", "batch"} <= fields.keys() or "gather" in fields:
        from onbrief.aws_lambda.executions import execute

        return await execute(fields, context)
    envelope = envelope_of(cast("object", event))
    if envelope is None:
        return await answer(cast("object", event), context)
    from onbrief.aws_lambda.dispatch import dispatch

    return await dispatch(envelope, context)
