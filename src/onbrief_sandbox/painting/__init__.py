"""From a scene to a picture: the painter, its drawings, and where everything goes."""
