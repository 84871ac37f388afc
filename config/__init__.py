"""The composition root: settings, URLs, Celery, and what needs all three apps: demo, bundles, translatable data."""

from config.celery import app as celery_app

__all__ = ["celery_app"]
