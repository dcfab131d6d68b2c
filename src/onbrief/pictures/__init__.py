"""Pictures as bytes: their properties, what a judge sees of them, the metadata embedded in them, and masks over them.

This package reads and writes PNG, JPEG and WebP, and has no notion of a run. Everything that is wrong with a picture is a
PictureError, and with a mask a UsageError.
"""

from onbrief.pictures.band import SQUARES
from onbrief.pictures.container import Metadata
from onbrief.pictures.inspection import Facts, inspect, media_type
from onbrief.pictures.masks import mask_for, mask_of
from onbrief.pictures.metadata import parameters_text
from onbrief.pictures.picture_file import PictureFile
from onbrief.pictures.retouching import retouched
from onbrief.pictures.view import View, view_of, view_size

__all__ = [
    "SQUARES",
    "Facts",
    "Metadata",
    "PictureFile",
    "View",
    "inspect",
    "mask_for",
    "mask_of",
    "media_type",
    "parameters_text",
    "retouched",
    "view_of",
    "view_size",
]
