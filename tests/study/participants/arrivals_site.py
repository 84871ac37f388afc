"""The site that `arrivals` serves; EARSIGHT_TEST_NO_LOCK removes the lock on the study, as a control."""

import os

from django.conf import settings
from django.core.wsgi import get_wsgi_application

application = get_wsgi_application()

if os.environ.get("EARSIGHT_TEST_NO_LOCK"):
    from study.models import Study
    from study.participants import enrolment

    if settings.DATABASES["default"]["ENGINE"].endswith("sqlite3"):
        settings.DATABASES["default"]["OPTIONS"]["transaction_mode"] = "DEFERRED"
    enrolment.lock_study = lambda study: Study.objects.get(pk=study.pk)
