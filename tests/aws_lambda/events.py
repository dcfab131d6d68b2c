"""Events for the sandbox, invocations with a clock of their own, and answers taken apart."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from onbrief.aws_lambda.delivery import answer

REQUEST_ID = "6a5c1d1e-0000-4000-8000-00000000000a"
BUCKET = "my-bucket"
PLENTY = 900_000  # milliseconds


def plenty() -> int:
    """A clock that never runs down."""
    return PLENTY


@dataclass(frozen=True, slots=True)
class Invocation:
    """What Lambda says of an invocation. `left` answers the milliseconds that it has left."""

    aws_request_id: str = REQUEST_ID
    left: Callable[[], int] = field(default=plenty)

    def get_remaining_time_in_millis(self) -> int:
        return self.left()


def event(prompt: str = "a red circle left of a blue square", **more: object) -> dict[str, object]:
    """A plain event whose models are the sandbox's."""
    models = {"image_model": "sandbox:", "judge_model": "sandbox:", "reviser_model": "sandbox:"}
    sides = {"sdxl_width": 512, "sdxl_height": 512}
    return {"prompt": prompt, "output_s3_bucket_name": BUCKET, **models, **sides, **more}


def deliver(folder: Path, wanted: object, invocation: Invocation | None = None) -> tuple[int, dict[str, Any]]:
    """Status code and body of the answer; `folder` stands for the bucket."""
    told = asyncio.run(answer(wanted, invocation or Invocation(), str(folder)))
    return told["statusCode"], json.loads(told["body"])


def pictures(folder: Path) -> list[str]:
    """The names of the pictures in the bucket, in order."""
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.png"))
