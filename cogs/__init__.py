"""The conversations: one file per family of commands, loaded by name."""
