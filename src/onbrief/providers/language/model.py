"""Language models through pydantic-ai: send a question once, in one HTTP request, and read its answer.

Nothing here or below retries a paid call. The ledger's account does, depending on the class of the error.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar, cast

from pydantic_ai import BinaryContent, ModelRequest, UserPromptPart
from pydantic_ai.direct import model_request
from pydantic_ai.exceptions import ModelHTTPError, UserError
from pydantic_ai.messages import ModelResponse, TextPart, ToolCallPart
from pydantic_ai.models import Model as Client
from pydantic_ai.models import ModelRequestParameters
from pydantic_ai.output import OutputObjectDefinition
from pydantic_ai.settings import ModelSettings
from pydantic_ai.tools import ToolDefinition
from pydantic_ai.usage import RequestUsage

from onbrief import pictures
from onbrief.brief import Size
from onbrief.errors import Blocked, CallError, OnbriefError, Unknown, Unreadable
from onbrief.ports import Judged, Planned, Revised, Tokens
from onbrief.providers.language import capabilities, counting, outcomes
from onbrief.providers.language.capabilities import Capabilities, Mode
from onbrief.providers.language.counting import PictureTokens
from onbrief.questions import Question, declines, document

Read = TypeVar("Read", bound=Planned | Judged | Revised)

TIMEOUT = 300.0  # seconds for a complete call, unless the name sets another; a timeout does not refund it
SAMPLING = ("temperature", "top_p", "top_k")
_ONE_OF_TWO = ("claude-sonnet-4-6", "claude-haiku-4-5")  # accept temperature or top_p, which their profile does not say
_LIMITS = ("max_tokens", "length", "max_output_tokens")  # stop reasons of answers as long as they may be
_SHOWN = 300  # characters of a model's text that are quoted in errors

Outcome = Callable[[Exception], OnbriefError | None]
"""Returns the outcome of a call from an exception of the client below pydantic-ai, or None for any other exception."""


Within = Callable[[float], AbstractAsyncContextManager[None]]
"""Gives the call that is awaited in its block this many seconds in all. Raises Unknown if they are over, or Refused if nothing
was sent by then.
"""


@asynccontextmanager
async def within(seconds: float) -> AsyncGenerator[None]:
    """See Within. For clients that close their connection when they are cancelled."""
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError:
        raise Unknown(f"no complete answer within {seconds:g} seconds") from None


def thinks(client: Client) -> bool:
    """Return whether a model thinks before it answers, without being asked to. Some do not if they are forced to use a tool."""
    profile = cast("Mapping[str, object]", client.profile)
    spared = profile.get("forced_tool_choice_disables_thinking") and profile.get("supports_forced_tool_choice", True)
    return bool(profile.get("thinking_always_enabled") or (profile.get("thinking_enabled_by_default") and not spared))


def no_outcome(error: Exception) -> None:
    """See Outcome. For clients whose exceptions pydantic-ai converts to its own."""


@dataclass(frozen=True, slots=True)
class LanguageModel:
    """A language model. `key` is its name without options; `sampling` has the sampling parameters that the user set. `timeout`
    is in seconds, for a complete call; `within` enforces it. Exceptions are classified by `outcome`, and by outcomes.py if that
    is None. `correction` says what was wrong with the previous answer to the same question; it is None for a first question.
    `rates` are US dollars for a million tokens of prompt and of answer; None for those of genai-prices. `mode` is the first to
    try; None for what pydantic-ai's profile says.
    """

    name: str
    key: str
    client: Client = field(repr=False)
    max_tokens: int
    sampling: Mapping[str, float] = field(default_factory=dict[str, float])
    timeout: float = TIMEOUT
    outcome: Outcome = field(default=no_outcome, repr=False)
    within: Within = field(default=within, repr=False)
    picture_tokens: PictureTokens = field(default=counting.picture_tokens, repr=False)
    correction: str | None = None
    rates: tuple[float, float] | None = None
    mode: Mode | None = None

    def price_of(self, question: Question[Any], picture: Size | None = None) -> float | None:
        """Return the most that a call with this question can cost in US dollars, with a picture of this size if there is one:
        with as many input tokens as it can have, and `max_tokens` of output. None if no price of the model is known.
        """
        texts = counting.text_tokens(question.system, _offer(question), question.text, *[question.answer] * 3)
        pictures = 0 if picture is None else self.picture_tokens(picture)
        return self.price(counting.FRAME + counting.CORRECTION + texts + counting.schema_tokens(question.schema) + pictures)

    def price(self, input_tokens: int) -> float | None:
        """Return the maximum cost of a call with this number of input tokens, in US dollars; None if no price is known."""
        return self.cost(Tokens(input_tokens, self.max_tokens))

    def cost(self, tokens: Tokens) -> float | None:
        """Return the cost of a call with these tokens in US dollars; None if no price is known."""
        response = ModelResponse(
            parts=[],
            usage=RequestUsage(input_tokens=tokens.input, output_tokens=tokens.output),
            model_name=self.client.model_name,
            provider_name=self.client.system,
            provider_url=self.client.base_url,
        )
        return self._cost(response)

    def _cost(self, response: ModelResponse) -> float | None:
        """Return the cost of a call by its tokens; None if it has no price, or the answer does not say how many were sent."""
        usage = response.usage
        if usage.input_tokens <= 0:
            return None
        if self.rates is not None:
            return (self.rates[0] * usage.input_tokens + self.rates[1] * usage.output_tokens) / 1e6
        try:
            return float(response.cost().total_price)
        except LookupError:
            return None

    @property
    def warnings(self) -> tuple[str, ...]:
        """The sampling parameters that the user set and the model is known to refuse, as a warning."""
        taken = self.capabilities.takes(self.sampling)
        left_out = [name for name in self.sampling if name not in taken]
        return (f"{self.key} does not take {', '.join(left_out)} as set: left out",) if left_out else ()

    @property
    def capabilities(self) -> Capabilities:
        """What this process has learned about the model, or else what pydantic-ai's profile says."""
        profile = cast("Mapping[str, object]", self.client.profile)
        unsampled = any(value for key, value in profile.items() if key.endswith("_disallows_sampling_settings"))
        unsampled = unsampled or (bool(profile.get("openai_supports_reasoning")) and thinks(self.client))
        start = Capabilities(
            mode=self.mode or ("forced" if profile.get("supports_forced_tool_choice", True) else "offered"),
            refuses=frozenset(SAMPLING if unsampled else self.client.unsupported_settings.intersection(SAMPLING)),
            one=any(name in self.key for name in _ONE_OF_TWO),
        )
        return capabilities.known(self.key, start)

    async def ask(self, question: Question[Read], image: bytes | None = None) -> Read:
        """Ask a question, about a picture if there is one, and return what was read with the tokens and cost of the call.

        Raises:
            PictureError: the bytes are not a picture; nothing is sent.
            CallError: one of its four classes. Unreadable if the answer cannot be read or was cut short, Blocked if a filter or
                the model itself refused.
            ConfigError: access or credentials are wrong, or the model does not exist.
        """
        if self.correction is not None:
            question = question.once_more(self.correction)
        shown = [] if image is None else [BinaryContent(image, media_type=pictures.media_type(image))]
        asked = self.capabilities
        while True:
            try:
                response = await self._send(question, shown, asked)
            except OnbriefError:
                raise
            except Exception as error:
                better = self._learned(error, asked)
                if better is None:
                    raise (self.outcome(error) or outcomes.classify(error)) from error
                asked = better
            else:
                capabilities.learn(self.key, asked)
                break
        tokens, usd = Tokens(response.usage.input_tokens, response.usage.output_tokens), self._cost(response)
        try:
            read = question.read(self._document(response, question.answer))
        except CallError as error:  # an answer that is of no use also says what it cost
            error.usd, error.tokens = usd, tokens
            raise
        return replace(read, tokens=tokens, usd=usd)

    async def _send(self, question: Question[Read], shown: list[BinaryContent], asked: Capabilities) -> ModelResponse:
        system = question.system
        if asked.mode == "offered":
            system += _offer(question)
        if asked.mode == "prompted":
            system += _schema(question)
        message = ModelRequest(parts=[UserPromptPart([*shown, question.text])], instructions=system)
        async with self.within(self.timeout):
            return await model_request(
                self.client,
                [message],
                model_settings=self._settings(question, asked),
                model_request_parameters=_parameters(question, asked),
            )

    def _settings(self, question: Question[Read], asked: Capabilities) -> ModelSettings:
        settings = {name: self.sampling[name] for name in asked.takes(self.sampling)}
        once = {"max_retries": 0, "timeout": self.timeout}
        more = {name: value for name, value in once.items() if name not in self.client.unsupported_settings}
        forced = {"tool_choice": [question.answer]} if asked.mode == "forced" else {}
        return cast("ModelSettings", {"max_tokens": self.max_tokens, **settings, **more, **forced})

    def _learned(self, error: Exception, asked: Capabilities) -> Capabilities | None:
        """Return the capabilities to try next if the request was refused for its form and nothing was spent, else None."""
        if isinstance(error, UserError):
            return asked.next_mode()
        if not isinstance(error, ModelHTTPError) or error.status_code not in (400, 422):
            return None
        return asked.after(outcomes.words(error), asked.takes(self.sampling))

    def _document(self, response: ModelResponse, answer: str) -> object:
        """Return the answer as parsed JSON. Raise if the stop reason does not say that it is complete."""
        text = "\n".join(part.content for part in response.parts if isinstance(part, TextPart))
        details = response.provider_details or {}
        raw, text = details.get("finish_reason"), text or str(details.get("refusal", ""))
        quote = f"; it says: {text[:_SHOWN]}" if text.strip() else ""
        if response.finish_reason == "content_filter" or raw in ("refusal", "content_filtered"):
            guarded = "loosen the guardrail that intervened, or " if raw == "guardrail_intervened" else ""
            hint = f"{guarded}use another model"
            raise Blocked(f"{self.name} refused to answer ({raw or response.finish_reason}){quote}", hint=hint)
        if response.finish_reason == "length":
            more = f"{'&' if '?' in self.key else '?'}max_tokens={2 * self.max_tokens}"
            hint = f"raise the limit: {self.key}{more}" if str(raw).lower() in _LIMITS else ""
            cut = "It was too long and was cut short: say everything in fewer words"
            raise Unreadable(
                f"the answer of {self.name} is cut short ({raw or response.finish_reason})", hint=hint, correction=cut
            )
        if response.finish_reason not in ("stop", "tool_call") and raw is not None:
            raise Unreadable(f"{self.name} stopped for the reason {raw}{quote}")
        calls = [part for part in response.parts if isinstance(part, ToolCallPart)]
        if not calls:
            return self._written(text)
        if len(calls) > 1 or calls[0].tool_name != answer:
            named = ", ".join(call.tool_name for call in calls)
            once = f"Use the tool `{answer}` exactly once, with all of its fields, and no other"
            raise Unreadable(f"{self.name} used the tools {named} where {answer} was to be used once", correction=once)
        arguments = calls[0].args
        return document(arguments) if isinstance(arguments, str) else arguments

    def _written(self, text: str) -> object:
        """Return the answer in a text. A model that declines in prose has refused, and would do so again."""
        try:
            return document(text)
        except Unreadable:
            if declines(text):
                raise Blocked(f"{self.name} declines to answer; it says: {text[:_SHOWN]}", hint="use another model") from None
            raise


def _offer(question: Question[Any]) -> str:
    """Return what is added to the instructions if the use of the tool cannot be forced."""
    return f"\n\nAnswer by using the tool `{question.answer}` once, with all of its fields, and write nothing else."


def _schema(question: Question[Any]) -> str:
    """Return what is added to the instructions if the service holds no answer to a schema."""
    return f"\n\nAnswer with one JSON object and nothing else. It must fit this JSON schema:\n{json.dumps(question.schema)}"


def _parameters(question: Question[Read], asked: Capabilities) -> ModelRequestParameters:
    if asked.mode == "native":
        wanted = OutputObjectDefinition(json_schema=question.schema, name=question.answer)
        return ModelRequestParameters(output_mode="native", output_object=wanted)
    if asked.mode == "prompted":
        return ModelRequestParameters(output_mode="text")
    tool = ToolDefinition(
        name=question.answer,
        parameters_json_schema=question.schema,
        description=f"Takes the whole answer: the {question.answer}.",
        kind="output",
    )
    return ModelRequestParameters(output_mode="tool", output_tools=[tool], allow_text_output=asked.mode == "offered")
