"""Turns an event into an order: its numbers become settings, its models with their options become names."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import parse_qsl, urlencode

from onbrief.aws_lambda.event import Event, Sampling
from onbrief.config import load
from onbrief.pursuit import Order

IMAGE_MODEL = "bedrock:stability.stable-image-core-v1:1"
CLAUDE = "bedrock:global.anthropic.claude-sonnet-5"
_SDXL = "stable-diffusion-xl"
_ALL_SAMPLING = "claude-3"  # the generation that takes all three; those after it take fewer, and their users set none


def order_of(event: Event, run_id: str, root: str) -> Order:
    """Return the order of an event. Keys are relative to `root`: `s3://bucket`, or a folder instead of it.

    Raises:
        UsageError: fields that are valid alone but not together.
    """
    warnings: list[str] = []
    judge = _with_sampling(event.judge_model or CLAUDE, event.validate, "claude_validate", warnings)
    reviser = _with_sampling(event.reviser_model or CLAUDE, event.revise, "claude_revise", warnings)
    asked = {
        "image_model": _image_model(event, warnings),
        "judge": judge,
        "reviser": reviser,
        "policy": event.policy,
        "parallel": event.parallel,
        "out": f"{root}/{event.prefix.rstrip('/')}",
        "max_attempts": event.max_attempts,
        "max_prompts": event.max_prompts,
        "max_images": event.max_attempts * event.max_prompts,
        "max_usd": event.max_usd,
        "plan": event.judging == "checklist",
    }
    settings, _ = load(asked)  # settings without a field in the event, such as regions, come from ONBRIEF_* variables
    return Order(
        brief=event.brief,
        settings=settings,
        run_id=run_id,
        seed=event.seed or None,
        warnings=tuple(dict.fromkeys(warnings)),
        names=event.prefix.rpartition("/")[2],
    )


def _image_model(event: Event, warnings: list[str]) -> str:
    """SDXL takes its two options; to others they say nothing, and a user who has set them is told so."""
    name = event.image_model or IMAGE_MODEL
    if _SDXL in name:
        return _with_options(name, {"cfg_scale": f"{event.cfg_scale:.10g}", "steps": str(event.steps)})
    warnings += [f"{field} is for SDXL, and {name} does not take it" for field in sorted(event.sdxl_given)]
    return name


def _with_sampling(name: str, sampling: Sampling, fields: str, warnings: list[str]) -> str:
    """A model gets what the event sets. The defaults of what it leaves out were those of Claude 3, which gets them all; later
    models refuse some and have their own. The sandbox takes none.
    """
    if name.startswith("sandbox:"):
        warnings += [f"{fields}_{option} is for Claude, and {name} does not take it" for option in sorted(sampling.given)]
        return name
    values = {
        "temperature": f"{sampling.temperature:.10g}",
        "top_p": f"{sampling.top_p:.10g}",
        "top_k": str(sampling.top_k),
        "max_tokens": str(sampling.max_tokens),
    }
    sent = set(values) if _ALL_SAMPLING in name else sampling.given | {"max_tokens"}
    return _with_options(name, {option: value for option, value in values.items() if option in sent})


def _with_options(name: str, options: Mapping[str, str]) -> str:
    """The name with these options; those that it has already stand."""
    model, _, query = name.partition("?")
    return f"{model}?{urlencode({**options, **dict(parse_qsl(query, keep_blank_values=True))})}"
