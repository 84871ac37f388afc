"""The site that `arrivals` serves; EARSIGHT_TEST_REMOVED names protections to remove, as controls."""

import os
from importlib import import_module

from django.conf import settings
from django.core.wsgi import get_wsgi_application

application = get_wsgi_application()
import_module(settings.ROOT_URLCONF)  # before the processes part

removed = os.environ.get("EARSIGHT_TEST_REMOVED", "").split()

if "--without-check" in removed:
    import secrets

    from study.participants import visits

    visits.person_digest = lambda study, person, secret=None: secrets.token_hex(32)

if "--without-lock" in removed:
    from study.models import Study
    from study.participants import enrolment

    if settings.DATABASES["default"]["ENGINE"].endswith("sqlite3"):
        settings.DATABASES["default"]["OPTIONS"]["transaction_mode"] = "DEFERRED"
    enrolment.lock_study = lambda study: Study.objects.get(pk=study.pk)
