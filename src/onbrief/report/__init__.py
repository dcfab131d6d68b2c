"""The report of a run: a page, a card for notebooks, and a contact sheet as one picture."""

from onbrief.report.page import card, page
from onbrief.report.sheet import sheet

__all__ = ["card", "page", "sheet"]
