"""The metadata of a picture: a text that image tools read and one JSON document, embedded in the file beside its pixels.

| | parameters | document |
| --- | --- | --- |
| PNG | text chunk `parameters` | international text chunk `onbrief` |
| JPEG | EXIF UserComment | comments that begin with `onbrief:` (several when it is longer than 64 KiB) |
| WebP | EXIF UserComment | EXIF ImageDescription that begins with `onbrief:` |
"""

from __future__ import annotations

import json
import re
from dataclasses import replace

from onbrief.brief import Size
from onbrief.pictures.container import Metadata, Parts
from onbrief.pictures.formats import build, require_size

_QUOTED = re.compile(r'[,:\n"]')


def embed(parts: Parts, parameters: str, document: str) -> bytes:
    """Build the same picture with these two texts as its only metadata; coded pixels are copied byte by byte. Characters that
    no file can hold (NUL, halves of surrogate pairs) are replaced.

    Raises:
        PictureError: a result above 64 MiB, or in a JPEG file more parameters than about 32 000 characters.
    """
    data = build(replace(parts, metadata=Metadata(_storable(parameters), _storable(document))))
    require_size(data)
    return data


def strip(parts: Parts) -> bytes:
    """Build the same picture without texts, EXIF, XMP, C2PA, thumbnails, comments and bytes behind its end. What changes how
    it looks stays: coded pixels, copied byte by byte, colour profiles, and EXIF with the orientation alone.
    """
    return build(replace(parts, metadata=None))


def parameters_text(prompt: str, negative: str, seed: int, size: Size, model: str, version: str) -> str:
    """Describe how a picture was made, in the layout of AUTOMATIC1111's web UI, which most image tools and archives read."""
    settings = {"Seed": str(seed), "Size": f"{size[0]}x{size[1]}", "Model": model, "Version": f"onbrief {version}"}
    lines = [prompt.strip()]
    if negative.strip():
        lines.append(f"Negative prompt: {negative.strip()}")
    lines.append(", ".join(f"{name}: {_quoted(value)}" for name, value in settings.items()))
    return "\n".join(lines)


def _quoted(value: str) -> str:
    return json.dumps(value, ensure_ascii=False) if _QUOTED.search(value) else value


def _storable(text: str) -> str:
    return text.encode("utf-8", "replace").decode().replace("\0", "\N{REPLACEMENT CHARACTER}")
