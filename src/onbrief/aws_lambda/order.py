"""Turns an event into an order: its numbers become settings, its models with their options become names."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from onbrief.aws_lambda.event import PLATFORM, Event
from onbrief.config import load
from onbrief.errors import ConfigError, UsageError
from onbrief.ports import ModelName
from onbrief.providers import registry
from onbrief.pursuit import Order
from onbrief.settings import Settings

_SAMPLING = ("temperature", "top_p", "top_k", "max_tokens")
_S3 = "s3://"
BUCKET, PREFIX = "output_s3_bucket_name", "output_s3_key_prefix"
_SDXL = "stable-diffusion-xl"
_ALL_SAMPLING = "claude-3"  # the generation that takes all three; those after it take fewer, and their users set none


def order_of(event: Event, run_id: str, root: str) -> Order:
    """Return the order of an event. Keys are relative to `root`: `s3://bucket`, or a folder instead of it.

    Raises:
        UsageError: fields that are valid alone but not together.
    """
    warnings = list(event.warnings)
    usual = _usual_models()
    judge, reviser = event.judge_model or usual.judge, event.reviser_model or usual.reviser
    asked = {
        "image_model": [_image_model(name, event, warnings) for name in event.image_model or usual.image_models],
        "judge": _with_sampling("judge", judge, event, "claude_validate", warnings),
        "reviser": _with_sampling("reviser", reviser, event, "claude_revise", warnings),
        "policy": event.policy,
        "parallel": event.parallel,
        "out": f"{root}/{event.output_s3_key_prefix.rstrip('/')}",
        "max_attempts": event.max_retry_attempts,
        "max_prompts": event.max_prompt_revisions,
        "max_images": event.max_retry_attempts * event.max_prompt_revisions,
        "max_usd": event.max_usd,
        "strictness": event.strictness,
        "max_reservations": event.max_reservations,
        "confirm": event.confirm,
        "plan": event.judging == "checklist",
    }
    settings, _ = load(asked)  # settings without a field in the event, such as regions, come from ONBRIEF_* variables
    return Order(
        brief=event.brief,
        settings=settings,
        run_id=run_id,
        seed=event.sdxl_seed or None,
        warnings=tuple(dict.fromkeys(warnings)),
        names=event.output_s3_key_prefix.rpartition("/")[2],
    )


def usual_place() -> dict[str, str]:
    """Return the fields that name the place in the function's settings, ONBRIEF_OUT, for events in envelopes that name none;
    empty if it is not set.

    Raises:
        ConfigError: it is not a place in S3.
    """
    settings, origins = load({})
    if origins["out"] == "default":
        return {}
    bucket, _, prefix = settings.out.removeprefix(_S3).strip("/").partition("/")
    if not settings.out.startswith(_S3) or not bucket:
        raise ConfigError(str(UsageError.of("the settings of the function: out", settings.out, "s3://BUCKET/PREFIX")))
    return {BUCKET: bucket} | ({PREFIX: prefix} if prefix else {})


def _usual_models() -> Settings:
    """Return settings with the models of an event that names none: the function's own, else those of the platform."""
    settings, origins = load({})
    usual = registry.of_platform(PLATFORM).platform_models
    return replace(settings, **{role: model for role, model in usual.items() if origins[role] == "default"})


def _image_model(name: str, event: Event, warnings: list[str]) -> str:
    """SDXL takes its two options. Others do not, and a user who has set them is warned."""
    if _SDXL in name:
        options = {"cfg_scale": f"{event.sdxl_cfg_scale:.10g}", "steps": str(event.sdxl_steps)}
        return str(ModelName.parse(name, "image_model").with_options(options))
    given = sorted(event.model_fields_set & {"sdxl_cfg_scale", "sdxl_steps"})
    warnings += [f"{field} is for SDXL, and {name} does not take it" for field in given]
    return name


def _with_sampling(role: Literal["judge", "reviser"], text: str, event: Event, fields: str, warnings: list[str]) -> str:
    """A model gets what the event sets, as far as its provider takes such options. The defaults of what the event leaves out
    were those of Claude 3, which gets them all; later models refuse some and have their own.
    """
    name = ModelName.parse(text, role)
    provider = registry.provider(name.provider, role)
    taken = provider.options(role, name.model) if provider else None
    values = {option: f"{getattr(event, f'{fields}_{option}'):.10g}" for option in _SAMPLING}
    given = {option for option in values if f"{fields}_{option}" in event.model_fields_set}
    takes = set(values) if taken is None else set(values) & taken
    warnings += [f"{fields}_{option} is for Claude, and {text} does not take it" for option in sorted(given - takes)]
    sent = takes if _ALL_SAMPLING in text else takes & (given | {"max_tokens"})
    return str(name.with_options({option: value for option, value in values.items() if option in sent}))
