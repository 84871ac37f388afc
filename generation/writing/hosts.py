"""The hosts that may receive the key and the tags of a study: only those that the operator allows."""

from __future__ import annotations

from collections.abc import Collection
from urllib.parse import urlsplit

from generation.writing.base import RequestRejected

OFFICIAL = "https://api.openai.com/v1"
DEFAULT_HOSTS = ("api.openai.com", "localhost", "127.0.0.1", "[::1]")


class HostNotAllowed(RequestRejected):
    """The operator does not allow the host of the service."""

    reason = "host_not_allowed"


def check_host(base_url: str | None, allowed: Collection[str] = DEFAULT_HOSTS) -> None:
    """Refuse a service if its host is not in `allowed`: host names, or host:port to allow one port only.

    Raises:
        HostNotAllowed
    """
    address = base_url or OFFICIAL
    hosts = {_normalised(host) for host in allowed}
    try:
        parts = urlsplit(address)
        host, port = (parts.hostname or "").lower(), parts.port
    except ValueError:
        host, port = "", None
    # Programs parse these characters differently: the HTTP client could connect to another host than checked here.
    is_plain = not any(sign in address for sign in "\\@ \t\r\n") and address.isascii()
    if is_plain and host and (host in hosts or f"{host}:{port}" in hosts):
        return
    raise HostNotAllowed(
        f"The address '{address[:200]}' of the language model is not allowed here. The operator allows "
        f"{', '.join(sorted(allowed)) or 'none'}; add its host to EARSIGHT_WRITER_HOSTS, or choose one of these."
    )


def _normalised(host: str) -> str:
    """The host as `urlsplit` returns it: lower case, an IPv6 address without brackets."""
    name, bracket, port = host.strip().lower().rpartition("]")
    return f"{name.lstrip('[')}{port}" if bracket else port
