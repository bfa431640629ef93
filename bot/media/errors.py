"""The error of a file that holds no usable film."""


class BrokenFile(Exception):
    """The file is empty, cut short, or no film; the message says which."""
