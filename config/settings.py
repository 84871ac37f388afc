"""Settings, all from the environment; docs/settings.md lists every variable (a test holds the two together)."""

import os
import secrets
import tempfile
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _

from config import environment

BASE_DIR = Path(__file__).resolve().parent.parent


def stored_secret(path: Path) -> str:
    """The secret key kept beside the data: made once, so that a fresh clone needs no configuration.

    Of several processes that start at once one makes it: the file is linked into place whole, or not at all.
    """
    if not path.exists():
        with tempfile.TemporaryDirectory(dir=path.parent) as folder:
            made = Path(folder) / path.name
            made.touch(mode=0o600)
            made.write_text(secrets.token_urlsafe(50), encoding="ascii")
            try:
                os.link(made, path)
            except FileExistsError:  # another process of the same start was faster
                pass
            except OSError:  # a disk without hard links
                made.replace(path)
    return path.read_text(encoding="ascii").strip()


DATA_DIR = environment.folder("EARSIGHT_DATA", BASE_DIR / "var")
DEBUG = environment.flag("EARSIGHT_DEBUG", default=False)
SECRET_KEY = environment.text("EARSIGHT_SECRET_KEY", "") or stored_secret(DATA_DIR / "secret_key")
if len(SECRET_KEY) < 32:
    raise ImproperlyConfigured(
        "EARSIGHT_SECRET_KEY is shorter than 32 characters. Leave it unset to have one made under EARSIGHT_DATA."
    )
# The address that links are printed with; https here turns on secure cookies and HSTS.
BASE_URL = environment.web_address("EARSIGHT_BASE_URL", "http://127.0.0.1:8000")
SECURE = BASE_URL.startswith("https://")
ALLOWED_HOSTS = environment.hosts("EARSIGHT_HOSTS", ["localhost", "127.0.0.1", "[::1]", environment.host_of(BASE_URL)])
CSRF_TRUSTED_ORIGINS = environment.origins("EARSIGHT_TRUSTED_ORIGINS", [])

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "axes",
    "study",
    "generation",
    "analysis",
    "config.apps.EarsightConfig",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "config.security.ProtectionMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

DATABASES = {"default": environment.database("EARSIGHT_DATABASE_URL", f"sqlite:///{DATA_DIR / 'earsight.sqlite3'}")}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # IMMEDIATE takes the write lock when a transaction begins, so that two writers wait for each other
    # instead of failing half-way; WAL lets pages be read while a ballot is written; FULL waits for the disk, so
    # that what was answered as saved outlives a power cut; what is erased is overwritten.
    DATABASES["default"].setdefault("OPTIONS", {}).update(
        transaction_mode="IMMEDIATE",
        timeout=30,
        init_command="PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA secure_delete=ON; PRAGMA foreign_keys=ON;",
    )
else:
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
# Opening a database anew for each request costs as much as answering it; SQLite also empties its log at each closing.
DATABASES["default"]["CONN_MAX_AGE"] = 60

AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
# By name, not by address: no IP address is stored.
AXES_LOCKOUT_PARAMETERS = ["username"]
AXES_FAILURE_LIMIT = 10
AXES_COOLOFF_TIME = 0.25  # hours
AXES_DISABLE_ACCESS_LOG = True
AXES_CLIENT_IP_CALLABLE = "config.security.no_address"
AXES_LOCKOUT_TEMPLATE = "console/locked_out.html"
AXES_VERBOSE = False
SILENCED_SYSTEM_CHECKS = [
    "axes.W006",  # asks for the address in the limit, which we do not store
    "security.W005",
    "security.W021",  # HSTS for a whole domain is for its owner to say, at the proxy
    "security.W008",  # from http to https leads the proxy, which is alone in being reached by http
]
LOGIN_URL = reverse_lazy("sign_in")
LOGIN_REDIRECT_URL = reverse_lazy("study_list")
LOGOUT_REDIRECT_URL = reverse_lazy("sign_in")

LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("ko", _("Korean"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
LANGUAGE_COOKIE_NAME = "earsight_language"
TIME_ZONE = environment.time_zone("EARSIGHT_TIME_ZONE", "UTC")
USE_TZ = True

STATIC_URL = "static/"
STATIC_ROOT = DATA_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
MEDIA_ROOT = DATA_DIR / "media"
MEDIA_URL = None  # nothing uploaded or painted has an address of its own: views hand it out
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
FILE_UPLOAD_PERMISSIONS = 0o640
DATA_UPLOAD_MAX_NUMBER_FILES = 500
DATA_UPLOAD_MAX_NUMBER_FIELDS = 5000

SESSION_COOKIE_NAME = "earsight_session"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if SECURE else None
SECURE_HSTS_SECONDS = 31_536_000 if SECURE else 0
X_FRAME_OPTIONS = "DENY"

vars().update(environment.mail("EARSIGHT_EMAIL_URL", "consolemail://"))
DEFAULT_FROM_EMAIL = environment.text("EARSIGHT_EMAIL_FROM", "earsight@localhost")

# Celery. The default broker is a folder, so that a first study needs no server; Redis or RabbitMQ by URL.
CELERY_BROKER_URL = environment.broker("EARSIGHT_BROKER_URL", "filesystem://")
if CELERY_BROKER_URL.startswith("filesystem://"):
    _broker = DATA_DIR / "broker"
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "data_folder_in": str(_broker / "messages"),
        "data_folder_out": str(_broker / "messages"),
        "control_folder": str(_broker / "control"),
        "store_processed": False,
        "polling_interval": 0.1,  # seconds; with the default, a second, a short step would mostly wait
    }
    for _folder in ("messages", "control"):
        (_broker / _folder).mkdir(parents=True, exist_ok=True)
else:
    # Longer than any step, so that Redis does not hand a running task to a second worker; the lease in the
    # database is what protects, this only saves the useless delivery.
    CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": 6 * 3600}
    # A Redis that answers with an error (made a replica, out of room) is asked again; else the worker would end.
    CELERY_BROKER_CHANNEL_ERROR_RETRY = CELERY_BROKER_URL.startswith("redis")
# How long a worker on another machine may be silent before its step is another's, and how often each worker
# looks for what was left lying.
GENERATION_LEASE_SECONDS = environment.number("EARSIGHT_LEASE_SECONDS", 60, least=5)
GENERATION_RESCUE_SECONDS = environment.number("EARSIGHT_RESCUE_SECONDS", 30, least=0.1)
# Where sentences may be asked for: a study's settings can send tags and the service's key to these hosts only.
WRITER_HOSTS = environment.hosts("EARSIGHT_WRITER_HOSTS", ["api.openai.com", "localhost", "127.0.0.1", "[::1]"])
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = False
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_DEFAULT_QUEUE = "cpu"
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TIMEZONE = TIME_ZONE

LOG_LEVEL = environment.one_of("EARSIGHT_LOG_LEVEL", "INFO", environment.LOG_LEVELS)
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "masked": {
            "()": "study.log_masking.MaskingFormatter",
            "format": "{asctime} {levelname} {name}: {message}",
            "style": "{",
        },
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "masked", "level": LOG_LEVEL}},
    "root": {
        "handlers": ["console"],
        "level": LOG_LEVEL,
    },
    "loggers": {
        # Django's own handlers would write addresses, and with them tokens, as they are.
        "django": {"handlers": [], "level": "INFO"},
        "django.server": {"handlers": [], "level": "INFO", "propagate": True},
        "axes": {"level": "WARNING"},
        "httpx": {"level": "WARNING"},
        "httpx2": {"level": "WARNING"},
        "kombu.connection": {"level": "ERROR"},  # warns that a folder has no host name
    },
}
