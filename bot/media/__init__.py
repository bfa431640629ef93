"""Films and images: PyAV and Pillow, each in a child process."""
