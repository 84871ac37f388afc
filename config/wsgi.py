"""WSGI entry point: `gunicorn config.wsgi`."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
application = get_wsgi_application()

from config.request_edge import ReadableRequest  # noqa: E402  (it needs Django's settings)

application.request_class = ReadableRequest
