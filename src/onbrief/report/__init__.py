"""The report of a run: a page, a card for notebooks, and a contact sheet as one picture; and the page of a batch."""

from onbrief.report.index import index
from onbrief.report.page import card, frame_thumbnail, page
from onbrief.report.sheet import sheet
from onbrief.report.thumbnails import Thumbnail, index_thumbnail, local_pictures

__all__ = ["Thumbnail", "card", "frame_thumbnail", "index", "index_thumbnail", "local_pictures", "page", "sheet"]
