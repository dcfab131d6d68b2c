"""Finds the prompt that a message quotes: in tags, fences, quotation marks of any script, or after a label."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Callable, Iterator

_LABEL = r"(?:prompts?|descriptions?|captions?|briefs?|プロンプト|説明文?|指示文?|提示词)"
_WEAK_LABEL = r"(?:(?:user )?request|expected(?: image| picture| content)?|target|scene|subject|original|input|text|文章|期待)"
_OTHERS = r"(?:negative|system|revised|new|improved|rewritten|better|updated|ネガティブ)"
_NAMED = re.compile(rf"({_OTHERS}[\s_-]*)?(?:{_LABEL}|{_WEAK_LABEL})", re.IGNORECASE)
_TAG = re.compile(rf"<([\w-]{{0,20}}{_LABEL}[\w-]{{0,20}})>", re.IGNORECASE)
_WEAK_TAG = re.compile(rf"<({_WEAK_LABEL}[\w-]{{0,20}})>", re.IGNORECASE)
_FENCE = re.compile(r"(```|~~~)[\w-]*[ \t]*\n(.*?)\n?[ \t]*\1", re.DOTALL)
_RULED = re.compile(r"^[ \t]*([-=*_#]{3,})[ \t]*\n(.+?)\n[ \t]*\1[ \t]*$", re.DOTALL | re.MULTILINE)
_IN_JSON = re.compile(rf'"(\w*{_LABEL}\w*)"\s*:\s*"(.+?)"\s*(?=\}}|,\s*["}}\n])', re.IGNORECASE | re.DOTALL)
_GAP = (
    r"(?:\s+(?:is|was|were|been|used|given|below|above|here|following|that|which|follows|as|text|says|reads|of|it|to|for|in|"
    r"from|by|generated?|the|this|an?|image|picture|made|I|we|you|have|has|just|question|check|better|"
    r"(?:text-to-image )?model))*"
)
_BEFORE_QUOTE = re.compile(
    rf"{_LABEL}\**{_GAP}\s*(?:は|が|:|：|=|-|—)?\**\s*$|(?:次の|以下の)?{_LABEL}(?:は|である)?\s*$", re.IGNORECASE
)
_COLON = r"[ \t]*(?:\([^)\n]*\))?\**[ \t]*[:：=]\**[ \t]*"
_LINE = re.compile(rf"(?<![A-Za-z]){_LABEL}\**(?:{_GAP}|[\u3040-\u9fff]{{0,20}}){_COLON}(\S.*)$", re.IGNORECASE | re.MULTILINE)
_LINE_ABOVE = re.compile(
    rf"(?<![A-Za-z]){_LABEL}[^:：。\n\"“]{{0,80}}(?:[:：]|。|(?:below|follows|following)\.)\**[ \t]*\n\s*(\S.*)$",
    re.IGNORECASE | re.MULTILINE,
)
_BEHIND_QUESTION = re.compile(
    rf"\b(?:this|following|below|given)\s+(?:[\w-]+\s+){{0,2}}{_LABEL}\**\s*(?:below\s*)?[?？][ \t]*(\n?)\s*(\S.*)$",
    re.IGNORECASE | re.MULTILINE,
)
_HEADING = re.compile(
    rf"^[ \t]*(?:#+|\[|\*\*|【|■)[ \t]*(?:[\w'-]+ ){{0,3}}{_LABEL}[ \t]*[\]】*:：]*[ \t]*\n\s*(\S.*)$",
    re.IGNORECASE | re.MULTILINE,
)
_WEAK_LINE = re.compile(rf"^[ \t>*#-]*(?:the |my )?{_WEAK_LABEL}{_COLON}\s*(\S.*)$", re.IGNORECASE | re.MULTILINE)
_WANTED = re.compile(
    r"\b(?:I|we|user|client|customer)\s+(?:have |had |has )?(?:wanted|want|asked for|requested|ordered)\s*[:：]\s*(\S.*)$|"
    r"\b(?:generated|made|drawn|created|produced)\s+(?:with|from|for|by)\s*[:：]\s*(\S.*)$",
    re.IGNORECASE | re.MULTILINE,
)
_FAR_COLON = re.compile(rf"{_LABEL}\b[^.:：?!\n]{{0,120}}[:：][ \t]*\n?\s*(\S.*)$", re.IGNORECASE | re.MULTILINE)
_IN_PARENTHESES = re.compile(rf"{_LABEL}\s*[(（]([^()（）\n]{{8,2000}})[)）]", re.IGNORECASE)
_ABOVE = re.compile(r"\babove\b|上記|上の", re.IGNORECASE)
_DOING = (
    r"(?:(?:and|then) )*"
    r"(?:answer|respond|return|reply|output|please|check|if|does|do|did|is|are|was|were|give|provide|decide|write|"
    r"evaluate|verify|set|now|judge|rate|score|compare|tell me|say|choose|look at|only if|"
    r"how (?:well|much|closely|accurately)|json|the (?:image|picture))\b"
)
_NO_PART = re.compile(rf"\s*(?:[\w ]{{1,24}}[:：]|[{{<`#*\[【■]|---|{_DOING})", re.IGNORECASE)
_ASKED_IN_JAPANESE = re.compile(r"ください|下さい|(?:回答|出力|判定)して|答えて|返して")
_SENTENCE = re.compile(r"[.!。]\s+(?=[^\s])")
_ABOUT_THE_PICTURE = re.compile(
    rf"(?:{_DOING}|on a scale).*\b(?:image|picture|photo|json|prompt|match\w*|respond|score|scale|I)\b", re.IGNORECASE
)
_LABELLED = re.compile(r"\s*[\w ]{1,24}[:：]")
_GOING_ON = re.compile(rf"[ \t]*(?!{_DOING})[^\W_]", re.IGNORECASE)
_OF_A_REQUEST = re.compile(
    r"[?{}？]|\b(?:image|picture|photo|json|prompt|match|answer|respond|result|return|reply|output|you|your|please|verify|"
    r"check|revise|rewrite|improve|format)\b|画像|ください|プロンプト|結果",
    re.IGNORECASE,
)
_ASKED = re.compile(
    r"\b(?:show|depict|contain|match|portray|(?:image|picture|photo) of)(?:s|es)?\b:?\s+([^?\n]{4,600}?)\s*\?"
    rf"|\bshould\s+(?:show|depict|contain|be|look like)\b:?\s+(.{{4,2000}}?)(?:[.!]?\s*\Z|[.!\n]\s+(?={_DOING}))",
    re.IGNORECASE | re.DOTALL,
)
_ABOUT_IT = re.compile(
    rf"^(?:the|this|that|my|its|given|following|\s)*(?:\w+ )?{_LABEL}\b|"
    r"^(?:all |everything )?(?:of )?(?:the |what is )?above\b",
    re.IGNORECASE,
)
_PAIRS = {"“": "”", "„": "“”", "«": "»", "「": "」", "『": "』", "‘": "’", "`": "`", '"': '"', "'": "'", "＂": "＂"}
_Way = Callable[[str], Iterator[str]]
_LONGEST = 10_000  # characters
_MOST = 100  # maximum number of quotation marks to examine


def prompt(text: str) -> str | None:
    """Return the prompt that the text quotes, or None. The most reliable marks are tried first; the first match counts."""
    sure: tuple[_Way, ...] = (_tagged, _json, _fenced, _labelled, _lines)
    unsure: tuple[_Way, ...] = (_weakly_labelled, _loosely_labelled, _quoted, _any_fence, _asked, _above)
    for way in (*sure, *unsure):
        for found in way(text):
            if plain := found.strip()[:_LONGEST]:
                return plain
    return None


def is_label(name: str) -> bool:
    """Return whether what has this name is a prompt, or other material of the client."""
    return bool(_NAMED.fullmatch(name.replace("_", " ").replace("-", " ")))


def quotes(text: str) -> list[tuple[int, int]]:
    """Return the start and end of each outermost quotation, including its marks."""
    found: list[tuple[int, int]] = []
    at = tried = 0
    while at < len(text) and tried < _MOST:
        for mark in ('"""', "'''"):
            if text.startswith(mark, at) and (end := text.find(mark, at + 3)) > 0:
                end += text[end + 3 : end + 4] == mark[0]  # of four marks, the first belongs to a quotation inside
                found.append((at, end + 3))
                at = end + 2
                break
        else:
            if text[at] in _PAIRS and _opens(text, at):
                tried += 1
                if end := _closing(text, at):
                    found.append((at, end + 1))
                    at = end
        at += 1
    return found


def _tagged(text: str) -> Iterator[str]:
    tags = list(_between(_TAG, text))
    right = [found for found in tags if not _is_another(found[0])]
    yield from (inner for name, inner in right if "original" in name.lower())
    yield from (inner for _, inner in right or tags)


def _between(pattern: re.Pattern[str], text: str) -> Iterator[tuple[str, str]]:
    """Yield the name and content of tags. A tag that is mentioned but not closed is skipped."""
    opened = list(pattern.finditer(text))
    for match, following in itertools.zip_longest(opened, opened[1:]):
        end = text.find(f"</{match[1]}>", match.end(), following.start() if following else len(text))
        if end > 0:
            yield match[1], text[match.end() : end]


def _json(text: str) -> Iterator[str]:
    for match in _IN_JSON.finditer(text):
        if not _is_another(match[1]) and any(character.isalnum() for character in match[2]) and match[2][0] != "<":
            try:
                yield str(json.loads(f'"{match[2]}"', strict=False))
            except ValueError:  # the template was filled without escaping
                yield match[2]


def _fenced(text: str) -> Iterator[str]:
    for pattern in (_FENCE, _RULED):
        for match in pattern.finditer(text):
            label = text[: match.start()].rstrip().rsplit("\n", 1)[-1]
            if re.search(_LABEL, label, re.IGNORECASE) and not _is_json(match[2]):
                yield match[2]


def _labelled(text: str) -> Iterator[str]:
    for start, end in quotes(text):
        before = text[max(0, start - 120) : start]
        label = before.rsplit("\n\n", 1)[-1] if before.rstrip() == before.rstrip("\n") else before
        sentence = re.split(r"[.?!。]\s", label)[-1]
        after = text[end : end + 12].lstrip()
        behind = after.startswith(("というプロンプト", "のプロンプト", "という説明"))
        goes_on = re.search(r"[:：=。\n]\W*$", label) and _GOING_ON.match(text, end)
        if (behind or _BEFORE_QUOTE.search(label)) and not goes_on and not _is_another(sentence):
            yield _bare(text[start:end])


def _lines(text: str) -> Iterator[str]:
    for pattern in (_HEADING, _LINE, _LINE_ABOVE):
        yield from _behind(pattern, text)
    for match in _BEHIND_QUESTION.finditer(text):
        if not match[2].startswith(("{", "<")) and not (_LABELLED if match[1] else _NO_PART).match(match[2]):
            yield _whole(text, match.start(2))


def _weakly_labelled(text: str) -> Iterator[str]:
    yield from (inner for _, inner in _between(_WEAK_TAG, text))
    yield from _behind(_WEAK_LINE, text)


def _loosely_labelled(text: str) -> Iterator[str]:
    yield from (match[1] for match in _IN_PARENTHESES.finditer(text))
    for match in _WANTED.finditer(text):
        yield _whole(text, match.start(1) if match[1] else match.start(2))
    yield from (found for found in _behind(_FAR_COLON, text) if found[:1] not in _PAIRS and not quotes(found[:2000]))


def _behind(pattern: re.Pattern[str], text: str) -> Iterator[str]:
    """Yield the text after a label, on the same line or below it."""
    for match in pattern.finditer(text):
        label = text[text.rfind("\n", 0, match.start()) + 1 : match.start(1)]
        if _is_another(label) or match[1].startswith(("{", "<")):
            continue
        yield _whole(text, match.start(1))


def _whole(text: str, start: int) -> str:
    """Return the prompt that begins here: up to the end of its quotation marks, or to what is asked about it."""
    rest = text[start : start + _LONGEST]
    first, end = next(iter(quotes(rest)), (-1, -1))
    return _bare(rest[:end]) if first == 0 and not rest[end:].split("\n")[0].strip(" .") else _to_the_request(rest)


def _to_the_request(text: str) -> str:
    """Return the text up to the line or paragraph with the instructions."""
    lines = text.split("\n")
    for end in (match.end() for match in _SENTENCE.finditer(lines[0])):
        if _ABOUT_THE_PICTURE.match(lines[0], end):
            return lines[0][:end]
    for number, line in enumerate(lines[1:], 1):
        apart = not lines[number - 1].strip()
        if _NO_PART.match(line) or _ASKED_IN_JAPANESE.search(line) or (apart and _OF_A_REQUEST.search(line)):
            return "\n".join(lines[:number])
    return text


def _quoted(text: str) -> Iterator[str]:
    found = [_bare(text[start:end]) for start, end in quotes(text)]
    yield from sorted((inner for inner in found if len(inner.split()) > 1 or _is_cjk(inner)), key=len, reverse=True)


def _any_fence(text: str) -> Iterator[str]:
    for pattern in (_FENCE, _RULED):
        yield from (match[2] for match in pattern.finditer(text) if not _is_json(match[2]))


def _asked(text: str) -> Iterator[str]:
    found = (match[1] or match[2] for match in _ASKED.finditer(text))
    yield from (inner for inner in found if not _ABOUT_IT.match(inner))


def _above(text: str) -> Iterator[str]:
    paragraphs = text.split("\n\n")
    for number, paragraph in enumerate(paragraphs):
        if _ABOVE.search(paragraph):
            yield "\n\n".join(paragraphs[:number])


def _is_another(label: str) -> bool:
    """Return whether the label is for another prompt: a negative one, or the one to be written."""
    named = list(_NAMED.finditer(label))
    return bool(named and named[-1][1])


def _opens(text: str, at: int) -> bool:
    """Return whether a mark opens a quotation: there is space or punctuation before it, and text after it."""
    if text[at] not in "\"'`＂":
        return True
    before, after = text[at - 1 : at], text[at + 1 : at + 2]
    return not (before.isalnum() and before.isascii()) and bool(after.strip()) and after != text[at]


def _closing(text: str, at: int) -> int | None:
    """Return the end of the quotation that begins here. Marks of the same kind inside it are paired."""
    mark, closing = text[at], _PAIRS[text[at]]
    depth, first = 1, None
    for index in range(at + 1, min(len(text), at + _LONGEST)):
        character = text[index]
        if character in closing and _closes(text, index, mark):
            first = index if first is None else first
            depth -= 1
            if not depth:
                return index
        elif character == mark and _opens(text, index):
            depth += 1
    return first


def _closes(text: str, index: int, mark: str) -> bool:
    if mark not in "\"'`＂‘":
        return True
    before, after = text[index - 1], text[index + 1 : index + 2]
    return not before.isspace() and not (after.isalnum() and after.isascii())


def _bare(quotation: str) -> str:
    for mark in ('"""', "'''"):
        if quotation.startswith(mark):
            return quotation[3:-3]
    return quotation[1:-1]


def _is_json(text: str) -> bool:
    return text.lstrip().startswith(("{", "["))


def _is_cjk(text: str) -> bool:
    return len(text) > 3 and any("\u3040" <= character <= "\u9fff" for character in text)
