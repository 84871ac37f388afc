"""Count what comes from one network, in memory and for minutes only.

An address is never stored: the counts are kept under a keyed hash of its network (/24, or /48 of IPv6). The key is
random and lives as long as the process; so each web process counts for itself.
"""

import hashlib
import ipaddress
import secrets
import time

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest

_KEY = secrets.token_bytes(16)
_PREFIX = {4: 24, 6: 48}
_FORWARDED = ("X-Forwarded-For", "X-Forwarded-Proto", "Forwarded")


def network_of(request: HttpRequest) -> str:
    """The network of the visitor; empty if it is not known, because a proxy is in front and does not say.

    With `PROXIES` proxies in front, the visitor's address is that many places from the end of X-Forwarded-For.
    """
    text = request.META.get("REMOTE_ADDR", "")
    named = [part.strip() for part in request.headers.get("X-Forwarded-For", "").split(",")]
    if settings.PROXIES:
        text = named[-settings.PROXIES] if len(named) >= settings.PROXIES else ""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:  # a Unix socket, or nonsense
        return ""
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    if not settings.PROXIES and address.is_private and any(name in request.headers for name in _FORWARDED):
        return ""
    return str(ipaddress.ip_network(f"{address}/{_PREFIX[address.version]}", strict=False))


def count(what: str, network: str, seconds: int) -> tuple[int, float]:
    """Count one more `what` from this network.

    Returns:
        How many came since the first one that is not forgotten, and how many seconds ago that was. All are forgotten
        `seconds` after the first.
    """
    name = _name(what, network)
    now = time.monotonic()
    since = cache.get_or_set(f"{name}-since", now, seconds) or now
    if cache.add(name, 1, seconds):
        return 1, 0.0
    try:
        return int(cache.incr(name)), now - since
    except ValueError:  # it expired between the two calls
        cache.add(name, 1, seconds)
        return 1, 0.0


def counted(what: str, network: str) -> int:
    """How many came from this network and are not forgotten."""
    return int(cache.get(_name(what, network), 0))


def _name(what: str, network: str) -> str:
    return f"survey-{what}-{hashlib.blake2b(network.encode(), key=_KEY, digest_size=12).hexdigest()}"
