"""Pictures as bytes: what they are, what a judge is shown of them, the metadata that is written into them, and masks over them.

This layer knows PNG, JPEG and WebP, and nothing of runs. Everything that is wrong with a picture is a PictureError, and with a
mask a UsageError.
"""

from onbrief.pictures.inspection import Facts, inspect, media_type
from onbrief.pictures.judge_copy import judge_copy
from onbrief.pictures.masks import mask_for
from onbrief.pictures.metadata import embed, parameters_text, read_embedded, strip

__all__ = ["Facts", "embed", "inspect", "judge_copy", "mask_for", "media_type", "parameters_text", "read_embedded", "strip"]
