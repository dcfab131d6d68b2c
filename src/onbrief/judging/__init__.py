"""From what a judge says of a picture to a verdict."""
