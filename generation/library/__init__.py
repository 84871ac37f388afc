"""Passes over a whole library of audio files, in resumable chunks, in one process or on Celery workers.

May import the runs' queue names, tagging, redefinition and listening; doors: `passes`, `tasks`.
"""
