"""Films and images: what runs a script of `children`, and what reads headers by itself."""
