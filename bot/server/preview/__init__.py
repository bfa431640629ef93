"""The preview renderer's picture: everything here is loaded by the rendering process alone."""
