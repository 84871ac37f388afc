"""Keep participants' tokens out of logs."""

import logging
import re

# A token of 128 bits or more in a link: /p/<token>/ or ?token=<token>.
_TOKEN = re.compile(r"(/(?:p|j|m|s)/|token=)([A-Za-z0-9_-]{4})[A-Za-z0-9_-]{12,}")


def mask(text: str) -> str:
    """Return `text` with every participant's token cut to its first four characters."""
    return _TOKEN.sub(r"\1\2…", text)


class MaskingFormatter(logging.Formatter):
    """Masks tokens in the whole output of a record, its traceback included."""

    def format(self, record: logging.LogRecord) -> str:
        return mask(super().format(record))
