"""Compute a verdict on a picture from the findings of a judge."""
