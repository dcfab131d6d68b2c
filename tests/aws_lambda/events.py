"""Events for the sandbox's models, invocations with a scripted clock, and parsed answers."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from onbrief.aws_lambda import handler
from onbrief.aws_lambda.answers import Answer
from onbrief.aws_lambda.delivery import Context, answer

REQUEST_ID = "6a5c1d1e-0000-4000-8000-00000000000a"
BUCKET = "my-bucket"
PLENTY = 900_000  # milliseconds


def plenty() -> int:
    """Return the time left on a clock that never runs out."""
    return PLENTY


@dataclass(frozen=True, slots=True)
class Invocation:
    """The context of an invocation. `left` returns the milliseconds that it has left."""

    aws_request_id: str = REQUEST_ID
    left: Callable[[], int] = field(default=plenty)

    def get_remaining_time_in_millis(self) -> int:
        return self.left()


def event(prompt: str = "a red circle left of a blue square", **more: object) -> dict[str, object]:
    """Return a plain event that names the sandbox's models."""
    models = {"image_model": "sandbox:", "judge_model": "sandbox:", "reviser_model": "sandbox:"}
    sides = {"sdxl_width": 512, "sdxl_height": 512}
    return {"prompt": prompt, "output_s3_bucket_name": BUCKET, **models, **sides, **more}


def deliver(folder: Path, wanted: object, invocation: Invocation | None = None) -> tuple[int, dict[str, Any]]:
    """Deliver an event and return the status code and the body of the answer. `folder` replaces the bucket."""
    reply = asyncio.run(answer(wanted, invocation or Invocation(), str(folder)))
    return reply["statusCode"], json.loads(reply["body"])


def handled(wanted: object, context: Context) -> tuple[int, dict[str, Any]]:
    """Let the handler handle an event and return the status code and the body of its answer."""
    reply = cast("Answer", handler(wanted, context))
    return reply["statusCode"], json.loads(reply["body"])


def pictures(folder: Path) -> list[str]:
    """Return the names of the pictures in the bucket, sorted."""
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.png"))
