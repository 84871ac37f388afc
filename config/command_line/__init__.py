"""What `manage.py` itself does: it lists the commands by task, and ends in a sentence instead of a traceback.

Each command's own arguments and examples: `study.management.command`.
"""
