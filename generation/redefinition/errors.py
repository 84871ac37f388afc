"""What can go wrong in redefinition, in words that a person can act on."""


class RedefinitionError(Exception):
    """The base of this room's errors: `str(error)` names file, place, value and the mend."""


class RuleError(RedefinitionError):
    """A rule file is wrong: unreadable, an unknown tag, a cycle, a rule undone by another."""


class TagTableError(RedefinitionError):
    """A tag table or a voice file is wrong; nothing was written."""
