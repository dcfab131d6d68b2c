"""The page: one self-contained HTML document, complete without its script; and the card, a fragment of one for notebooks."""

from __future__ import annotations

import math
from collections.abc import Mapping

from markupsafe import Markup

from onbrief.attempt import Box
from onbrief.record import Run
from onbrief.report import formatting
from onbrief.report.story import Story, story_of
from onbrief.report.templates import digest, templates, text_of
from onbrief.report.thumbnails import CARD_RESERVED, Thumbnail, enlarged, thumbnail

_CARD_THUMBNAIL = (360, 40_000)
_CARD_PART = (176, 8_000)
_BEST_THUMBNAIL = (880, 120_000)
_PART = (360, 24_000)
_MOST_RESERVED = 24  # pictures whose reservations the page begins with
_FRAME_THUMBNAILS = ((12, 560, 42_000), (24, 480, 28_000), (96, 400, 20_000), (math.inf, 240, 8_000))
"""Maximum number of attempts, longest side in pixels, approximate size in bytes. A dozen stays under a megabyte."""
_NONE: Mapping[str, Thumbnail] = {}


def frame_thumbnail(data: bytes) -> Thumbnail | None:
    """Return the thumbnail of a picture for a page with few attempts; None if the bytes are not a usable picture."""
    _, longest, size = _FRAME_THUMBNAILS[0]
    return thumbnail(data, longest, size)


def page(run: Run, pictures: Mapping[str, bytes], thumbnails: Mapping[str, Thumbnail] = _NONE) -> str:
    """Write the report of a run, finished or not, as one HTML page.

    `pictures` holds the bytes of stored pictures by `image.key`; a missing one is shown as a placeholder. `thumbnails` are
    those that `frame_thumbnail` made earlier, by the same keys. The page is self-contained; its links lead to the full pictures
    in the same folder.
    """
    story = story_of(run)
    longest, size = next((side, size) for most, side, size in _FRAME_THUMBNAILS if len(run.attempts) <= most)
    style, script = text_of("look.css", "page.css"), text_of("page.js")
    return (
        templates()
        .get_template("page.html")
        .render(
            story=story,
            run=run,
            thumbnails=_thumbnails(run, pictures, thumbnails, longest, size),
            best_thumbnail=_best_thumbnail(run, pictures, *_BEST_THUMBNAIL),
            parts=_parts(story, pictures, _MOST_RESERVED, *_PART),
            most_reserved=_MOST_RESERVED,
            started=formatting.moment(run.started),
            ended=formatting.moment(run.ended or ""),
            style=Markup(style),  # noqa: S704 # a file of this package
            style_hash=digest(style),
            script=Markup(script),  # noqa: S704 # a file of this package
            script_hash=digest(script),
        )
    )


def card(run: Run, pictures: Mapping[str, bytes]) -> str:
    """Write the outcome, the best picture and what it misses as a small HTML fragment, for a notebook's `_repr_html_`.

    It has its styles as attributes and inherits its text colour, so that it is readable in dark notebooks.
    """
    story, best = story_of(run), _best_thumbnail(run, pictures, *_CARD_THUMBNAIL)
    parts = _parts(story, pictures, CARD_RESERVED, *_CARD_PART)
    return (
        templates()
        .get_template("card.html")
        .render(story=story, run=run, best_thumbnail=best, parts=parts, most_reserved=CARD_RESERVED)
    )


def _thumbnails(
    run: Run, pictures: Mapping[str, bytes], made: Mapping[str, Thumbnail], longest: int, size: int
) -> dict[str, Thumbnail]:
    """Return a thumbnail of each picture. They are made one after the other, so that only one picture is decoded at a time."""
    thumbnails: dict[str, Thumbnail] = {}
    for key in (attempt.image.key for attempt in run.attempts if attempt.image):
        ready = made.get(key)
        if ready is None or max(ready.width, ready.height) > longest:
            data = ready.data if ready else pictures.get(key)
            ready = thumbnail(data, longest, size) if data else None
        if ready:
            thumbnails[key] = ready
    return thumbnails


def _best_thumbnail(run: Run, pictures: Mapping[str, bytes], longest: int, size: int) -> Thumbnail | None:
    image = run.best.image if run.best else None
    data = pictures.get(image.key) if image else None
    return thumbnail(data, longest, size) if data else None


def _parts(
    story: Story, pictures: Mapping[str, bytes], most: int, longest: int, size: int
) -> dict[tuple[str, Box | None], Thumbnail]:
    """Return the enlarged part for each reservation about up to `most` pictures, by the key of the picture and the box."""
    parts: dict[tuple[str, Box | None], Thumbnail] = {}
    for frame in story.reserved[:most]:
        image = frame.attempt.image
        data = pictures.get(image.key) if image else None
        for box in {answer.box for answer in frame.reserved}:
            if image and data and (part := enlarged(data, box, longest, size)):
                parts[image.key, box] = part
    return parts
