"""The Videos API served from this machine: its routes, its waiting line and a preview renderer."""
