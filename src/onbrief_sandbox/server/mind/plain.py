"""Requests in free text: does this image match a quoted prompt, and what would be a better prompt."""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

from onbrief.brief import MAX_BRIEF_CHARACTERS, Brief, Checklist
from onbrief.ports import Revised
from onbrief.record import Attempt, Finding, Prompt, Verdict
from onbrief_sandbox.language.planner import SandboxPlanner
from onbrief_sandbox.language.writer import SandboxWriter
from onbrief_sandbox.server.conversation import Answer, Conversation
from onbrief_sandbox.server.mind import fields, matching, quoting, schemas, shaping, verdicts
from onbrief_sandbox.server.mind.fields import Field
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
_SCALE = re.compile(r"(\d+(?:\.\d+)?)\s*(?:-|–|to|and|~|〜|から)\s*(\d+(?:\.\d+)?)")
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

    def field(self, sense: Sense) -> Field | None:
        return next((field for field in self.fields if field.sense == sense), None)

    @property
    def revises(self) -> bool:
        if self.field("prompt"):
            return True
        return bool(_REVISING.search(self.text) and _PROMPT.search(self.text)) and not self._asks_for_verdict

    @property
    def judges(self) -> bool:
        return self._asks_for_verdict or (not self.revises and bool(self.images or self.prompt) and self._compares)

    @property
    def _asks_for_verdict(self) -> bool:
        verdict = self.field("verdict")
        if verdict is None:
            return False
        # `{"result": ""}` may also be the field for a new prompt.
        revising = len(self.fields) == 1 and not self.images and _REVISING.search(self.text)
        return not revising and (bool(self.images or self.prompt) or self._compares)

    @property
    def _compares(self) -> bool:
        return bool(_JUDGING.search(self.text) and (_IMAGE.search(self.text) or self.images))


async def answered(conversation: Conversation) -> Answer | None:
    """Return the answer in the words and fields that the client asks for, or None if the request is not understood."""
    for schema in _schemas(conversation):
        request = _read(conversation, fields.of_schema(schema))
        if (document := await _document(request)) and (answer := shaping.fitted(conversation, document)):
            return answer
    if conversation.forced or conversation.schema is not None:
        return None
    request = _read(conversation, ())
    document = await _document(request)
    if document is None:
        return None
    if request.fields or re.search(r"\bJSON\b", request.text, re.IGNORECASE):
        return Answer(text=shaping.continued(conversation, document))
    return Answer(text=await _as_text(request, document))


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
    text = f"{newest}\n{system}"
    return _Request(_without(prompt, text), prompt, images, wanted)


def _without(prompt: str, text: str) -> str:
    """Return the text without the prompt, whose words are not part of the request."""
    return re.sub(rf"(?<!\w){re.escape(prompt)}(?!\w)", " ", text) if prompt else text


def _clipped(text: str) -> str:
    """Return the part of a message that is read: for a long one, its beginning and its end."""
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST // 2]}\n\n{text[-_LONGEST // 2 :]}"


def _from_json(text: str) -> str | None:
    """Return the prompt in a JSON object that looks like a skeleton but has values."""
    return quoting.prompt("\n".join(text[start:end] for start, end in fields.skeletons(text)))


async def _document(request: _Request) -> shaping.Document | None:
    """Return a value for each requested field, or None if the request is neither a comparison nor a revision."""
    if request.judges:
        match = await matching.match(request.prompt, request.images)
        rewrites = request.prompt and request.field("prompt") and not match.so
        revised = await _revised(request, match) if rewrites else None
        wanted = request.fields or (Field("result", "verdict", "text"), Field("reason", "reason", "text"))
        return {field.name: _filled(field, request, match, revised) for field in wanted}
    if request.revises and request.prompt:
        match = await matching.match(request.prompt, request.images) if request.images else None
        revised = await _revised(request, match)
        wanted = request.fields or (Field("revised_prompt", "prompt", "text"),)
        if not any(field.sense == "prompt" for field in wanted):
            wanted = tuple(Field(f.name, "prompt", "text") if f.sense == "verdict" else f for f in wanted)
        return {field.name: _filled(field, request, match, revised) for field in wanted}
    return None


def _filled(field: Field, request: _Request, match: Match | None, revised: Revised | None) -> object:
    met = match is not None and match.so is True
    match field.sense:
        case "verdict":
            if field.form == "flag":
                return met
            if field.form == "number":
                return int(met)
            return _word(field, request, met=met)
        case "reason":
            reason = match.reason if match else revised.reason if revised else ""
            return [reason] if field.form == "list" else reason
        case "score":
            share = match.share if match else 0.0
            scale = _SCALE.search(field.shown) or _SCALE.search(request.text)
            low, high = (float(scale[1]), float(scale[2])) if scale else (0.0, 1.0)
            value = round(low + share * (high - low), 2)
            number = int(value) if value.is_integer() and high > 1 else value
            return number if field.form != "text" or not field.shown.startswith('"') else str(number)
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
            return {"text": "", "flag": False, "number": 0, "list": list[str]()}[field.form]


def _word(field: Field | None, request: _Request, *, met: bool) -> str | bool:
    """Return the client's word for the verdict. If it offers none, a field named like a question gets true or false."""
    if words := verdicts.offered(field, request.text):
        return words[0] if met else words[1]
    if field and not field.choices and field.shown in ("", '""') and re.match(r"(?i)is_|matche?s?\b|pass|valid", field.name):
        return met
    return "OK" if met else "NG"


async def _as_text(request: _Request, document: shaping.Document) -> str:
    """Return the answer as text, for a client that does not ask for JSON: the verdict and the reason, or only the prompt."""
    if "revised_prompt" in document:
        return str(document["revised_prompt"])
    met = document["result"] == _word(None, request, met=True)
    words = verdicts.offered(None, request.text)
    if words and re.search(r"\b(?:only|just|single word|one word)\b|のみ|だけ", request.text, re.IGNORECASE):
        return words[0] if met else words[1]
    word = (words or ("Yes", "No"))[0 if met else 1]
    return f"{word}. {document['reason']}"


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
