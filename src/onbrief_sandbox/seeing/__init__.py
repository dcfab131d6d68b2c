"""The eye: recognises the content of a picture from its pixels alone."""
