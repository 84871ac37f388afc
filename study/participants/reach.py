"""From where an address can be opened: a link is of no use to people whose devices cannot reach it."""

import ipaddress
import socket
from enum import StrEnum
from urllib.parse import urlsplit

# Names that routers and devices give within one network, and those that are kept for it.
_NETWORK_NAMES = ("local", "lan", "home", "internal", "intranet", "private", "corp", "arpa", "box")


class Reach(StrEnum):
    """From where an address can be opened."""

    MACHINE = "machine"
    NETWORK = "network"
    ANYWHERE = "anywhere"


def reach_of(address: str) -> Reach:
    """Return from where a web address can be opened, judged by its host alone: nothing is looked up.

    A host name with a dot counts as reachable from anywhere, though it may lead nowhere.
    """
    host = (urlsplit(address).hostname or "").rstrip(".")
    number = _number_of(host)
    if number is None:
        last = host.rpartition(".")[2]
        if last == "localhost":
            return Reach.MACHINE
        return Reach.NETWORK if "." not in host or last in _NETWORK_NAMES else Reach.ANYWHERE
    if number.is_loopback or number.is_unspecified:
        return Reach.MACHINE
    return Reach.ANYWHERE if number.is_global else Reach.NETWORK


def _number_of(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """Return the IP address that a host is, also in short forms such as `127.1`; None if it is a name."""
    try:
        number = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        try:
            return ipaddress.IPv4Address(socket.inet_aton(host))
        except (OSError, ValueError):  # ValueError: no ASCII
            return None
    return getattr(number, "ipv4_mapped", None) or number
