"""Requests in free text: does this image match a quoted prompt, and what would be a better prompt."""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

from onbrief.attempt import Attempt, Finding, Verdict
from onbrief.brief import MAX_BRIEF_CHARACTERS, Brief, Checklist
from onbrief.ports import Revised
from onbrief.record import Prompt
from onbrief_sandbox.language.planner import SandboxPlanner
from onbrief_sandbox.language.writer import SandboxWriter
from onbrief_sandbox.server.conversation import Answer, Conversation
from onbrief_sandbox.server.mind import fields, layouts, matching, quoting, schemas, shaping, verdicts
from onbrief_sandbox.server.mind.fields import Field
from onbrief_sandbox.server.mind.layouts import Layout
from onbrief_sandbox.server.mind.matching import Match
from onbrief_sandbox.server.mind.words import Sense

_IMAGE = re.compile(
    r"\b(?:image|picture|photo|photograph|drawing|illustration|artwork|render)s?\b|画像|写真|絵|图", re.IGNORECASE
)
_JUDGING = re.compile(
    r"\b(?:match|depict|show|contain|consisten|correspond|follow|satisf|adher|accura|reflect|meet|align|faithful|conform|valid|"
    r"verif|check|evaluat|compar|judge|assess|represent|portray|agree|correct|right)\w*|一致|合っ|満た|検証|判定|確認|評価|沿っ|反映",
    re.IGNORECASE,
)
_REVISING = re.compile(
    r"\b(?:revis|rewrit|rewrot|improv|refin|rephras|reword|enhanc|optimi[sz]|reformulat|fix|adjust|tweak)\w*|"
    r"\b(?:better|new|another|different|modified|updated) (?:\w+ )?prompt|改善|修正|書き直|改良|書き換え|作り直",
    re.IGNORECASE,
)
_PROMPT = re.compile(r"\bprompts?\b|\bdescription\b|プロンプト|提示词", re.IGNORECASE)
_JSON = re.compile(r"\bJSON\b", re.IGNORECASE)
_NUMBER = r"(\d{1,9}(?:\.\d{1,9})?)"
_SCALE = re.compile(rf"(?<!\d){_NUMBER}(?:\s*\([^()\n]{{1,40}}\))?\s*(?:-|–|to|and|~|〜|から)\s*{_NUMBER}")
_OUT_OF = re.compile(r"(?:/|\bout of)\s*(\d{1,9})\b")
_RATING = re.compile(
    r"\b(?:rat(?:e|ing)|scores?|scale|grade|percent(?:age)?|how (?:well|closely|accurately))\b|点|スコア", re.IGNORECASE
)
_ONLY = re.compile(
    r"\b(?:only|just|single word|one word|nothing else|no (?:other|extra|additional) text|(?:no|without) explanation)\b|"
    r"のみ|だけ|nur\b|只|로만",
    re.IGNORECASE,
)
_LONGEST = 24_000  # characters of a message that are read; twice the longest prompt, and some text about it
_TURNS = 20  # the number of earlier messages that are searched
_WORDINGS = 143  # the number of wordings to choose from


@dataclass(frozen=True, slots=True)
class _Request:
    """A request, as parsed from a conversation."""

    text: str
    prompt: str
    images: tuple[bytes, ...]
    fields: tuple[Field, ...]
    layout: Layout | None = None
    around: str | None = None
    """The name of the field that holds the others, in JSON."""

    def field(self, sense: Sense) -> Field | None:
        return next((field for field in self.fields if field.sense == sense), None)

    @property
    def revises(self) -> bool:
        if self.field("prompt"):
            return True
        return bool(_REVISING.search(self.text) and _PROMPT.search(self.text)) and not self._asks_for_verdict

    @property
    def judges(self) -> bool:
        if self._asks_for_verdict:
            return True
        about = bool(self.images or self.prompt) and self._compares
        return not self.revises and (about or bool(self.images and self.prompt and self._invites))

    @property
    def rates(self) -> bool:
        """Whether a number is wanted rather than a word."""
        return bool(_RATING.search(self.text) and (_SCALE.search(self.text) or _OUT_OF.search(self.text)))

    @property
    def _invites(self) -> bool:
        return self.rates or verdicts.asks_yes_or_no(self.text) or verdicts.offered(None, self.text) is not None

    @property
    def _asks_for_verdict(self) -> bool:
        if not (self.field("verdict") or self.field("score")):
            return False
        # `{"result": ""}` may also be the field for a new prompt.
        revising = len(self.fields) == 1 and not self.images and _REVISING.search(self.text)
        return not revising and (bool(self.images or self.prompt) or self._compares)

    @property
    def _compares(self) -> bool:
        return bool(_JUDGING.search(self.text) and (_IMAGE.search(self.text) or self.images))


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What the answer to a request says, and the fields that it says it in."""

    fields: tuple[Field, ...]
    match: Match | None
    revised: Revised | None


async def answered(conversation: Conversation) -> Answer | None:
    """Return the answer in the words and fields that the client asks for, or None if the request is not understood."""
    for schema in _schemas(conversation):
        request = _read(conversation, fields.of_schema(schema))
        if (outcome := await _outcome(request)) and (fit := shaping.fitted(conversation, _document(request, outcome))):
            return fit
    if conversation.forced or conversation.schema is not None:
        return None
    request = _read(conversation, ())
    outcome = await _outcome(request)
    if outcome is None:
        return None
    document = _document(request, outcome)
    if request.layout:
        return Answer(text=request.layout.written(document))
    if request.fields or _JSON.search(request.text):
        wrapped: shaping.Document = {request.around: document} if request.around else document
        return Answer(text=shaping.continued(conversation, wrapped))
    return Answer(text=_as_text(request, outcome))


def _schemas(conversation: Conversation) -> list[schemas.Schema]:
    tools = [tool.schema for tool in shaping.offered(conversation)]
    return tools or ([conversation.schema] if conversation.schema is not None else [])


def _read(conversation: Conversation, wanted: tuple[Field, ...]) -> _Request:
    """Parse the request from the newest message; parts that it lacks come from the system text or earlier messages."""
    users = [turn for turn in conversation.turns if turn.role == "user"]
    newest = _clipped(users[-1].text) if users else ""
    system = _clipped(conversation.system)
    sources = [newest, system, *(_clipped(turn.text) for turn in reversed(users[-_TURNS:-1]))]
    prompt = next((found for text in sources if (found := quoting.prompt(fields.masked(text)) or _from_json(text))), "")
    if not wanted:
        wanted = next((found for text in sources if (found := fields.of_text(_without(prompt, text)))), ())
    images = next((turn.images for turn in reversed(users) if turn.images), ())
    text = _without(prompt, f"{newest}\n{system}")
    around = next((found for source in sources if (found := fields.around(_without(prompt, source)))), None)
    layout = None if wanted or _JSON.search(text) else layouts.of_text(text)
    return _Request(text, prompt, images, layout.fields if layout else wanted, layout, around)


def _without(prompt: str, text: str) -> str:
    """Return the text without the prompt, whose words are not part of the request."""
    return re.sub(rf"(?<!\w){re.escape(prompt)}(?!\w)", " ", text) if prompt else text


def _clipped(text: str) -> str:
    """Return the part of a message that is read: for a long one, its beginning and its end."""
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST // 2]}\n\n{text[-_LONGEST // 2 :]}"


def _from_json(text: str) -> str | None:
    """Return the prompt in a JSON object that looks like a skeleton but has values."""
    return quoting.prompt("\n".join(text[start:end] for start, end in fields.skeletons(text)))


async def _outcome(request: _Request) -> _Outcome | None:
    """Return the result of a comparison or a revision, or None if the request is neither."""
    if request.judges:
        match = await matching.match(request.prompt, request.images)
        rewrites = request.prompt and request.field("prompt") and not match.so
        revised = await _revised(request, match) if rewrites else None
        return _Outcome(
            request.fields or (Field("result", "verdict", "text"), Field("reason", "reason", "text")), match, revised
        )
    if request.revises and request.prompt:
        match = await matching.match(request.prompt, request.images) if request.images else None
        wanted = request.fields or (Field("revised_prompt", "prompt", "text"),)
        if not any(field.sense == "prompt" for field in wanted):
            wanted = tuple(Field(f.name, "prompt", "text") if f.sense == "verdict" else f for f in wanted)
        return _Outcome(wanted, match, await _revised(request, match))
    return None


def _document(request: _Request, outcome: _Outcome) -> shaping.Document:
    return {field.name: _filled(field, request, outcome.match, outcome.revised) for field in outcome.fields}


def _filled(field: Field, request: _Request, match: Match | None, revised: Revised | None) -> object:
    met = match is not None and match.so is True
    match field.sense:
        case "verdict":
            if field.form == "flag":
                return met
            if field.form in ("number", "integer"):
                return int(met)
            return verdicts.words(field, request.text)[0 if met else 1]
        case "reason":
            reason = match.reason if match else revised.reason if revised else ""
            return [reason] if field.form == "list" else reason
        case "score":
            return _score(field, request, match)
        case "list":
            unmet = list(match.unmet or [match.reason]) if match and not match.so else []
            return unmet if field.form != "text" or field.shown in ("", "[]") else "; ".join(unmet)
        case "prompt":
            return revised.text if revised else request.prompt
        case "negative":
            return revised.negative if revised else ""
        case "echo":
            return request.prompt
        case "other":
            return {"text": "", "flag": False, "number": 0, "integer": 0, "list": list[str]()}[field.form]


def _score(field: Field, request: _Request, match: Match | None) -> object:
    """Return the share of what is met on the client's scale; a whole number only of a match is the highest."""
    share = match.share if match else 0.0
    scale = _SCALE.search(field.shown) or _SCALE.search(request.text)
    most = _OUT_OF.search(field.shown) or (None if scale else _OUT_OF.search(request.text))
    low, high = (0.0, float(most[1])) if most else (float(scale[1]), float(scale[2])) if scale else (0.0, 1.0)
    value = round(low + share * (high - low), 2)
    number = int(value) if field.form == "integer" or (value.is_integer() and high > 1) else value
    return number if field.form != "text" or not field.shown.startswith('"') else str(number)


def _as_text(request: _Request, outcome: _Outcome) -> str:
    """Return the answer as text, for a client that does not ask for JSON: the prompt; or the verdict or the score, and the
    reason unless the client wants none.
    """
    match = outcome.match
    if match is None or not request.judges:
        return outcome.revised.text if outcome.revised else request.prompt
    place = 0 if match.so else 1
    if boxes := verdicts.boxed(request.text):
        return f"{match.reason}\n\\boxed{{{boxes[place]}}}"
    only = bool(_ONLY.search(request.text))
    offers = verdicts.offered(None, request.text)
    if request.rates and not offers:
        score = str(_score(Field("score", "score", "number"), request, match))
        return score if only else f"{score}\n{match.reason}"
    word = verdicts.words(None, request.text)[place]
    if only:
        return str(word)
    return f"{word}\n{match.reason}" if offers else f"{word}. {match.reason}"


async def _revised(request: _Request, match: Match | None) -> Revised:
    """Return the writer's next prompt. Requirements that the picture or the message shows as unmet count as failed once."""
    brief = Brief(text=request.prompt.encode("utf-8", "replace").decode()[:MAX_BRIEF_CHARACTERS])
    planned = await SandboxPlanner("sandbox:", None).checklist(brief)
    checklist = Checklist.freeze(planned.requirements, brief)
    failed = [r.id for r in checklist.requirements if (match and r.text in match.unmet) or r.text in request.text]
    history = [(Prompt(0, brief.text), [_attempt(checklist, failed)])] if failed else []
    wording = 1 + zlib.crc32(json.dumps([request.prompt, request.text]).encode()) % _WORDINGS
    return await SandboxWriter("sandbox:", None).revise(brief, checklist, wording, history)


def _attempt(checklist: Checklist, failed: Sequence[str]) -> Attempt:
    findings = tuple(Finding(r.id, "unmet" if r.id in failed else "met", 0.5) for r in checklist.requirements)
    return Attempt(0, 0, 0, verdict=Verdict(False, findings))
