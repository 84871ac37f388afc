"""The error of this room; a module of its own, because the modules that read tables load Arrow."""


class TableError(ValueError):
    """A file that cannot be read. The message names file, row and value, and says how to correct it."""
