"""Errors of comparisons."""


class SourceRefused(ValueError):
    """A file cannot be compared. The message is one sentence with the file's name and what to do."""
