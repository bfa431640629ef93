"""Films and images: each wrapper here runs the script of its name in `children`."""
