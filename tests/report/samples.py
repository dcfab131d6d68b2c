"""Sample runs for tests and for viewing. Their pictures are landscapes painted on the spot; their verdicts are made up."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence
from dataclasses import replace
from functools import cache

import numpy as np
from PIL import Image as Pictures
from PIL import ImageDraw, ImageFilter

from onbrief.attempt import Answer, Attempt, Box, Finding, Image, Problem, Verdict
from onbrief.brief import Brief, Checklist, Requirement, Size
from onbrief.judging import decide
from onbrief.record import Models, Prompt, Run, Usage

Pictured = tuple[Run, dict[str, bytes]]

TEXTS = ("a red boat on the lake", "two people in the boat", "snow on the mountains", "the moon above the left peak")
NICE = "a reflection of the moon in the water"
EVIDENCE: dict[Answer, str] = {
    "met": "Clearly visible in the lower third of the picture.",
    "borderline": "The front one is red; the one behind it could be red or orange in this light.",
    "unmet": "Looked for in all of the picture; there is only one, and it sits near the right shore.",
    "undecided": "Partly hidden by mist: it could be either.",
}
BOXES: dict[int, Box] = {0: (0.3, 0.66, 0.62, 0.86), 3: (0.05, 0.05, 0.1, 0.1)}
"""The parts of the picture that findings on some requirements are about, by their place in the list."""


@cache
def paint(seed: int, size: Size = (768, 768), grain: float = 4.0) -> bytes:
    """A landscape as PNG: sky, moon, three ridges, a lake, a boat; the seed sets the hour and the shapes."""
    dice = np.random.default_rng(seed)
    width, height = size
    top, low, glow = (
        ((18, 28, 66), (238, 150, 110), (255, 226, 190)),
        ((8, 14, 34), (36, 92, 110), (232, 240, 248)),
        ((88, 140, 190), (246, 224, 190), (255, 250, 232)),
        ((52, 24, 70), (232, 108, 120), (255, 214, 170)),
    )[seed % 4]
    ramp = np.linspace(0, 1, height)[:, None, None] ** 0.8
    sky = np.asarray(top)[None, None, :] * (1 - ramp) + np.asarray(low)[None, None, :] * ramp
    picture = Pictures.fromarray(np.broadcast_to(sky, (height, width, 3)).astype(np.uint8))
    draw = ImageDraw.Draw(picture)
    x, y, r = width * dice.uniform(0.2, 0.8), height * dice.uniform(0.14, 0.3), width * 0.055
    draw.ellipse((x - r, y - r, x + r, y + r), fill=glow)
    picture = picture.filter(ImageFilter.GaussianBlur(width / 400))
    draw = ImageDraw.Draw(picture)
    shore = height * 0.68
    for depth, base in enumerate((0.42, 0.5, 0.58)):
        across = np.linspace(0, 1, 60)
        ridge = sum(np.sin(across * f * 6.3 + dice.uniform(0, 6)) * a for f, a in ((1, 0.07), (2.6, 0.04), (7, 0.014)))
        shade = tuple(int(a * (0.62 - 0.19 * depth) + b * 0.1) for a, b in zip(low, top, strict=True))
        points = [(u * width, (base + v) * height) for u, v in zip(across, np.asarray(ridge), strict=True)]
        draw.polygon([*points, (width, shore), (0, shore)], fill=shade)
    mirror = picture.crop((0, int(2 * shore) - height, width, int(shore))).transpose(Pictures.Transpose.FLIP_TOP_BOTTOM)
    picture.paste(Pictures.blend(mirror, Pictures.new("RGB", mirror.size, top), 0.35), (0, int(shore)))
    draw = ImageDraw.Draw(picture)
    bx, by, bw = width * dice.uniform(0.25, 0.6), height * dice.uniform(0.78, 0.88), width * 0.16
    draw.polygon(
        [(bx, by), (bx + bw, by), (bx + bw * 0.8, by + bw * 0.22), (bx + bw * 0.2, by + bw * 0.22)], fill=(178, 44, 36)
    )
    for person in range(int(dice.integers(1, 3))):
        px = bx + bw * (0.36 + 0.28 * person)
        draw.ellipse((px - bw * 0.05, by - bw * 0.26, px + bw * 0.05, by - bw * 0.16), fill=(30, 24, 24))
        draw.rectangle((px - bw * 0.06, by - bw * 0.16, px + bw * 0.06, by), fill=(30, 24, 24))
    pixels = np.asarray(picture).astype(np.float32) + dice.normal(0, grain, (height, width, 1))
    buffer = io.BytesIO()
    Pictures.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()


def stored(run_id: str, name: str, data: bytes, size: Size) -> Image:
    """The record of a picture."""
    key = f"{run_id}/{name}.png"
    return Image(key, f"file:///out/{key}", hashlib.sha256(data).hexdigest(), "image/png", *size, len(data))


def judged(checklist: Checklist, answers: str) -> Verdict:
    """A verdict from one letter for each requirement: m(et), u(nmet), b(orderline), d (undecided); x is too much in doubt to be
    accepted.
    """
    words: dict[str, tuple[Answer, float]] = {
        "m": ("met", 0.97), "u": ("unmet", 0.04), "b": ("borderline", 0.55), "x": ("borderline", 0.21), "d": ("undecided", 0.5),
    }  # fmt: skip
    findings = [
        Finding(requirement.id, *words[letter], EVIDENCE[words[letter][0]], box=BOXES.get(number) if letter in "bx" else None)
        for number, (requirement, letter) in enumerate(zip(checklist.requirements, answers, strict=True))
    ]
    return decide.verdict(checklist, findings)


def shoot(
    run_id: str,
    brief: Brief,
    rows: Sequence[tuple[Prompt, Sequence[str | Problem | None]]],
    texts: Sequence[str] = TEXTS,
    nice: str = NICE,
    size: Size = (512, 512),
) -> Pictured:
    """A run with a row of attempts for each prompt: the letters of a verdict, a problem, or None (made, not judged)."""
    brief = replace(brief, size=size)
    planned = [Requirement(text=text, kind="object") for text in texts]
    checklist = Checklist.freeze([*planned, Requirement(text=nice, kind="style", must=False)], brief)
    run = Run(
        run_id=run_id,
        seed=7,
        brief=brief,
        checklist=checklist,
        models=Models("sandbox:painter", "sandbox:eye", "sandbox:writer"),
        started="2026-11-22T20:34:00Z",
    )
    pictures: dict[str, bytes] = {}
    for prompt, attempts in rows:
        run = run.with_prompt(prompt)
        for number, what in enumerate(attempts):
            attempt = Attempt(prompt.revision, number, 811_203_000 + prompt.revision * 100 + number, usd=0.04, seconds=5.1)
            if isinstance(what, Problem):
                attempt = replace(attempt, problem=what)
            else:
                data = paint(prompt.revision * 10 + number, size)
                image = stored(run_id, attempt.name, data, size)
                pictures[image.key] = data
                attempt = replace(attempt, image=image, verdict=judged(checklist, what) if what else None)
            run = run.with_attempt(attempt)
    made, verdicts = len(run.attempts), sum(attempt.verdict is not None for attempt in run.attempts)
    usage = Usage(
        made, verdicts, len(rows), 1400 * verdicts, 220 * verdicts, usd=0.043 * made, unknown_calls=0, seconds=8.4 * made
    )
    return replace(run, usage=usage), pictures


LAKE = Brief(text="A red boat with two people on a mountain lake by moonlight, snow on the peaks", avoid=("text", "birds"))
FIRST = Prompt(0, f"{LAKE.text}.", "text, birds", "the brief")
SECOND = Prompt(
    1,
    "Two people, a woman and a man, sitting side by side in a small bright red rowing boat on a still mountain lake. "
    "Behind them snow-covered peaks, the full moon just above the peak on the left.",
    "text, birds, single person",
    "The boat held one person in three of four pictures, and the moon stood over the wrong peak: both are now said first.",
)
THIRD = Prompt(
    2,
    "Wide view of a still alpine lake at night. In the centre a bright red rowing boat; in it exactly two people. "
    "High on the left, directly above the left peak, a full moon. Thick fresh snow on every mountain.",
    "text, birds, single person, moon on the right",
    "Two people are there now; the moon is still misplaced, so its place is tied to the left edge of the picture.",
)
FOURTH = Prompt(3, "A photograph taken from the shore: " + THIRD.text, THIRD.negative, "A photographer's words for the same.")


@cache
def passed() -> Pictured:
    """Passed with the third prompt; one picture of that round was made and not judged."""
    rows = ((FIRST, ("umummmm", "muumumm", "mdmmumm")), (SECOND, ("mmmumdm", "mmmmumm")), (THIRD, ("mmmmmmm", None)))
    run, pictures = shoot("lake-01", LAKE, rows)
    return replace(run.ended_as("passed", "every requirement is met in 002-000"), ended="2026-11-22T20:35:12Z"), pictures


@cache
def unmet() -> Pictured:
    """Twelve attempts with four prompts, and a requirement that no picture met."""
    rows = (
        (FIRST, ("mmmuuuu", "mmuuuum", "mmmumud")),
        (SECOND, ("mmmmmum", Problem("blank", "one colour fills the picture: #000000"), "mmdmmum")),
        (THIRD, ("mmmmmum", "mmummuu", Problem("unknown", "no answer within 300 s; the picture may have been paid for"))),
        (FOURTH, ("mmmmmum", "mmumuum", "mmmmmdm")),
    )
    run, pictures = shoot("lake-02", LAKE, rows)
    usage = replace(run.usage, unknown_calls=1)
    warnings = ("sandbox:painter takes no negative text: it was left out",)
    run = replace(run.ended_as("unmet", "12 of 12 pictures used"), usage=usage, warnings=warnings, ended="2026-11-22T20:36:02Z")
    return run, pictures


@cache
def blocked() -> Pictured:
    """The provider refuses the first prompt."""
    problem = Problem("blocked", "Your request was flagged by our content filter: prompt.")
    run, pictures = shoot("lake-03", LAKE, ((FIRST, (problem,)),))
    run = replace(run.ended_as("blocked", "the provider refuses the content"), usage=Usage(text_calls=1, usd=0.002, seconds=3))
    return replace(run, ended="2026-11-22T20:34:03Z"), pictures


@cache
def in_progress() -> Pictured:
    """The second round is being judged."""
    run, pictures = shoot("lake-04", LAKE, ((FIRST, ("mmumumm", "mmmmuum")), (SECOND, ("mmmumum", None))))
    return replace(run, usage=replace(run.usage, usd=None)), pictures


@cache
def begun() -> Pictured:
    """A run that has only its brief so far."""
    run, _ = shoot("lake-05", LAKE, ())
    return replace(run, checklist=None), {}


@cache
def single() -> Pictured:
    """One attempt, and it passed; a wide picture."""
    run, pictures = shoot("lake-06", LAKE, ((FIRST, ("mmmmmmu",)),), size=(896, 504))
    return replace(run.ended_as("passed", "every requirement is met in 000-000"), ended="2026-11-22T20:34:09Z"), pictures


@cache
def reserved() -> Pictured:
    """Passed with three reservations, one of them without a box; of the others, one is too much in doubt."""
    run, pictures = shoot("lake-08", LAKE, ((FIRST, ("xmmummm", "xmmmmmm", "bbmbmmb")),))
    reason = "image 000-002 meets every requirement, with 3 reservations: r3, r4, r6"
    return replace(run.ended_as("passed", reason), ended="2026-11-22T20:34:31Z"), pictures


@cache
def given() -> Pictured:
    """Pictures that existed already. Of those that did not pass, one is of one colour, and the judge refused another."""
    rows = ((FIRST, ("bbmmmmm", "mmmuumm", "mmmmmmm", "xmmmmmm", Problem("blank", "the picture is of one colour"), None)),)
    run, pictures = shoot("judge-1", LAKE, rows)
    sizes = ((512, 512), (640, 360), (360, 640), (512, 512), (512, 512), (512, 512))
    attempts: list[Attempt] = []
    for attempt, size, folder in zip(run.attempts, sizes, ("new", "new", "old", "old", "old", "old"), strict=True):
        data = paint(attempt.attempt, size)
        key = f"campaign/{folder}/{attempt.name}.png"
        image = replace(stored("-", attempt.name, data, size), key=key, url=f"file:///pictures/{key}")
        pictures[key] = data
        attempts.append(replace(attempt, seed=0, image=image, usd=0.006 if attempt.verdict else 0.0))
    refused = decide.undecided(run.checklist, Problem("blocked", "the picture is not allowed")) if run.checklist else None
    attempts[5] = replace(attempts[5], verdict=refused)
    models, usage = Models("", "sandbox:eye", "sandbox:planner"), replace(run.usage, images=0, usd=0.024)
    run = replace(run, kind="judge", prompts=(), attempts=tuple(attempts), models=models, usage=usage)
    reason = "3 of 6 pictures do not meet every requirement: r4 (two people in the boat) in 1; r3 (a red boat on the lake) in 1"
    return replace(run.ended_as("unmet", reason), ended="2026-11-22T20:34:31Z"), pictures


@cache
def japanese() -> Pictured:
    """A brief in Japanese; tall pictures."""
    brief = Brief(text="月夜の山の湖に浮かぶ赤い小舟と二人の人物。山頂には雪。")
    prompt = Prompt(0, brief.text, "", "the brief")
    texts = ("湖に赤い舟がある", "舟に二人が乗っている", "山に雪がある", "左の峰の上に月がある")
    run, pictures = shoot("lake-07", brief, ((prompt, ("mmmum", "mmmmu")),), texts, "水面に月が映っている", (432, 576))
    return replace(run.ended_as("passed", "every requirement is met in 000-001"), ended="2026-11-22T20:34:20Z"), pictures


@cache
def twelve() -> Pictured:
    """Twelve prompts with one picture each; each prompt differs from the one before in a few words."""
    words = ("at dawn", "in fog", "by moonlight", "after rain", "at noon", "in a storm")
    texts = [
        f"A red rowing boat with two people on a still mountain lake {word}, fresh snow on the peaks." for word in words * 2
    ]
    rows = [(Prompt(n, text, "text, birds", "written from the brief alone"), ("mmmmuuu",)) for n, text in enumerate(texts)]
    run, pictures = shoot("lake-09", LAKE, rows, size=(256, 256))
    return replace(run.ended_as("unmet", "12 of 12 pictures used"), ended="2026-11-22T20:36:02Z"), pictures


@cache
def five() -> Pictured:
    """Three prompts with five pictures each."""
    rows = [(prompt, ["mmmmuum"] * 5) for prompt in (FIRST, SECOND, THIRD)]
    run, pictures = shoot("lake-10", LAKE, rows, size=(256, 256))
    return replace(run.ended_as("unmet", "15 of 15 pictures used"), ended="2026-11-22T20:36:02Z"), pictures


@cache
def arabic() -> Pictured:
    """A brief in Arabic with a word in Latin letters; the second prompt differs in one word."""
    brief = Brief(text="قارب أحمر على بحيرة جبلية، واللافتة تقول OPEN 24.")
    prompts = (Prompt(0, brief.text), Prompt(1, brief.text.replace("أحمر", "أزرق"), "", "اللون كان خطأ"))
    texts = ("هناك قارب أحمر", "القارب على البحيرة", "هناك لافتة", "اللافتة تقول OPEN")
    rows = [(prompt, ("mmmu", "mmum")) for prompt in prompts]
    run, pictures = shoot("lake-11", brief, rows, texts[:3], texts[3], (256, 192))
    return replace(run.ended_as("unmet", "4 of 4 pictures used"), ended="2026-11-22T20:34:20Z"), pictures


SAMPLES = {
    "passed": passed,
    "unmet": unmet,
    "blocked": blocked,
    "in progress": in_progress,
    "begun": begun,
    "single": single,
    "japanese": japanese,
    "reserved": reserved,
    "given": given,
    "twelve": twelve,
    "five": five,
    "arabic": arabic,
}
