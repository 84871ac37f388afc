"""Django's settings. Environment variables set what differs between sites; docs/settings.md lists all of them."""

import os
import secrets
import tempfile
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _

from config.demo.lock import served_address
from config.environment import values as environment
from config.media_storage.address import media_storage

# NumPy reads this when it is first imported. The analysis solves many small systems, and on a busy machine OpenBLAS's
# threads wait for each other longer than they work: an analysis of 1,440 ballots took ten times as long with them.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

BASE_DIR = Path(__file__).resolve().parent.parent


def stored_secret(path: Path) -> str:
    """Return the secret key stored beside the data. It is generated once, so that a fresh clone needs no configuration.

    If several processes start at once, all use the key of the first: linking a finished file into place is atomic.
    """
    if not path.exists():
        with tempfile.TemporaryDirectory(dir=path.parent) as folder:
            made = Path(folder) / path.name
            made.touch(mode=0o600)
            made.write_text(secrets.token_urlsafe(50), encoding="ascii")
            try:
                os.link(made, path)
            except FileExistsError:  # another process was faster
                pass
            except OSError:  # the disk has no hard links
                made.replace(path)
    return path.read_text(encoding="ascii").strip()


environment.read_file()
DATA_DIR = environment.folder("EARSIGHT_DATA", BASE_DIR / "var")
DEBUG = environment.flag("EARSIGHT_DEBUG", default=False)
SECRET_KEY = environment.text("EARSIGHT_SECRET_KEY", "") or stored_secret(DATA_DIR / "secret_key")
SECRET_KEY_IS_SET = bool(environment.text("EARSIGHT_SECRET_KEY", ""))  # then backups do not hold it
if len(SECRET_KEY) < 32:
    raise ImproperlyConfigured(
        "EARSIGHT_SECRET_KEY is shorter than 32 characters. Leave it unset to have one made under EARSIGHT_DATA."
    )
# Older keys: what they have signed stays good, and nothing new is signed with them.
SECRET_KEY_FALLBACKS = environment.secrets("EARSIGHT_SECRET_KEY_FALLBACKS", shortest=32)
# The address that printed links begin with; https turns on `__Host-` cookies and HSTS. Commands beside a running demo
# print the address at which that is served.
BASE_URL = environment.web_address("EARSIGHT_BASE_URL", served_address(DATA_DIR) or "http://127.0.0.1:8000")
SECURE = BASE_URL.startswith("https://")
# Browsers take cookies of this prefix from this host alone and over https alone; no neighbour can set or see them.
COOKIE_PREFIX = "__Host-" if SECURE else ""
ALLOWED_HOSTS = environment.hosts("EARSIGHT_HOSTS", [*environment.LOOPBACK, environment.host_of(BASE_URL)])
CSRF_TRUSTED_ORIGINS = environment.origins("EARSIGHT_TRUSTED_ORIGINS", [])

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "axes",
    "django_otp",
    "django_otp.plugins.otp_totp",
    "django_otp.plugins.otp_static",
    "study",
    "generation",
    "analysis",
    "config.apps.EarsightConfig",
]

MIDDLEWARE = [
    "config.logs.request_ids.RequestIdMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "config.requests.response_headers.ResponseHeadersMiddleware",
    "config.metrics.middleware.MetricsMiddleware",
    "config.health.pages.HealthMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "config.requests.edge.RequestEdgeMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "config.accounts.sessions.SessionLifeMiddleware",
    "config.accounts.second_factor.required.SecondFactorMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "config.requests.forms_by_script.FormsByScriptMiddleware",
    "config.requests.protection.ProtectionMiddleware",
    "config.service_faults.responses.ServiceFaultMiddleware",
    "config.requests.upload_queue.UploadQueueMiddleware",
    "study.console.downloads.DownloadLogMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "config.urls"
CSRF_FAILURE_VIEW = "config.views.csrf_failure"
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
                "config.health.console.silent_work",
            ],
        },
    },
]

DATABASES = {"default": environment.database("EARSIGHT_DATABASE_URL", f"sqlite:///{DATA_DIR / 'earsight.sqlite3'}")}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # IMMEDIATE takes the write lock when a transaction begins, so that two writers wait for each other instead of
    # failing half-way. WAL lets pages be read during a write. FULL waits for the disk, so that a confirmed answer
    # survives a power cut. secure_delete overwrites what is deleted.
    DATABASES["default"].setdefault("OPTIONS", {}).update(
        transaction_mode="IMMEDIATE",
        timeout=15,  # less than the survey's script waits for a reply, so that it learns why
        init_command=(
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA secure_delete=ON; PRAGMA foreign_keys=ON;"
        ),
    )
else:
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
    # A server that does not answer at all is a fault that a page tells of, not one that it waits for.
    DATABASES["default"].setdefault("OPTIONS", {}).setdefault("connect_timeout", 5)
# Opening a connection for each request would cost as much as answering it.
DATABASES["default"]["CONN_MAX_AGE"] = 60

# Counts of guessed links and of arrivals, kept for minutes. With the default of 300 entries, counts would be dropped.
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "OPTIONS": {"MAX_ENTRIES": 20_000}}}
# The most new participants from one network within five minutes, for each study and web process; 0: no limit.
ARRIVALS_PER_NETWORK = int(environment.number("EARSIGHT_ARRIVALS_PER_NETWORK", 300, least=0))
# How many proxies in front add the address from which they were called to X-Forwarded-For.
PROXIES = int(environment.number("EARSIGHT_PROXIES", 0, least=0))

AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
# Django's default hash, one at a time in each process.
PASSWORD_HASHERS = ["config.accounts.hashing.PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "config.accounts.passwords.DecoratedPasswordValidator"},
]
# Sign-in attempts are limited by name, not by address: no IP address is stored.
AXES_LOCKOUT_PARAMETERS = ["username"]
AXES_FAILURE_LIMIT = 10
AXES_COOLOFF_TIME = 0.25  # hours
AXES_DISABLE_ACCESS_LOG = True
AXES_USERNAME_CALLABLE = "config.accounts.attempts.name_to_count"
AXES_CLIENT_IP_CALLABLE = "config.requests.protection.no_address"
AXES_LOCKOUT_TEMPLATE = "console/locked_out.html"
AXES_VERBOSE = False
# Whether each account must have a second factor, and how apps on phones name this installation.
SECOND_FACTOR = environment.one_of("EARSIGHT_SECOND_FACTOR", "OPTIONAL", ("OPTIONAL", "REQUIRED")).lower()
OTP_TOTP_ISSUER = f"Earsight {environment.host_of(BASE_URL)}"
SILENCED_SYSTEM_CHECKS = [
    "axes.W006",  # asks for limits by address, which is not stored
    "security.W005",  # HSTS for all subdomains: the owner of the domain decides, by EARSIGHT_HSTS_SUBDOMAINS
    "security.W021",  # HSTS preloading: likewise, by EARSIGHT_HSTS_PRELOAD
    "security.W008",  # the proxy redirects http to https; Django is never reached by http
]
LOGIN_URL = reverse_lazy("sign_in")
LOGIN_REDIRECT_URL = reverse_lazy("study_list")
LOGOUT_REDIRECT_URL = reverse_lazy("sign_in")

LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("ko", _("Korean"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
LANGUAGE_COOKIE_NAME = f"{COOKIE_PREFIX}earsight_language"
TIME_ZONE = environment.time_zone("EARSIGHT_TIME_ZONE", "UTC")
USE_TZ = True

STATIC_URL = "static/"
STATIC_ROOT = DATA_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
WHITENOISE_ALLOW_ALL_ORIGINS = False
MEDIA_ROOT = DATA_DIR / "media"
MEDIA_URL = None  # no file has a public address: views check access and send it
STORAGES = {
    "default": media_storage("EARSIGHT_MEDIA_URL", "EARSIGHT_S3_ENDPOINT"),
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
FILE_UPLOAD_PERMISSIONS = 0o640
# Uploads come in on the disk of the data: storing one then moves it, and what a killed process leaves goes in a day.
FILE_UPLOAD_TEMP_DIR = DATA_DIR / "work"
FILE_UPLOAD_TEMP_DIR.mkdir(mode=0o700, exist_ok=True)
DATA_UPLOAD_MAX_NUMBER_FILES = 500
# The most that a researcher sends with one request, in bytes; of others DATA_UPLOAD_MAX_MEMORY_SIZE is the limit.
MAX_UPLOAD_BYTES = int(1_000_000 * environment.number("EARSIGHT_UPLOAD_MB", 2000, least=1))
DATA_UPLOAD_MAX_NUMBER_FIELDS = 5000

# Whether those whom an owner invites to a study may make an account, or operators alone do.
INVITED_MAKE_ACCOUNTS = environment.flag("EARSIGHT_INVITED_MAKE_ACCOUNTS", default=True)
# A researcher's sign-in ends after so much time without use, and after so much time in all.
SESSION_IDLE_SECONDS = int(3600 * environment.number("EARSIGHT_SIGN_IN_IDLE_HOURS", 12, least=0.1))
SESSION_LIFE_SECONDS = int(86_400 * environment.number("EARSIGHT_SIGN_IN_DAYS", 7, least=0.1))
SESSION_COOKIE_AGE = SESSION_LIFE_SECONDS
SESSION_COOKIE_NAME = f"{COOKIE_PREFIX}earsight_session"
CSRF_COOKIE_NAME = f"{COOKIE_PREFIX}csrftoken"
PARTICIPANT_COOKIE_NAME = f"{COOKIE_PREFIX}earsight_people"
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"  # without a cookie of its own
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if SECURE else None
SECURE_HSTS_SECONDS = 31_536_000 if SECURE else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = environment.flag("EARSIGHT_HSTS_SUBDOMAINS", default=False)
SECURE_HSTS_PRELOAD = environment.flag("EARSIGHT_HSTS_PRELOAD", default=False)
if SECURE_HSTS_INCLUDE_SUBDOMAINS and not SECURE:
    raise ImproperlyConfigured("EARSIGHT_HSTS_SUBDOMAINS needs EARSIGHT_BASE_URL to begin with https://.")
if SECURE_HSTS_PRELOAD and not SECURE_HSTS_INCLUDE_SUBDOMAINS:
    raise ImproperlyConfigured("EARSIGHT_HSTS_PRELOAD needs EARSIGHT_HSTS_SUBDOMAINS=true: lists take whole domains.")
X_FRAME_OPTIONS = "DENY"

_mail = environment.mail("EARSIGHT_EMAIL_URL", "consolemail://")
EMAIL_BACKEND = _mail["EMAIL_BACKEND"]
EMAIL_HOST = _mail["EMAIL_HOST"]
EMAIL_PORT = _mail["EMAIL_PORT"]
EMAIL_HOST_USER = _mail["EMAIL_HOST_USER"]
EMAIL_HOST_PASSWORD = _mail["EMAIL_HOST_PASSWORD"]
EMAIL_USE_TLS = _mail.get("EMAIL_USE_TLS", False)
EMAIL_USE_SSL = _mail.get("EMAIL_USE_SSL", False)
EMAIL_FILE_PATH = _mail["EMAIL_FILE_PATH"]
EMAIL_TIMEOUT = 30  # seconds; without it a mail server that does not answer would hold a worker
DEFAULT_FROM_EMAIL = environment.text("EARSIGHT_EMAIL_FROM", "earsight@localhost")

# Days after which what is kept for a time only is erased (study/participants/retention.py; docs/privacy.md).
KEEP_EVENTS_DAYS = int(environment.number("EARSIGHT_KEEP_EVENTS_DAYS", 365, least=0))
KEEP_DOWNLOADS_DAYS = environment.number("EARSIGHT_KEEP_DOWNLOADS_DAYS", 7, least=0.01)
KEEP_SIGN_INS_DAYS = int(environment.number("EARSIGHT_KEEP_SIGN_INS_DAYS", 7, least=1))

# Takes pictures of the participants' pages (analysis/interface_pictures); empty: by its usual names.
CHROMIUM = environment.text("EARSIGHT_CHROMIUM", "")

# Celery. The default broker is a folder, so that a first study needs no server.
CELERY_BROKER_URL = environment.broker("EARSIGHT_BROKER_URL", "filesystem://")
if CELERY_BROKER_URL.startswith("filesystem://"):
    _broker = DATA_DIR / "broker"
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "data_folder_in": str(_broker / "messages"),
        "data_folder_out": str(_broker / "messages"),
        "control_folder": str(_broker / "control"),
        "store_processed": False,
        "polling_interval": 0.1,  # seconds; with the default of one second, short steps would mostly wait
    }
    for _folder in ("messages", "control"):
        (_broker / _folder).mkdir(parents=True, exist_ok=True)
else:
    # Longer than any step: Redis would hand a running task to a second worker. The lease in the database prevents
    # harm; this prevents the useless message.
    CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": 6 * 3600}
    if CELERY_BROKER_URL.startswith("redis"):
        CELERY_BROKER_TRANSPORT_OPTIONS |= {"socket_connect_timeout": 4, "socket_timeout": 5}
    # Ask again if Redis answers with an error (it became a replica, it is out of memory); else the worker would end.
    CELERY_BROKER_CHANNEL_ERROR_RETRY = CELERY_BROKER_URL.startswith("redis")
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# A page that sends a message waits some seconds at most for a broker that is away: the row is found without it.
CELERY_BROKER_CONNECTION_TIMEOUT = 4
CELERY_TASK_PUBLISH_RETRY_POLICY = {"max_retries": 1, "interval_start": 0.1, "interval_step": 0.1, "interval_max": 0.2}
CELERY_TASK_DEFAULT_QUEUE = "cpu"
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = False
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TIMEZONE = TIME_ZONE
CELERY_BEAT_SCHEDULER = "config.brokers.beat:Scheduler"
CELERY_BEAT_SCHEDULE_FILENAME = str(DATA_DIR / "beat_schedule")

# Generation. A step is given to another worker if its own, on another machine, has been silent for the lease.
GENERATION_LEASE_SECONDS = environment.number("EARSIGHT_LEASE_SECONDS", 60, least=5)
# How often each worker looks for steps that have lost their worker or their message.
GENERATION_RESCUE_SECONDS = environment.number("EARSIGHT_RESCUE_SECONDS", 30, least=0.1)
# Put before the name of each queue; keeps installations apart that share a broker.
GENERATION_QUEUE_PREFIX = ""
# The only hosts that a study's settings can send tags and the language model's key to. This machine's own ports are
# among them only where the site is for this machine or its network: elsewhere other services may listen there.
_LOOPBACK = () if SECURE else environment.LOOPBACK
WRITER_HOSTS = environment.hosts("EARSIGHT_WRITER_HOSTS", ["api.openai.com", *_LOOPBACK])

# The address of an S3-compatible service other than Amazon's, for backups in a bucket; "" leaves it to AWS_… variables.
S3_ENDPOINT = environment.optional_web_address("EARSIGHT_S3_ENDPOINT")

# The heads of the logs are appended to this file, best one in a folder of another machine.
HEADS_FILE = environment.absolute_path("EARSIGHT_HEADS_FILE")

# Who is told by mail of faults (manage.py doctor --mail), and what a request for /metrics must show.
OPERATOR_EMAILS = environment.addresses("EARSIGHT_OPERATOR_EMAILS")
METRICS_TOKEN = environment.token("EARSIGHT_METRICS_TOKEN")
SENTRY_DSN = environment.sentry_dsn("EARSIGHT_SENTRY_DSN")

LOG_FORMAT = environment.one_of("EARSIGHT_LOG_FORMAT", "TEXT", environment.LOG_FORMATS)
LOG_LEVEL = environment.one_of("EARSIGHT_LOG_LEVEL", "INFO", environment.LOG_LEVELS)
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "masked": {
            "()": "study.participants.log_masking.MaskingFormatter",
            "format": "{asctime} {levelname} {name}: {message}{in_request}",
            "style": "{",
        },
        "json": {"()": "config.logs.formats.JsonFormatter"},
    },
    "filters": {"request_id": {"()": "config.logs.request_ids.AddRequestId"}},
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            "formatter": "json" if LOG_FORMAT == "JSON" else "masked",
            "filters": ["request_id"],
            "level": LOG_LEVEL,
        }
    },
    "root": {
        "handlers": ["console"],
        "level": LOG_LEVEL,
    },
    "loggers": {
        # Without Django's own handlers, which would write addresses unmasked, and the tokens in them.
        "django": {"handlers": [], "level": "INFO"},
        "django.server": {"handlers": [], "level": "INFO", "propagate": True},
        # gunicorn's own lines, of each web process once it has loaded Django, in the format of all others.
        "gunicorn.error": {"handlers": [], "level": "INFO", "propagate": True},
        "axes": {"level": "WARNING"},
        "httpx": {"level": "WARNING"},
        "httpx2": {"level": "WARNING"},
        "boto3": {"level": "WARNING"},
        "botocore": {"level": "WARNING"},
        "s3transfer": {"level": "WARNING"},
        "kombu.connection": {"level": "ERROR"},  # it would warn that a folder has no host name
    },
}
