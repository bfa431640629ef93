"""The preview renderer's picture: the rendering process alone loads it, and `doctor` its fonts."""
