"""Briefs as people give them: files, texts with the words of image generators, lists of what to avoid.

    given = intake.read("a red fox --ar 16:9 --no people, text")
    given.brief         # text "a red fox", size 1344x768, avoid people and text
    given.warnings      # what was changed or left out

Every door reads briefs here, so that none differs from another: the command line, files, the library and events. A brief that
has none of these forms comes out as it went in.
"""

from onbrief.intake.reading import GENERATOR_SETTINGS, Given, read, settled, take_size
from onbrief.intake.source import STANDARD_INPUT, is_file_name, named_by
from onbrief.intake.statements import requirements_of

__all__ = [
    "GENERATOR_SETTINGS",
    "STANDARD_INPUT",
    "Given",
    "is_file_name",
    "named_by",
    "read",
    "requirements_of",
    "settled",
    "take_size",
]
