"""Errors of redefinition. Each message names file, place and value, and how to fix it."""


class RedefinitionError(Exception):
    """Base of the errors of redefinition."""


class RuleError(RedefinitionError):
    """A rule file is unreadable, or has an unknown tag, a cycle, or a rule that another one undoes."""


class TagTableError(RedefinitionError):
    """A tag table or a voice file is wrong; nothing was written."""
