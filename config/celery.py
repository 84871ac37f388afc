"""The Celery app: `celery -A config worker -Q cpu,api,gpu`."""

import os

from celery import Celery
from kombu.transport import TRANSPORT_ALIASES

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

# Whoever says "filesystem://" means the folder whose messages are whole, and "redis://" the one that can go away under
# a worker; the URL alone decides.
TRANSPORT_ALIASES["filesystem"] = "config.brokers.folder:Transport"
TRANSPORT_ALIASES["redis"] = TRANSPORT_ALIASES["rediss"] = "config.brokers.redis:Transport"

app = Celery("earsight")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
