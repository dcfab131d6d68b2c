"""Flags that several commands share, and the settings and brief that they describe."""

from __future__ import annotations

import sys
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Group, Parameter

from onbrief.brief import parse_size, size_for_aspect
from onbrief.cli import completion
from onbrief.cli.output import say
from onbrief.config import load
from onbrief.errors import UsageError
from onbrief.judging.rule import Confirm, Strictness
from onbrief.policy import PolicyName, Preference
from onbrief.settings import Settings

if TYPE_CHECKING:
    from onbrief.intake import Given

ABOUT = Group("Brief", sort_key=1)
MODELS = Group("Models, and what passes", sort_key=2)
LIMITS = Group("Limits", sort_key=3)
RUN = Group("This run", sort_key=4)
OUTPUT = Group("Output", sort_key=5)


def usual(name: str) -> Parameter:
    """Return the parameter of a flag that is a setting: its help shows the setting's default, or what there is without one."""

    def default(_: object) -> str:
        value = next(one.default for one in fields(Settings) if one.name == name)
        return _WITHOUT.get(name, "no limit") if value in {None, ""} else str(value)

    return Parameter(show_default=default)


_MANY = Parameter(negative="", consume_multiple=False)
_IMAGE_MODEL = Parameter(completer=completion.image_models)
_LANGUAGE_MODEL = Parameter(completer=completion.language_models)
_AS_BEFORE = Parameter(show_default="as before")
_SWITCH = Parameter(negative="", show_default=False)
RunId = Annotated[str, Parameter(completer=completion.runs, help="The id of the run; `onbrief list` shows them.")]
Source = Annotated[str, Parameter(allow_leading_hyphen=True, group=ABOUT)]  # of a brief; a hyphen alone is standard input
Switch = Annotated[bool, _SWITCH]
Flag = Annotated[bool, _SWITCH, Parameter(group=RUN)]
Quiet = Annotated[bool, _SWITCH, Parameter(group=OUTPUT)]
Open = Annotated[bool, _SWITCH, Parameter(name="--open", group=OUTPUT)]
Json = Annotated[bool, _SWITCH, Parameter(name="--json", group=OUTPUT)]
Place = Annotated[str | None, usual("out"), Parameter(group=OUTPUT, help="The folder or bucket of the runs.")]
LedgerUrl = Annotated[
    str | None,
    usual("ledger"),
    Parameter(group=OUTPUT, help="The database of their ledger, as postgresql://user@host/database."),
]


_WITHOUT = {
    "image_model": "that of the trial provider, if it is installed",
    "judge": "that of the image model's provider",
    "reviser": "that of the image model's provider",
    "confirm_judge": "the judge",
    "planner": "the reviser",
    "priors": "the usual rates",
    "profile": "the one that onbrief calibrate wrote for the judge",
    "ledger": "beside the pictures",
}


@Parameter(name="*", group=LIMITS)
@dataclass(kw_only=True)
class SpendingFlags:
    """The limits of anything that is paid for, and where it is recorded."""

    max_usd: Annotated[float | None, usual("max_usd")] = None
    "Maximum cost of all calls, in US dollars."
    max_judge_usd: Annotated[float | None, usual("max_judge_usd")] = None
    "Maximum cost of the judge's calls, in US dollars."
    max_seconds: Annotated[float | None, usual("max_seconds")] = None
    "Maximum duration in seconds, counted from zero again when a run is resumed."
    parallel: Annotated[Literal["auto"] | int | None, usual("parallel"), Parameter(show_choices=False)] = None
    "How many pictures to generate (of one prompt) and judge concurrently; auto: one, or several if time has priority."
    priority: Annotated[Preference | None, usual("priority")] = None
    "What to save where one costs the other."
    out: Annotated[str | None, usual("out"), Parameter(group=OUTPUT)] = None
    "The folder, or s3://bucket/prefix, for pictures, records and the ledger."
    ledger: Annotated[str | None, usual("ledger"), Parameter(group=OUTPUT)] = None
    "A database for the ledger, for workers on several machines, as postgresql://user@host/database."


@Parameter(name="*", group=LIMITS)
@dataclass(kw_only=True)
class DrawingLimitFlags:
    """The limits of drawing."""

    max_images: Annotated[int | None, usual("max_images")] = None
    "Maximum number of pictures."
    max_attempts: Annotated[int | None, usual("max_attempts")] = None
    "Maximum number of pictures for one prompt; the classic policy makes 4 if none is set."
    max_prompts: Annotated[int | None, usual("max_prompts")] = None
    "Maximum number of prompts, including the first."
    give_up_below: Annotated[float | None, usual("give_up_below")] = None
    "End a run early when its chance to pass falls below this, from 0 (never) to 1."
    priors: Annotated[str | None, usual("priors"), Parameter(group=MODELS)] = None
    "Rates of image models, as written by onbrief stats --priors, which the adaptive policy begins with; none for none."


@Parameter(name="*", group=LIMITS)
@dataclass(kw_only=True)
class LimitFlags(SpendingFlags, DrawingLimitFlags):
    """The limits of a run, and how it works within them."""

    strip_metadata: Annotated[bool | None, _SWITCH, Parameter(group=OUTPUT)] = None
    "Do not embed metadata in the pictures."


@Parameter(name="*", group=LIMITS)
@dataclass(kw_only=True)
class RunLimitFlags(LimitFlags):
    """The limits of a single run."""

    max_total_usd: Annotated[float | None, usual("max_total_usd")] = None
    "Maximum cost of all runs of the folder or bucket that have this limit, together, in US dollars."


@Parameter(name="*", group=LIMITS)
@dataclass(kw_only=True)
class OtherLimitFlags(RunLimitFlags):
    """The limits of a run that is resumed: without a flag, those of its order hold."""

    max_images: Annotated[int | None, _AS_BEFORE] = None
    max_attempts: Annotated[int | None, _AS_BEFORE] = None
    max_prompts: Annotated[int | None, _AS_BEFORE] = None
    max_usd: Annotated[float | None, _AS_BEFORE] = None
    max_judge_usd: Annotated[float | None, _AS_BEFORE] = None
    max_total_usd: Annotated[float | None, _AS_BEFORE] = None
    max_seconds: Annotated[float | None, _AS_BEFORE] = None
    parallel: Annotated[Literal["auto"] | int | None, _AS_BEFORE, Parameter(show_choices=False)] = None
    priority: Annotated[Preference | None, _AS_BEFORE] = None
    give_up_below: Annotated[float | None, _AS_BEFORE] = None
    priors: Annotated[str | None, _AS_BEFORE, Parameter(group=MODELS)] = None


@Parameter(name="*", group=MODELS)
@dataclass(kw_only=True)
class DrawingFlags:
    """The model that draws, and the policy."""

    image_model: Annotated[list[str] | None, usual("image_model"), _IMAGE_MODEL, _MANY] = None
    "The image model, as PROVIDER:MODEL. Several, cheap to dear, are a ladder: when one gets no further, the next takes over."
    policy: Annotated[PolicyName | None, usual("policy")] = None
    "adaptive takes the step with the best chance for its cost; classic gives each prompt all its attempts."


@Parameter(name="*", group=MODELS)
@dataclass(kw_only=True)
class JudgeFlags:
    """The models that find the requirements and judge, and what passes."""

    judge: Annotated[str | None, usual("judge"), _LANGUAGE_MODEL] = None
    "The vision model that checks each requirement, as PROVIDER:MODEL."
    reviser: Annotated[str | None, usual("reviser"), _LANGUAGE_MODEL] = None
    "The text model that finds the requirements, and writes prompts if pictures are drawn."
    planner: Annotated[str | None, usual("planner"), _LANGUAGE_MODEL] = None
    "Another text model, which finds the requirements."
    strictness: Annotated[Strictness | None, usual("strictness")] = None
    "What passes: strict accepts no doubt about a must, fair and lenient accept some, and tell it as a reservation."
    max_reservations: Annotated[int | None, usual("max_reservations")] = None
    "Maximum number of musts that may be in doubt in a picture that passes."
    confirm: Annotated[Confirm | None, usual("confirm")] = None
    "When a picture that would pass is looked at once more, closely: never, when something is in doubt, or always."
    confirm_judge: Annotated[str | None, usual("confirm_judge"), _LANGUAGE_MODEL] = None
    "Another vision model for that second look."
    profile: Annotated[str | None, usual("profile")] = None
    "A calibration of the judge, as written by onbrief calibrate; none for no calibration."
    plan: Annotated[bool | None, Parameter(show_default="--plan")] = None
    "With --no-plan, only your own requirements are checked."


@Parameter(name="*", group=MODELS)
@dataclass(kw_only=True)
class ModelFlags(JudgeFlags, DrawingFlags):
    """The models that draw, judge and write, and the policy."""


@Parameter(name="*", group=MODELS)
@dataclass(kw_only=True)
class OtherModelFlags:
    """The models of a run that may change when it is resumed."""

    judge: Annotated[str | None, _LANGUAGE_MODEL] = None
    "Another vision model, which checks from now on, beginning with pictures that have no verdict."
    reviser: Annotated[str | None, _LANGUAGE_MODEL] = None
    "Another text model, which writes the prompts from now on."
    confirm_judge: Annotated[str | None, _LANGUAGE_MODEL] = None
    "Another vision model, which takes the second look from now on."


@Parameter(name="*", group=ABOUT)
@dataclass(kw_only=True)
class RequirementFlags:
    """What a picture must, should and must not show, in addition to the text of the brief."""

    require: Annotated[list[str] | None, _MANY] = None
    "A requirement of your own; can be given several times."
    prefer: Annotated[list[str] | None, _MANY] = None
    "A nice-to-have: it affects the ranking of pictures, not whether they pass."
    avoid: Annotated[list[str] | None, _MANY] = None
    'What must not be in the picture, such as "people, text"; can be given several times.'


@Parameter(name="*", group=ABOUT)
@dataclass(kw_only=True)
class BriefFlags(RequirementFlags):
    """The parts of a brief other than its text."""

    size: Annotated[str | None, usual("size")] = None
    "Width and height in pixels, such as 1024x768."
    aspect: str | None = None
    "An aspect ratio, such as 16:9, instead of a size: about one megapixel."


@Parameter(name="*", group=ABOUT)
@dataclass(kw_only=True)
class BatchFlags(RequirementFlags):
    """What holds for each brief of a batch, besides what its row says."""

    size: Annotated[str | None, usual("size")] = None
    "Width and height in pixels of pictures whose rows state no shape."


def requirements_of(flags: RequirementFlags | None) -> list[dict[str, object]]:
    """Return the user's own requirements, as in a file."""
    if flags is None:
        return []
    return [
        *({"text": text} for text in flags.require or ()),
        *({"text": text, "must": False} for text in flags.prefer or ()),
    ]


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
    from onbrief.cli.usage import FLAG

    if FLAG.fullmatch(source):
        raise UsageError(f"Unknown option: {source}", hint="a brief that is one word does not begin with a hyphen")
    if source == intake.STANDARD_INPUT and sys.stdin and sys.stdin.isatty():
        say("type the brief, then press Ctrl-D on a line of its own")
    about = flags if isinstance(flags, BriefFlags) else None
    size, aspect = (about.size, about.aspect) if about else (None, None)
    if size and aspect:
        raise UsageError.of("aspect", aspect, "one of --size and --aspect, not both")
    return intake.read(
        intake.named_by(source),
        size=parse_size(size) if size else size_for_aspect(aspect) if aspect else None,
        usual=settings.picture_size,
        requirements=requirements_of(flags),
        avoid=flags.avoid or (),
        draws=about is not None,
    )
