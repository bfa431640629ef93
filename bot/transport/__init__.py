"""How a message reaches Discord."""
