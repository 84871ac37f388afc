"""Settings for `manage.py setup` alone: it runs before there are settings, so these read nothing and make no folder."""

from pathlib import Path

BASE_DIR = Path(__file__).resolve().parents[2]
INSTALLED_APPS = ["config.installation.apps.InstallationConfig"]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_TZ = True
