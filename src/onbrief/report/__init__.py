"""The report of a run: a page, a card for notebooks, and a contact sheet as one picture."""

from onbrief.report.copies import local_pictures
from onbrief.report.page import card, page
from onbrief.report.sheet import sheet

__all__ = ["card", "local_pictures", "page", "sheet"]
