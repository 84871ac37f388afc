"""The Celery app: `celery -A config worker -Q cpu,api,gpu`."""

import os

from celery import Celery
from kombu.transport import TRANSPORT_ALIASES

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

# The scheme of a broker's URL selects the transport: these schemes select the patched ones.
TRANSPORT_ALIASES["filesystem"] = "config.brokers.folder:Transport"
TRANSPORT_ALIASES["redis"] = TRANSPORT_ALIASES["rediss"] = "config.brokers.redis:Transport"

app = Celery("earsight")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
