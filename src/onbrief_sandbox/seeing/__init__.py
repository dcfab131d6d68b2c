"""From pixels to what is in them: the eye, and nothing but pixels."""
