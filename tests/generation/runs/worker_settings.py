"""Settings of the worker processes that tests start and kill: the project's own, with short leases."""

import os

from config.settings import *  # noqa: F403
from config.settings import CELERY_BROKER_TRANSPORT_OPTIONS, CELERY_BROKER_URL

GENERATION_LEASE_SECONDS = 6
GENERATION_RESCUE_SECONDS = 1
GENERATION_QUEUE_PREFIX = os.environ.get("EARSIGHT_TEST_QUEUE_PREFIX", "")
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
if CELERY_BROKER_URL.startswith("redis"):
    CELERY_BROKER_TRANSPORT_OPTIONS |= {"global_keyprefix": GENERATION_QUEUE_PREFIX}
    if os.environ.get("EARSIGHT_TEST_ERRORS_END"):
        CELERY_BROKER_CHANNEL_ERROR_RETRY = False
    if seconds := os.environ.get("EARSIGHT_TEST_VISIBILITY_SECONDS"):
        CELERY_BROKER_TRANSPORT_OPTIONS |= {
            "visibility_timeout": float(seconds),
            # How often a worker delivers tasks again; the default is every hundred seconds.
            "unacked_restore_interval": 1,
            "unacked_restore_throttle": 1,
        }
if CELERY_BROKER_URL.startswith("filesystem"):
    CELERY_BROKER_TRANSPORT_OPTIONS |= {"polling_interval": 0.05}
