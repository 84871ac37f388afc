"""Backups of the whole installation and their restore: database, stored files, heads of the logs, secret key.

Doors: `make_backup`, `restore_backup`, `check_backup`, `unfinished_restore`, `Keep`, `BackupError`.
"""

from config.backups.errors import BackupError
from config.backups.restore import check_backup, restore_backup, unfinished_restore
from config.backups.rotation import Keep
from config.backups.write import make_backup

__all__ = ["BackupError", "Keep", "check_backup", "make_backup", "restore_backup", "unfinished_restore"]
