"""WSGI entry point: `gunicorn config.wsgi`."""

import contextlib
import os
import resource

from django.core.wsgi import get_wsgi_application


def allow_open_files() -> None:
    """Let this process open as many files as the system permits: each file of an upload is open until it is read."""
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(ValueError, OSError):  # macOS gives a limit that it does not allow
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


allow_open_files()
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
application = get_wsgi_application()

from config.requests.edge import ReadableRequest  # noqa: E402  (it needs Django's settings)

application.request_class = ReadableRequest
