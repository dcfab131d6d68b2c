"""Many briefs in one place: read from a file, pursued at the same time, and their results gathered."""
