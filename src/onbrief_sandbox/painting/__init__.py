"""Turns a Scene into a picture: the painter, its drawings, and the layout."""
