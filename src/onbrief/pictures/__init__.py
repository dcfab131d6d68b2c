"""Pictures as bytes: what they are, what a judge is shown of them, the label that is written into them, and masks over them.

This layer knows PNG, JPEG and WebP, and nothing of runs. Everything that is wrong with a picture is a PictureError, and with a
mask a UsageError.
"""

from onbrief.pictures.copies import judge_copy
from onbrief.pictures.facts import Facts, inspect, media_type
from onbrief.pictures.labels import label, parameters_text, read_label, strip
from onbrief.pictures.masks import mask_for

__all__ = ["Facts", "inspect", "judge_copy", "label", "mask_for", "media_type", "parameters_text", "read_label", "strip"]
