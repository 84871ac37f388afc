"""Faults of the broker. Pages never wait for it (`study.background_work`); this is for what asks it directly."""

from django.utils.translation import gettext_noop
from kombu.exceptions import ChannelError, OperationalError

from config.service_faults.fault import Fault

UNREACHABLE = Fault("The broker is not reachable", 10, gettext_noop("Start the broker; EARSIGHT_BROKER_URL names it."))


def fault_of(error: BaseException) -> Fault | None:
    """The fault that this error tells of; None for other errors."""
    return UNREACHABLE if isinstance(error, OperationalError | ChannelError) else None
