"""The project's settings with a temporary data folder and fast password hashing."""

import copy
import os
import tempfile

os.environ["EARSIGHT_DATA"] = os.environ.get("EARSIGHT_TEST_DATA") or tempfile.mkdtemp(prefix="earsight-tests-")

# Tests run in several processes, and their models are tiny: torch's threads would only wait for each other.
os.environ.setdefault("OMP_NUM_THREADS", "1")

from config.settings import *  # noqa: F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = True
CELERY_TASK_ALWAYS_EAGER = False
# Django's live server needs a path here; the project itself serves no media by URL.
MEDIA_URL = "no-media-by-address/"
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":  # noqa: F405
    DATABASES = copy.deepcopy(DATABASES)  # noqa: F405
    # A file, in which threads wait for each other's locks as in production; a database in memory raises at once.
    DATABASES["default"]["TEST"] = {"NAME": str(DATA_DIR / "test.sqlite3")}  # noqa: F405
    # Tests kill processes, not the machine, so commits need not wait for the disk. Locks may last long on a busy one.
    options = DATABASES["default"]["OPTIONS"]
    options["init_command"] = options["init_command"].replace("synchronous=FULL", "synchronous=OFF")
    options["timeout"] = 300
