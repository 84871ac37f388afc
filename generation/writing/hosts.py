"""Where sentences may be asked for: the key and the tags of a study go to hosts that the operator has named only."""

from __future__ import annotations

from collections.abc import Collection
from urllib.parse import urlsplit

from generation.writing.base import RequestRejected

OFFICIAL = "https://api.openai.com/v1"
DEFAULT_HOSTS = ("api.openai.com", "localhost", "127.0.0.1", "[::1]")


class HostNotAllowed(RequestRejected):
    """The address of the service is on no list of the operator's."""

    reason = "host_not_allowed"


def check_host(base_url: str | None, allowed: Collection[str] = DEFAULT_HOSTS) -> None:
    """Raise where the service's host is not among `allowed`: names, with a port where only that one is meant.

    Raises:
        HostNotAllowed
    """
    address = base_url or OFFICIAL
    hosts = {_spelt(host) for host in allowed}
    try:
        parts = urlsplit(address)
        host, port = (parts.hostname or "").lower(), parts.port
    except ValueError:
        host, port = "", None
    # Signs that programs read in different ways could name another host to whoever asks than to us.
    is_plain = not any(sign in address for sign in "\\@ \t\r\n") and address.isascii()
    if is_plain and host and (host in hosts or f"{host}:{port}" in hosts):
        return
    raise HostNotAllowed(
        f"The address '{address[:200]}' of the language model is not allowed here. The operator allows "
        f"{', '.join(sorted(allowed)) or 'none'}; add its host to EARSIGHT_WRITER_HOSTS, or choose one of these."
    )


def _spelt(host: str) -> str:
    """One spelling, as `urlsplit` gives it: small letters, an IPv6 address without brackets."""
    name, bracket, port = host.strip().lower().rpartition("]")
    return f"{name.lstrip('[')}{port}" if bracket else port
