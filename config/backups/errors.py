"""Errors of backups and restores."""


class BackupError(Exception):
    """Nothing was changed, or what was; the message says what is wrong, of which file, and what to do."""
