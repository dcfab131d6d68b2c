"""The contact sheet as one picture: rows are prompts, columns are attempts, on black film, with the best one circled."""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TypeVar

from PIL import Image, ImageDraw, ImageOps

from onbrief.record import Run
from onbrief.report.bidi import RIGHT_TO_LEFT, is_right_to_left
from onbrief.report.formatting import counted, duration, language, money
from onbrief.report.story import Frame, Row, Story, grouped, story_of
from onbrief.report.text import Letters, advice, drawable
from onbrief.report.thumbnails import reduced

MAX_FRAMES = 60
"""Maximum number of attempts on one sheet; of a longer run, it shows the row of the best picture and the newest rows."""

_TABLE, _FILM, _HOLE, _INK, _SOFT = "#1b1a18", "#060606", "#3a3733", "#efeae0", "#aba498"
_EDGE, _PENCIL = "#f0b04f", "#ff5b3a"
_COLOURS = {
    "met": "#74cf9b", "unmet": "#ff9b88", "borderline": "#86cfdd", "undecided": "#e8bd63", "stop": "#cdb0ee",
    "clock": "#efeae0", "blank": "#aba498",
}  # fmt: skip
_SIGNS = {
    "passed": "met",
    "short": "unmet",
    "borderline": "borderline",
    "undecided": "undecided",
    "problem": "stop",
    "unjudged": "blank",
    "pending": "clock",
}
_MARGIN, _CELL, _WINDOW, _TALLEST = 64, 336, 308, 420
_COLUMNS = (3, 6)
_MOST_GIVEN = 240  # pictures that existed already, which have one row


T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Block:
    """A part of the sheet: its height in pixels, and the function that paints it below a given y."""

    height: int
    paint: Callable[[Image.Image, int], None]


@dataclass(frozen=True, slots=True)
class Line:
    """A line below a picture, with the sign before it, or ""."""

    sign: str
    text: str
    letters: Letters
    colour: str


def sheet(run: Run, pictures: Mapping[str, bytes]) -> bytes:
    """Draw the contact sheet of a run as PNG. `pictures` holds the bytes of stored pictures by `image.key`."""
    story = story_of(run)
    low, high = _COLUMNS
    columns = max(low, min(high, max((sum(len(row.frames) for row in group) for group in story.groups), default=low)))
    width = 2 * _MARGIN + columns * _CELL
    blocks = [_header(story, width)]
    rows = _kept(story)
    left_out = len(tuple(story.frames)) - sum(len(row.frames) for row in rows)
    if left_out or len(rows) < len(story.rows):
        blocks.append(
            _remark(f"{counted(left_out, 'picture' if run.kind == 'judge' else 'attempt')} left out; the page has them all.")
        )
    if missing := advice(_texts(story, rows)):
        blocks.append(_remark(missing))
    for group in grouped(rows):
        if len(group) > 1:
            for batch in _batches(group, columns):
                blocks.append(_prompts(batch))
                blocks.append(_strip([frame for row in batch for frame in row.frames], run, pictures))
        for row in group if len(group) == 1 else ():
            blocks.append(_prompt(row, width))
            blocks.extend(_strip(frames, run, pictures) for frames in _batches(row.frames, columns))
    canvas = Image.new("RGB", (width, sum(block.height for block in blocks) + _MARGIN), _TABLE)
    y = 0
    for block in blocks:
        block.paint(canvas, y)
        y += block.height
    buffer = io.BytesIO()
    canvas.save(buffer, "PNG")
    return buffer.getvalue()


def _kept(story: Story) -> tuple[Row, ...]:
    by_worth = sorted(enumerate(story.rows), key=lambda row: (any(frame.best for frame in row[1].frames), row[0]), reverse=True)
    room, kept = MAX_FRAMES, set[int]()
    for number, row in by_worth:
        room -= max(1, len(row.frames))
        if kept and room < 0:
            break
        kept.add(number)
    rows = tuple(row for number, row in enumerate(story.rows) if number in kept)
    return tuple(replace(row, frames=row.frames[:_MOST_GIVEN]) if row.prompt is None else row for row in rows)


def _texts(story: Story, rows: Sequence[Row]) -> Iterator[str]:
    """Return the texts of others that the sheet shows."""
    run = story.run
    yield from (run.brief.text, run.reason)
    yield from (row.prompt.text for row in rows if row.prompt)
    yield from (item.requirement.text for item in story.items)
    yield from (frame.attempt.problem.message for frame in story.frames if frame.attempt.problem)


def _header(story: Story, width: int) -> Block:
    run, usage = story.run, story.run.usage
    title, lead, body = Letters(46), Letters(27, language(run.brief.text)), Letters(20)
    room = width - 2 * _MARGIN
    headline = title.wrap(story.headline, room - 70, 2)
    brief = lead.wrap(drawable(run.brief.text, 900), room, 6)
    reason = body.wrap(drawable(run.reason, 300), room, 2) if run.reason else []
    images = len(run.attempts) if run.kind == "judge" else usage.images
    spent = f"{counted(images, 'picture')}  ·  {counted(usage.judge_calls, 'judge call')}  ·  {money(usage.usd)}"
    facts = [*reason, *([story.gap] if story.gap else []), f"{spent}  ·  {duration(usage.seconds)}"]
    height = 104 + len(headline) * title.line + len(brief) * lead.line + len(facts) * body.line + 20

    def paint(canvas: Image.Image, y: int) -> None:
        draw = ImageDraw.Draw(canvas)
        Letters(18).draw(draw, (_MARGIN, y + 58), f"onbrief   {drawable(run.run_id, 60)}", _EDGE)
        y += 72
        _sign(canvas, story.sign, (_MARGIN, y + 11), 40)
        y = _write(draw, (_MARGIN + 62, y), headline, title, _COLOURS[story.sign])
        y = _write(draw, (_MARGIN, y + 18), brief, lead, _INK, room)
        _write(draw, (_MARGIN, y + 14), facts, body, _SOFT)

    return Block(height, paint)


def _remark(text: str) -> Block:
    return Block(40, lambda canvas, y: _put(canvas, (_MARGIN, y), text))


def _put(canvas: Image.Image, at: tuple[int, int], text: str) -> None:
    _write(ImageDraw.Draw(canvas), at, [text], Letters(20), _SOFT)


def _batches(parts: Sequence[T], size: int) -> Iterable[Sequence[T]]:
    return (parts[start : start + size] for start in range(0, len(parts), size))


def _prompts(rows: Sequence[Row]) -> Block:
    """Paint the prompts of pictures that stand side by side, each above its picture."""
    columns: list[tuple[str, Letters, list[str]]] = []
    for row in rows:
        text = row.prompt.text if row.prompt else ""
        body = Letters(18, language(text))
        columns.append((f"Prompt {row.prompt.revision if row.prompt else 0}", body, body.wrap(drawable(text, 600), _WINDOW, 6)))

    def paint(canvas: Image.Image, y: int) -> None:
        draw = ImageDraw.Draw(canvas)
        for number, (title, body, text) in enumerate(columns):
            x = _MARGIN + number * _CELL + 14
            _write(draw, (x, y + 20), [title], Letters(20), _EDGE)
            _write(draw, (x, y + 50), text, body, _INK, _WINDOW)

    return Block(50 + max(len(text) * body.line for _, body, text in columns) + 18, paint)


def _prompt(row: Row, width: int) -> Block:
    if row.prompt is None:
        return Block(30, lambda canvas, y: None)
    body = Letters(20, language(row.prompt.text))
    room = width - 2 * _MARGIN - 120
    title = f"Prompt {row.prompt.revision}"
    text = body.wrap(drawable(row.prompt.text, 900), room, 4)

    def paint(canvas: Image.Image, y: int) -> None:
        draw = ImageDraw.Draw(canvas)
        _write(draw, (_MARGIN, y + 30), [title], body, _EDGE)
        _write(draw, (_MARGIN + 120, y + 30), text, body, _INK, room)

    return Block(30 + len(text) * body.line + 22, paint)


def _strip(frames: Sequence[Frame], run: Run, pictures: Mapping[str, bytes]) -> Block:
    width, height = run.brief.size
    tall = min(_TALLEST, max(120, round(_WINDOW * height / width)))
    film = tall + 80
    notes = [_note(frame) for frame in frames]
    below = max(sum(line.letters.line for line in note) for note in notes)

    def paint(canvas: Image.Image, y: int) -> None:
        draw = ImageDraw.Draw(canvas)
        right = _MARGIN + len(frames) * _CELL
        draw.rounded_rectangle((_MARGIN, y, right - 1, y + film), 4, _FILM)
        for x in range(_MARGIN + 6, right, 24):
            for top in (y + 6, y + film - 15):
                draw.rounded_rectangle((x, top, x + 11, top + 9), 2, _HOLE)
        for number, (frame, note) in enumerate(zip(frames, notes, strict=True)):
            x = _MARGIN + number * _CELL
            _frame(canvas, frame, pictures, (x + 14, y + 46, x + 14 + _WINDOW, y + 46 + tall))
            top = y + film + 10
            for line in note:
                if line.sign:
                    _sign(canvas, line.sign, (x + 14, top + line.letters.line // 2 - 6), 15)
                line.letters.draw(draw, (x + 38, top + line.letters.size), line.text, line.colour, _CELL - 58)
                top += line.letters.line

    return Block(film + 10 + below + 24, paint)


def _note(frame: Frame) -> list[Line]:
    """Return the lines below a picture: its result, then the requirements that it misses or meets with a reservation."""
    says, body = Letters(20), Letters(18)
    room = _CELL - 58
    sign = _SIGNS[frame.mark]
    lines = [Line(sign if n == 0 else "", text, says, _COLOURS[sign]) for n, text in enumerate(says.wrap(frame.says, room, 2))]
    if frame.attempt.base:
        lines.extend(Line("", text, body, _SOFT) for text in body.wrap(drawable(frame.attempt.origin, 80), room, 2))
    if frame.attempt.problem:
        lines.extend(Line("", text, body, _SOFT) for text in body.wrap(drawable(frame.attempt.problem.message, 200), room, 3))
    doubts = frame.missed + frame.reserved
    for missed in doubts[:4]:
        text = drawable(missed.requirement.text, 120)
        letters = Letters(body.size, language(text))
        mark = RIGHT_TO_LEFT if is_right_to_left(text) else ""
        texts = letters.wrap(f"{mark}{missed.requirement.id}  {text}", room, 2)
        lines.extend(Line(missed.verdict if n == 0 else "", text, letters, _INK) for n, text in enumerate(texts))
    if len(doubts) > 4:
        lines.append(Line("", f"and {len(doubts) - 4} more", body, _SOFT))
    return lines


def _frame(canvas: Image.Image, frame: Frame, pictures: Mapping[str, bytes], box: tuple[int, int, int, int]) -> None:
    left, top, right, bottom = box
    draw, edge = ImageDraw.Draw(canvas), Letters(15)
    label = edge.wrap(drawable(frame.label, 60), right - left - 50, 1)[0] if frame.given else frame.attempt.name
    edge.draw(draw, (left + 1, top - 11), label, _EDGE)
    if frame.best:
        edge.draw(draw, (right - 1 - edge.width("Best"), top - 11), "Best", _EDGE)
    image = frame.attempt.image
    picture = reduced(pictures[image.key], 2 * _WINDOW) if image and image.key in pictures else None
    if picture is None:
        draw.rounded_rectangle((left, top, right - 1, bottom - 1), 3, outline=_HOLE)
        words = "Not available" if image else "No picture"
        letters = Letters(18)
        letters.draw(draw, ((left + right - letters.width(words)) / 2, (top + bottom) / 2 + 6), words, _SOFT)
        return
    fitted = ImageOps.contain(picture, (right - left, bottom - top))
    x, y = (left + right - fitted.width) // 2, (top + bottom - fitted.height) // 2
    canvas.paste(fitted, (x, y))
    if frame.best:
        _circle(canvas, (x - 6, y - 6, x + fitted.width + 6, y + fitted.height + 6))


def _circle(canvas: Image.Image, box: tuple[int, int, int, int]) -> None:
    """Draw a loop as by hand with a grease pencil, as photographers mark the picture to print."""
    left, top, right, bottom = box
    width, height = right - left, bottom - top
    corners = ((0.1, 0.015), (0.97, 0.02), (0.985, 0.97), (0.02, 0.985), (0.015, 0.01), (0.22, 0.0))
    loop = [(x * width, y * height) for x, y in _bowed(corners)]
    _stroke(canvas, loop, (left, top), (width, height), 4.5, _PENCIL)


def _bowed(corners: Sequence[tuple[float, float]]) -> Iterable[tuple[float, float]]:
    for (x, y), (u, v) in pairwise(corners):
        for step in range(21):
            t = step / 20
            bow = 0.012 * math.sin(math.pi * t)
            yield x + (u - x) * t + (bow if v > y + 0.5 else 0), y + (v - y) * t - (bow if u > x + 0.5 else 0)


def _sign(canvas: Image.Image, sign: str, at: tuple[int, int], size: int) -> None:
    """Draw a sign, `size` pixels high; `at` is its top left corner."""
    for points in _SHAPES[sign]:
        _stroke(canvas, [(x * size, y * size) for x, y in points], at, (size, size), size * 0.13, _COLOURS[sign])


def _stroke(
    canvas: Image.Image,
    points: Sequence[tuple[float, float]],
    at: tuple[int, int],
    size: tuple[int, int],
    thick: float,
    colour: str,
) -> None:
    """Draw a smooth line with round ends: four times as large, then reduced."""
    pad = math.ceil(thick)
    mask = Image.new("L", ((size[0] + 2 * pad) * 4, (size[1] + 2 * pad) * 4))
    draw = ImageDraw.Draw(mask)
    large = [((x + pad) * 4, (y + pad) * 4) for x, y in points]
    draw.line(large, 255, round(thick * 4), joint="curve")
    for x, y in (large[0], large[-1]):
        draw.circle((x, y), thick * 2, 255)
    mask = mask.reduce(4)
    canvas.paste(colour, (at[0] - pad, at[1] - pad, at[0] - pad + mask.width, at[1] - pad + mask.height), mask)


def _arc(start: float, end: float) -> list[tuple[float, float]]:
    """Return a part of the ring that some signs have, in degrees."""
    steps = [math.radians(start + (end - start) * n / 40) for n in range(41)]
    return [(0.5 + 0.42 * math.cos(a), 0.5 + 0.42 * math.sin(a)) for a in steps]


def _write(
    draw: ImageDraw.ImageDraw,
    at: tuple[int, int],
    lines: Iterable[str],
    letters: Letters,
    colour: str,
    room: float | None = None,
) -> int:
    """Write lines of text from a top left corner down; return the y below them. `room` as in `Letters.draw`."""
    x, y = at
    for line in lines:
        letters.draw(draw, (x, y + letters.size), line, colour, room)
        y += letters.line
    return y


_SHAPES: dict[str, tuple[Sequence[tuple[float, float]], ...]] = {
    "met": (((0.1, 0.55), (0.38, 0.83), (0.92, 0.16)),),
    "unmet": (((0.16, 0.16), (0.84, 0.84)), ((0.84, 0.16), (0.16, 0.84))),
    "borderline": tuple(
        tuple((0.1 + 0.8 * n / 16, y - 0.1 * math.sin(math.tau * n / 16)) for n in range(17)) for y in (0.34, 0.68)
    ),
    "undecided": (
        (*((0.5 + 0.24 * math.cos(a), 0.3 + 0.24 * math.sin(a)) for a in (math.radians(180 + 12 * n) for n in range(19))),
         (0.52, 0.6), (0.5, 0.7)),
        ((0.5, 0.93), (0.5, 0.94)),
    ),
    "stop": (_arc(0, 360), ((0.22, 0.22), (0.78, 0.78))),
    "clock": (_arc(0, 360), ((0.5, 0.24), (0.5, 0.52), (0.68, 0.64))),
    "blank": (((0.15, 0.5), (0.85, 0.5)),),
}  # fmt: skip
