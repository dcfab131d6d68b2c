"""Findings that are measured: size and shape of a picture, its background, its colours and its empty parts.

A measurement that is not clear gives no finding. judging/evidence.py says what a finding is worth beside the judge's.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import cast

from PIL import Image, ImageChops, ImageFilter

from onbrief.attempt import Finding
from onbrief.brief import Requirement, Size
from onbrief.pictures.colours import OTHER, RGB, SAME, delta_e, difference_to, lab, to_hex
from onbrief.pictures.decoding import opened
from onbrief.pictures.flattening import flatten
from onbrief.questions.measures import (
    ASPECT_TOLERANCE,
    Aspect,
    Colour,
    Ground,
    Measure,
    Palette,
    Pixels,
    Upright,
    Zone,
    measure,
)

SAMPLED = 96  # pixels of the longer side in which colours are counted; each is one pixel of the picture, not a mean
OUTLINED = 256  # pixels of the longer side in which outlines are looked for
EDGE = 0.05  # the share of each side in which the background is looked for
CLEARLY, HARDLY = 0.75, 0.15  # the share of the background that has a colour if it has it, and if it has another one
PLAIN, MIXED = 0.85, 0.45  # the share of the background near its most frequent colour if it is plain, and if it is not
ALL, NOT_ALL = 0.97, 0.85  # the share of the picture in colours of a palette if it keeps to it, and if it does not
STEP = 12  # steps of 255 between neighbours from which a pixel counts as an outline
EMPTY, FULL = 0.002, 0.06  # the share of outlines in an area that is empty, and in one that is not
SURE = 0.9  # the probability of a measurement that is not exact


def measured(requirements: Sequence[Requirement], copy: bytes, size: Size) -> list[Finding]:
    """Return findings on the requirements whose words can be measured, for the judge's copy of a picture. `size` is the width
    and height of the picture itself, in pixels, before it is turned upright.
    """
    wanted = {requirement.id: found for requirement in requirements if (found := measure(requirement))}
    if not wanted:
        return []
    image = opened(copy, ["PNG", "JPEG", "WEBP"])
    size = size if (image.width > image.height) == (size[0] > size[1]) else (size[1], size[0])
    pixels = None
    if any(isinstance(found, Ground | Palette | Zone) for found in wanted.values()):
        image.load()
        pixels, _ = flatten(image, "white", alpha=image.mode in ("RGBA", "LA", "P"))
        pixels = pixels.convert("RGB")
    findings = [_finding(id_, found, size, pixels) for id_, found in wanted.items()]
    return [finding for finding in findings if finding]


def _finding(id_: str, wanted: Measure, size: Size, pixels: Image.Image | None) -> Finding | None:
    width, height = size
    match wanted:
        case Pixels():
            return _exact(id_, (wanted.width, wanted.height) == size, f"{width}x{height} pixels")
        case Aspect():
            off = abs(width * wanted.height / (height * wanted.width) - 1)
            return _exact(id_, off <= ASPECT_TOLERANCE, f"{width}x{height} pixels, {width / height:.3f} to 1")
        case Upright():
            return _exact(id_, height > width if wanted.portrait else width > height, f"{width}x{height} pixels")
        case Ground():
            return pixels and _ground(id_, wanted, pixels)
        case Palette():
            return pixels and _palette(id_, wanted, pixels)
        case Zone():
            return pixels and _zone(id_, wanted, pixels)


def _exact(id_: str, holds: bool, evidence: str) -> Finding:
    return Finding(id_, "met" if holds else "unmet", float(holds), f"measured: {evidence}", "pixels")


def _judged(id_: str, holds: bool | None, evidence: str) -> Finding | None:
    if holds is None:
        return None
    probability = SURE if holds else round(1 - SURE, 6)
    return Finding(id_, "met" if holds else "unmet", probability, f"measured: {evidence}", "pixels")


def _ground(id_: str, wanted: Ground, pixels: Image.Image) -> Finding | None:
    edges = border(pixels)
    main = most_frequent(edges)
    verdicts: list[bool | None] = []
    evidence = f"the background is mostly {to_hex(main)}"
    if wanted.colour:
        has, other = _shares(edges, (wanted.colour,))
        verdicts.append(_between(has, CLEARLY, HARDLY, surely_not=other))
        evidence += f", and {has:.0%} of it is {_called(wanted.colour)}"
    if wanted.plain:
        near = sum(n for pixel, n in edges.items() if delta_e(lab(main), lab(pixel)) <= OTHER) / edges.total()
        verdicts.append(_between(near, PLAIN, MIXED))
        evidence += f", and {near:.0%} of it within ΔE {OTHER:g} of that"
    holds = False if False in verdicts else None if None in verdicts else True
    return _judged(id_, holds, evidence)


def _palette(id_: str, wanted: Palette, pixels: Image.Image) -> Finding | None:
    has, other = _shares(_colours(_sampled(pixels)), wanted.colours)
    named = ", ".join(map(_called, wanted.colours))
    return _judged(id_, _between(has, ALL, NOT_ALL, surely_not=other), f"{has:.0%} of the picture is {named}")


def _zone(id_: str, wanted: Zone, pixels: Image.Image) -> Finding | None:
    scale = min(1.0, OUTLINED / max(pixels.size))
    size = max(8, round(pixels.width * scale)), max(8, round(pixels.height * scale))
    small = pixels.resize(size, Image.Resampling.BOX)
    steps = ImageChops.subtract(small.filter(ImageFilter.MaxFilter(3)), small.filter(ImageFilter.MinFilter(3)))
    red, green, blue = steps.split()
    left, top, right, bottom = wanted.box
    box = (round(left * size[0]), round(top * size[1]), round(right * size[0]), round(bottom * size[1]))
    # One pixel less on the side where the rest of the picture begins: its outlines are not those of the area.
    box = (box[0] + (left > 0), box[1] + (top > 0), box[2] - (right < 1), box[3] - (bottom < 1))
    area = ImageChops.lighter(ImageChops.lighter(red, green), blue).crop(box)
    outlines = sum(area.histogram()[2 * STEP :]) / (area.width * area.height)
    holds = True if outlines <= EMPTY else False if outlines >= FULL else None
    return _judged(id_, holds, f"outlines in {outlines:.1%} of that area")


def _between(share: float, enough: float, too_few: float, surely_not: float = 1.0) -> bool | None:
    """Return whether a share is large enough, or None if it is neither that nor small enough to be sure."""
    if share >= enough:
        return True
    return False if share <= too_few and surely_not >= 1 - enough else None


def _sampled(pixels: Image.Image) -> Image.Image:
    scale = min(1.0, SAMPLED / max(pixels.size))
    size = max(1, round(pixels.width * scale)), max(1, round(pixels.height * scale))
    return pixels.resize(size, Image.Resampling.NEAREST)


def _colours(pixels: Image.Image) -> Counter[RGB]:
    found = pixels.getcolors(pixels.width * pixels.height)
    return Counter({cast("RGB", pixel): number for number, pixel in found or ()})


def border(pixels: Image.Image) -> Counter[RGB]:
    """Return the colours of the background, with how often each is there: of what lies along the edges, the lower one excepted,
    as things stand on it or are cut off by it.
    """
    small = _sampled(pixels)
    width, height = small.size
    across, down = max(1, round(EDGE * width)), max(1, round(EDGE * height))
    low = round(height * 2 / 3)
    edges = Counter[RGB]()
    for box in ((0, 0, width, down), (0, down, across, low), (width - across, down, width, low)):
        edges += _colours(small.crop(box))
    return edges


def most_frequent(colours: Counter[RGB]) -> RGB:
    """Return the most frequent colour, where colours that differ by noise only are one: the mean of the fullest cell."""
    cells: dict[RGB, Counter[RGB]] = {}
    for pixel, number in colours.items():
        cells.setdefault((pixel[0] >> 4, pixel[1] >> 4, pixel[2] >> 4), Counter())[pixel] = number
    fullest = max(cells.values(), key=lambda cell: cell.total())
    red, green, blue = (round(sum(p[n] * m for p, m in fullest.items()) / fullest.total()) for n in range(3))
    return red, green, blue


def _shares(colours: Counter[RGB], named: Sequence[Colour]) -> tuple[float, float]:
    """Return the share of pixels that have one of these colours, and the share of those that surely have none of them."""
    has = other = 0
    for pixel, number in colours.items():
        found = [difference_to(colour, pixel) for colour in named]
        has += number * any(distance <= same for distance, same, _ in found)
        other += number * all(distance >= different for distance, _, different in found)
    return has / colours.total(), other / colours.total()


def _called(colour: Colour) -> str:
    if colour.name.startswith("#"):
        return f"{colour.name} (within ΔE {SAME:g})"
    return f"{colour.shade} {colour.name}".strip()
