"""The names of all spans, attributes and metrics. The tables of docs/telemetry.md are made from them.

What starts with `gen_ai.` or `error.` is named by OpenTelemetry's semantic conventions for generative AI, in the form that they
have had since version 1.37; the rest is onbrief's own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

WORKFLOW: Final = "onbrief"
"""The value of `gen_ai.workflow.name`."""
IMAGE, WORDS, RUN = "generate_content", "chat", "invoke_workflow"
"""The values of `gen_ai.operation.name`."""
CONTENT: Final = "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT"
"""The variable that allows the texts of briefs, prompts and requirements in spans, if it is `true`."""


@dataclass(frozen=True, slots=True)
class SpanKind:
    """A kind of span. `parent` says below what it hangs. `attributes` are those that it can have."""

    name: str
    kind: Literal["INTERNAL", "CLIENT"]
    parent: str
    about: str
    attributes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Instrument:
    """A metric. `attributes` are its dimensions, `boundaries` those of its buckets if it is a histogram."""

    name: str
    kind: Literal["counter", "histogram"]
    unit: str
    about: str
    attributes: tuple[str, ...]
    boundaries: tuple[float, ...] = ()


_CALL = (
    "gen_ai.operation.name",
    "gen_ai.provider.name",
    "gen_ai.request.model",
    "gen_ai.output.type",
    "gen_ai.usage.input_tokens",
    "gen_ai.usage.output_tokens",
    "error.type",
    "onbrief.run.id",
    "onbrief.call",
    "onbrief.revision",
    "onbrief.attempt",
    "onbrief.part",
    "onbrief.try",
    "onbrief.outcome",
    "onbrief.usd",
)
_MODEL = ("gen_ai.provider.name", "gen_ai.request.model")

ATTRIBUTES: Final[dict[str, str]] = {
    "gen_ai.operation.name": "`invoke_workflow` for a run, `generate_content` for a picture, `chat` for all other calls",
    "gen_ai.workflow.name": "`onbrief`",
    "gen_ai.provider.name": "the service, by its name in the conventions if it has one there",
    "gen_ai.request.model": "the model, without the provider and the options that its name has in the settings",
    "gen_ai.output.type": "`image` or `json`",
    "gen_ai.usage.input_tokens": "tokens of the request, if the service counts them",
    "gen_ai.usage.output_tokens": "tokens of the answer",
    "gen_ai.token.type": "`input` or `output`",
    "gen_ai.input.messages": "the brief, or the prompt of a picture; only with content",
    "error.type": "what went wrong: the state of a call, the problem of a picture, or the class of the error that ended a run",
    "onbrief.run.id": "the id of the run",
    "onbrief.run.kind": "`run`, or `judge` if the pictures existed already",
    "onbrief.run.resumed": "whether an earlier session made calls of this run; they have no spans here",
    "onbrief.revision": "the number of the prompt, from 0",
    "onbrief.attempt": "the number of the picture of this prompt, from 0",
    "onbrief.call": "the kind of call: `plan`, `image`, `judge`, `confirm`, `revise`, or `review` by the user",
    "onbrief.part": "which of several calls for the same step it is, such as `vote-2`",
    "onbrief.try": "the number of the try of this call, from 0, in all sessions",
    "onbrief.outcome": "the outcome of a run; `passed`, `not passed`, `not judged` or the problem of a picture; the state of a "
    "call: `done`, `refused`, `failed`, `unreadable`, `blocked` or `unknown`",
    "onbrief.usd": "US dollars: of a call, of a picture with all its calls, or of the run in all sessions",
    "onbrief.images": "pictures that the run has paid for, in all sessions",
    "onbrief.judge_calls": "calls of the judges, in all sessions",
    "onbrief.text_calls": "calls of planner and reviser, in all sessions",
    "onbrief.requirements": "the number of requirements of the checklist",
    "onbrief.best": "the best picture, as `REVISION-ATTEMPT`",
    "onbrief.unmet": "the ids of the requirements that this picture, or the best one of the run, falls short of",
    "onbrief.reservations": "the ids of the requirements that are in doubt and accepted all the same",
    "onbrief.prompt": "the text of the prompt; only with content",
    "onbrief.checklist": "the requirements, as `ID: TEXT`; only with content",
    "onbrief.wait.seconds": "how long a call waits before it is sent (again)",
    "onbrief.wait.reason": "why, as the service said it",
}
"""What each attribute means."""

SPANS: Final = (
    SpanKind(
        f"{RUN} {WORKFLOW}",
        "INTERNAL",
        "the caller's span, if there is one",
        "a run, from its beginning or its resumption to its end or interruption",
        (
            "gen_ai.operation.name",
            "gen_ai.workflow.name",
            "gen_ai.input.messages",
            "error.type",
            "onbrief.run.id",
            "onbrief.run.kind",
            "onbrief.run.resumed",
            "onbrief.outcome",
            "onbrief.usd",
            "onbrief.images",
            "onbrief.judge_calls",
            "onbrief.text_calls",
            "onbrief.requirements",
            "onbrief.best",
            "onbrief.unmet",
            "onbrief.checklist",
        ),
    ),
    SpanKind(
        "revision",
        "INTERNAL",
        "the run",
        "a prompt: how it was written, and all that was drawn with it",
        ("onbrief.run.id", "onbrief.revision", "onbrief.prompt"),
    ),
    SpanKind(
        "attempt",
        "INTERNAL",
        "the revision; the run, if the pictures existed already",
        "a picture: drawn, stored and judged",
        (
            "error.type",
            "onbrief.run.id",
            "onbrief.revision",
            "onbrief.attempt",
            "onbrief.outcome",
            "onbrief.usd",
            "onbrief.unmet",
            "onbrief.reservations",
        ),
    ),
    SpanKind(
        f"{IMAGE} MODEL",
        "CLIENT",
        "the attempt",
        "one try of a call for a picture",
        (*_CALL, "gen_ai.input.messages"),
    ),
    SpanKind(
        f"{WORDS} MODEL",
        "CLIENT",
        "the run for `plan`, the revision for `revise`, else the attempt",
        "one try of a call of planner, judge or reviser",
        _CALL,
    ),
    SpanKind(
        "review",
        "INTERNAL",
        "the run",
        "the user looks at the checklist",
        ("onbrief.run.id", "onbrief.call", "onbrief.outcome"),
    ),
)

WAIT: Final = "onbrief.wait"
"""The event of a span below which a call waits."""
WAIT_ATTRIBUTES: Final = ("onbrief.call", "onbrief.wait.seconds", "onbrief.wait.reason")

_SECONDS = (0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92)
_TOKENS = (1, 4, 16, 64, 256, 1024, 4096, 16384, 65536, 262144, 1048576, 4194304, 16777216, 67108864)
_LONG = (0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1800, 3600)

METRICS: Final = (
    Instrument(
        "gen_ai.client.operation.duration",
        "histogram",
        "s",
        "Duration of each try of a call.",
        ("gen_ai.operation.name", *_MODEL, "error.type"),
        _SECONDS,
    ),
    Instrument(
        "gen_ai.client.token.usage",
        "histogram",
        "{token}",
        "Number of input and output tokens used.",
        ("gen_ai.operation.name", *_MODEL, "gen_ai.token.type"),
        _TOKENS,
    ),
    Instrument("onbrief.usd", "counter", "{USD}", "Money spent, in US dollars.", (*_MODEL, "onbrief.call")),
    Instrument("onbrief.images", "counter", "{image}", "Calls for pictures that were accepted.", (*_MODEL, "onbrief.outcome")),
    Instrument(
        "onbrief.judge_calls",
        "counter",
        "{call}",
        "Calls of judges that were accepted.",
        (*_MODEL, "onbrief.call", "onbrief.outcome"),
    ),
    Instrument(
        "onbrief.text_calls",
        "counter",
        "{call}",
        "Calls of planners and revisers that were accepted.",
        (*_MODEL, "onbrief.call", "onbrief.outcome"),
    ),
    Instrument(
        "onbrief.wait.duration",
        "histogram",
        "s",
        "How long calls wait before they are sent (again): their number and their seconds.",
        ("onbrief.call",),
        _LONG,
    ),
    Instrument("onbrief.runs", "counter", "{run}", "Runs that have ended.", ("onbrief.run.kind", "onbrief.outcome")),
    Instrument(
        "onbrief.run.duration",
        "histogram",
        "s",
        "Duration of the session in which a run ended.",
        ("onbrief.run.kind", "onbrief.outcome"),
        _LONG,
    ),
)
