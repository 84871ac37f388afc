"""Settings that open the site to strangers, or its secrets to guesses."""

import os
import re
from pathlib import Path

from django.conf import settings
from django.contrib.auth import get_user_model

from config.accounts.second_factor.devices import names_without
from config.accounts.second_factor.required import is_required
from config.environment import values as environment
from config.health.finding import Finding, fault, finding_of, ok, warning
from config.installation import checks

NAMES_SHOWN = 20
_PLACEHOLDER = re.compile(
    r"change.?me|change.?this|insecure|placeholder|example|secret|password|your.?key|012345|abcdef", re.I
)


def debug_is_off() -> Finding:
    """Look for Django's debug pages on a site that others reach."""
    if not settings.DEBUG:
        return ok("it is off")
    found, mend = "EARSIGHT_DEBUG is on: error pages show code and settings", "Unset EARSIGHT_DEBUG and restart."
    return fault(found, mend) if settings.SECURE else warning(found, mend)


def secret_is_random() -> Finding:
    """Judge the secret key, and the file that holds it."""
    key = str(settings.SECRET_KEY)
    mend = "Leave EARSIGHT_SECRET_KEY unset to have one made, or write the output of: openssl rand -base64 48"
    if weakness := weakness_of(key):
        return fault(f"the secret key {weakness}", mend)
    path = Path(settings.DATA_DIR) / "secret_key"
    if not os.environ.get("EARSIGHT_SECRET_KEY", "").strip() and path.stat().st_mode & 0o077:
        return fault(f"other users of the machine may read {path}", f"Run: chmod 600 {path}")
    return ok(f"the secret key has {len(key)} characters")


def weakness_of(key: str) -> str:
    """Return why a key can be guessed, as the end of a sentence; empty if nothing speaks against it."""
    if len(key) < 50 and not re.fullmatch(r"[0-9a-f]{32,}|[A-Za-z0-9+/_=-]{43,}", key):
        return "is shorter than 50 characters"
    if len(set(key)) < 12:
        return f"has only {len(set(key))} different characters"
    if found := _PLACEHOLDER.search(key):
        return f"looks like a placeholder: it holds “{found.group()}”"
    if re.search(r"(.{4,})\1", key):
        return "repeats itself"
    return ""


def hosts_are_right() -> Finding:
    """Compare the hosts that the site answers with its own address."""
    own = environment.host_of(settings.BASE_URL)
    allowed = {host.lower() for host in settings.ALLOWED_HOSTS}
    parents = {f".{own.partition('.')[2]}", f".{own}"}
    if own.lower() not in allowed and not parents & allowed:
        return fault(
            f"EARSIGHT_HOSTS lacks {own}, the host of EARSIGHT_BASE_URL", f"Add {own} to EARSIGHT_HOSTS and restart."
        )
    if not settings.SECURE and own not in environment.LOOPBACK:
        return warning(
            f"{settings.BASE_URL} is not https: passwords and answers can be read on the way",
            "Put a proxy with TLS in front, and write its https address into EARSIGHT_BASE_URL.",
        )
    return ok(f"the site answers {', '.join(sorted(allowed))}")


def settings_are_known() -> Finding:
    """Look for misspelt names of settings, and for an address that leads nowhere."""
    messages = [*checks.unknown_settings(), *checks.address()]
    return finding_of(messages, "all names of settings are known, and links lead here")


def second_factors_are_set_up() -> Finding:
    """Where a second factor is required, count the accounts that have none yet, and name the first of them."""
    if not is_required():
        return ok("EARSIGHT_SECOND_FACTOR leaves it to each researcher")
    names = names_without()
    if not names:
        return ok("every account has one")
    shown = ", ".join(names[:NAMES_SHOWN]) + (f" and {len(names) - NAMES_SHOWN} more" if names[NAMES_SHOWN:] else "")
    return warning(
        f"active accounts without one: {len(names)} ({shown})",
        "Ask these people to sign in, which leads them to set it up; until then a password alone is enough to do so.",
    )


def writer_hosts_are_few() -> Finding:
    """Look whether one of several researchers could reach other services of this machine by a study's settings."""
    local = [host for host in settings.WRITER_HOSTS if host in environment.LOOPBACK]
    people = get_user_model().objects.filter(is_active=True).count()
    if local and people > 1:
        return warning(
            f"{people} researchers may let a study's language model be any port of this machine ({', '.join(local)})",
            "List in EARSIGHT_WRITER_HOSTS only the hosts that you mean, with their ports: localhost:8080.",
        )
    return ok(f"language models may be at {', '.join(settings.WRITER_HOSTS)}")
