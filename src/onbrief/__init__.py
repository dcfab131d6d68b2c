"""onbrief turns a brief into an image that meets every requirement of the brief."""
