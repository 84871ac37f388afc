"""The composition root: settings, urls, Celery, and what needs all three apps."""

from config.celery import app as celery_app

__all__ = ["celery_app"]
