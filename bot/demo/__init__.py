"""The demo: the real bot, as a process of its own, in a simulated Discord with a page."""
