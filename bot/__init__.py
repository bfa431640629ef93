"""Rushes: /video for Discord, on any server that speaks the Videos API."""

__version__ = "0.1.0"
