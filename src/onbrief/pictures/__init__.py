"""Pictures as bytes: what they are, what a judge is shown of them, and the label that is written into them.

This layer knows PNG, JPEG and WebP, and nothing of runs. Everything that is wrong with a picture is a PictureError.
"""

from onbrief.pictures.copies import judge_copy
from onbrief.pictures.facts import Facts, inspect, media_type
from onbrief.pictures.labels import label, parameters_text, read_label, strip

__all__ = ["Facts", "inspect", "judge_copy", "label", "media_type", "parameters_text", "read_label", "strip"]
