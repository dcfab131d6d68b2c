"""Flags that several commands share, and the settings and brief that they describe."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from onbrief.brief import parse_size, size_for_aspect
from onbrief.config import Settings, load
from onbrief.errors import UsageError
from onbrief.judging.rule import Confirm, Strictness
from onbrief.policy import PolicyName

if TYPE_CHECKING:
    from onbrief.intake import Given

_MANY = Parameter(negative="", consume_multiple=False)


@Parameter(name="*")
@dataclass(kw_only=True)
class SpendingFlags:
    """The limits of anything that is paid for, and where it is recorded."""

    max_usd: float | None = None
    "Maximum cost of all calls, in US dollars."
    max_judge_usd: float | None = None
    "Maximum cost of the judge's calls, in US dollars."
    max_seconds: float | None = None
    "Maximum duration in seconds, counted from zero again when a run is resumed."
    parallel: int | None = None
    "How many pictures to generate (of one prompt) and judge concurrently."
    out: str | None = None
    "The folder, or s3://bucket/prefix, for pictures, records and the ledger."


@Parameter(name="*")
@dataclass(kw_only=True)
class LimitFlags(SpendingFlags):
    """The limits of a run, and how it works within them."""

    max_images: int | None = None
    "Maximum number of pictures."
    max_attempts: int | None = None
    "Maximum number of pictures for one prompt."
    max_prompts: int | None = None
    "Maximum number of prompts, including the first."
    strip_metadata: Annotated[bool | None, Parameter(negative="")] = None
    "Do not embed metadata in the pictures."


@Parameter(name="*")
@dataclass(kw_only=True)
class JudgeFlags:
    """The models that find the requirements and judge, and what passes."""

    judge: str | None = None
    "The vision model that checks each requirement, as PROVIDER:MODEL."
    reviser: str | None = None
    "The text model that finds the requirements, and writes prompts if pictures are drawn."
    strictness: Strictness | None = None
    "What passes: strict accepts no doubt about a must, fair and lenient accept some, and tell it as a reservation."
    max_reservations: int | None = None
    "Maximum number of musts that may be in doubt in a picture that passes."
    confirm: Confirm | None = None
    "When a picture that would pass is looked at once more, closely: never, when something is in doubt, or always."
    confirm_judge: str | None = None
    "Another vision model for that second look."
    profile: str | None = None
    "A calibration of the judge, as written by onbrief calibrate; none for no calibration."
    plan: bool | None = None
    "With --no-plan, only your own requirements are checked."


@Parameter(name="*")
@dataclass(kw_only=True)
class ModelFlags(JudgeFlags):
    """The models that draw, judge and write, and the policy."""

    image_model: str | None = None
    "The image model, as PROVIDER:MODEL."
    policy: PolicyName | None = None
    "adaptive revises as soon as a prompt seems stuck; classic gives each prompt all its attempts."


@Parameter(name="*")
@dataclass(kw_only=True)
class OtherModelFlags:
    """The models of a run that may change when it is resumed."""

    judge: str | None = None
    "Another vision model, which checks from now on, beginning with pictures that have no verdict."
    reviser: str | None = None
    "Another text model, which writes the prompts from now on."
    confirm_judge: str | None = None
    "Another vision model, which takes the second look from now on."


@Parameter(name="*")
@dataclass(kw_only=True)
class RequirementFlags:
    """What a picture must, should and must not show, in addition to the text of the brief."""

    require: Annotated[list[str] | None, _MANY] = None
    "A requirement of your own; can be given several times."
    prefer: Annotated[list[str] | None, _MANY] = None
    "A nice-to-have: it affects the ranking of pictures, not whether they pass."
    avoid: Annotated[list[str] | None, _MANY] = None
    'What must not be in the picture, such as "people, text"; can be given several times.'


@Parameter(name="*")
@dataclass(kw_only=True)
class BriefFlags(RequirementFlags):
    """The parts of a brief other than its text."""

    size: str | None = None
    "Width and height in pixels, such as 1024x768."
    aspect: str | None = None
    "An aspect ratio, such as 16:9, instead of a size: about one megapixel."


def given(*flags: SpendingFlags | JudgeFlags | OtherModelFlags | None) -> dict[str, object]:
    """Return the settings that these flags give, by name."""
    pairs = [(field.name, getattr(group, field.name)) for group in flags if group for field in fields(group)]
    return {name: value for name, value in pairs if value is not None}


def settings_from(*flags: SpendingFlags | JudgeFlags | None) -> Settings:
    """Return the settings in force: flags take precedence over the environment, the files and the defaults."""
    return load(given(*flags))[0]


def brief_from(source: str, flags: RequirementFlags, settings: Settings) -> Given:
    """Return the brief of a command line, with warnings about how it was read. `source` is text, a file, or - for stdin.

    Raises:
        UsageError: the file is broken, or something in the brief is not allowed.
    """
    from onbrief import intake

    about = flags if isinstance(flags, BriefFlags) else None
    size, aspect = (about.size, about.aspect) if about else (None, None)
    if size and aspect:
        raise UsageError.of("aspect", aspect, "one of --size and --aspect, not both")
    return intake.read(
        intake.named_by(source),
        size=parse_size(size) if size else size_for_aspect(aspect) if aspect else None,
        usual=settings.picture_size,
        requirements=[
            *({"text": text} for text in flags.require or ()),
            *({"text": text, "must": False} for text in flags.prefer or ()),
        ],
        avoid=flags.avoid or (),
        draws=about is not None,
    )
