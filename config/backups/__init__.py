"""Backups of the whole installation and their restore: database, stored files, heads of the logs, secret key.

Doors: `make_backup` (write.py), `restore_backup` and `check_backup` (restore.py), `Keep` (rotation.py), `BackupError`
(errors.py), `unfinished_restore` (unfinished.py). Nothing is imported here: every process imports unfinished.py alone.
"""
