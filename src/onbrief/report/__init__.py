"""The report of a run: a page, a card for notebooks, and a contact sheet as one picture."""

from onbrief.report.copies import Copy, local_pictures
from onbrief.report.page import card, frame, page
from onbrief.report.sheet import sheet

__all__ = ["Copy", "card", "frame", "local_pictures", "page", "sheet"]
