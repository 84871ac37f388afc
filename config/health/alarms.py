"""Tell the operators by mail: once when a fault begins, once when it is over.

A timer or cron runs `manage.py doctor --mail`: if all workers are dead, none of them can tell. What was told is kept in
a file and not in the database, which may be what is away.
"""

import json
import logging
from collections.abc import Mapping
from pathlib import Path

from django.conf import settings
from django.core.mail import EmailMessage
from django.utils import timezone

from config.health.doctor import faults_of
from config.health.finding import Finding
from study.notices.sending import tell_what_is_due
from study.published_heads.places import addresses_of, mail_is_sent
from study.stored_files.whole import write_whole

logger = logging.getLogger(__name__)


class NotTold(Exception):
    """Nobody could be told; the message says why and what to do."""


def tell_operators(findings: Mapping[str, Finding]) -> None:
    """Mail what has become a fault, and what is one no more, since the last call.

    Raises:
        NotTold: there is no address, or the mail could not be sent; the next call tries again.
    """
    told, faults = _told(), faults_of(dict(findings))
    begun, over = [name for name in faults if name not in told], [name for name in told if name not in faults]
    if not begun and not over:
        return
    to = _addresses() if mail_is_sent() else []  # printed to the log, it would be told to nobody
    if not to:
        raise NotTold("There is nobody to tell. Set EARSIGHT_EMAIL_URL and EARSIGHT_OPERATOR_EMAILS.")
    subject = f"Earsight: {', '.join(begun)}" if begun else f"Earsight: over: {', '.join(over)}"
    try:
        EmailMessage(subject[:200], _text(faults, begun, over, told), None, to).send()
    except Exception as error:  # a mail backend may raise anything
        raise NotTold(f"The mail to the operators could not be sent ({type(error).__name__}: {error}).") from error
    now = timezone.now().isoformat(timespec="seconds")
    _keep({name: told.get(name, now) for name in faults})


def tell_those_who_run_studies() -> None:
    """Send the mails about studies that are due, which workers do as long as one lives. A failure stops nothing."""
    try:
        tell_what_is_due()
    except Exception:  # the database may be what is away
        logger.warning("The mails about studies could not be sent; the next call tries again.", exc_info=True)


def _text(faults: Mapping[str, Finding], begun: list[str], over: list[str], told: Mapping[str, str]) -> str:
    parts = [f"{settings.BASE_URL}, {timezone.now():%Y-%m-%d %H:%M} UTC"]
    if begun:
        parts.append("New:\n" + "\n".join(_line(name, faults[name]) for name in begun))
    if over:
        parts.append("Over:\n" + "\n".join(f"- {name} (told {told[name]})" for name in over))
    if going := [name for name in faults if name not in begun]:
        parts.append("Still there:\n" + "\n".join(_line(name, faults[name]) for name in going))
    parts.append("To look yourself: python manage.py doctor")
    return "\n\n".join(parts) + "\n"


def _line(name: str, finding: Finding) -> str:
    return f"- {name}: {finding.found}\n  {finding.mend}"


def _addresses() -> list[str]:
    """Return the addresses that are set, or else those of the accounts of operators, if the database answers."""
    if settings.OPERATOR_EMAILS:
        return list(settings.OPERATOR_EMAILS)
    try:
        return addresses_of(None)
    except Exception:
        logger.warning("The operators' addresses could not be read: set EARSIGHT_OPERATOR_EMAILS.", exc_info=True)
        return []


def _file() -> Path:
    return Path(settings.DATA_DIR) / "doctor_told.json"


def _told() -> dict[str, str]:
    """Return the faults that the operators know of, each with the time of the mail; none if the file is damaged."""
    try:
        told = json.loads(_file().read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return {str(name): str(at) for name, at in told.items()} if isinstance(told, dict) else {}


def _keep(told: dict[str, str]) -> None:
    """Store what was told. A disk that takes nothing leads to a second mail, which is better than none."""
    try:
        write_whole(_file(), json.dumps(told).encode())
    except OSError as error:
        logger.warning("What was told cannot be noted (%s): the mail will come again.", error)
