"""Passes over a whole library of audio files, in chunks that can be resumed, here or on Celery workers.

May import the runs' queue names, tagging, redefinition and listening; doors: `passes`, `tasks`.
"""
