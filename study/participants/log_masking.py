"""Keep participants' tokens out of logs, and each record on a line of its own."""

import logging
import re
import time

# A token of 128 bits or more in a link: /p/<token>/ or ?token=<token>; that of a shared report, and those of links to
# set a password and of invitations; and a script's token, wherever it stands.
_TOKEN = re.compile(
    r"(/(?:p|j|m|s|report)/|/set-password/[\w-]+/|/invitation/|token=|earsight_)([A-Za-z0-9_-]{4})[A-Za-z0-9_-]{12,}"
)


def mask(text: str) -> str:
    """Return `text` with every participant's token cut to its first four characters."""
    return _TOKEN.sub(r"\1\2…", text)


def one_line(text: str) -> str:
    """Return `text` with every sign escaped that could begin a line of its own or steer a terminal."""
    return "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in text)


class MaskingFormatter(logging.Formatter):
    """Masks tokens in the whole output of a record, its traceback included; only the traceback has further lines.

    What a visitor sends cannot forge a record: the name of a file, for example, may hold line breaks. Times are in UTC,
    so that the logs of several machines can be read together.
    """

    converter = staticmethod(time.gmtime)
    default_time_format = "%Y-%m-%dT%H:%M:%S"
    default_msec_format = "%s.%03dZ"

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 (logging's name)
        return one_line(super().formatMessage(record))

    def format(self, record: logging.LogRecord) -> str:
        return mask(super().format(record))
