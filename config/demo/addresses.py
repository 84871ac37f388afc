"""Where the demo is reached: the socket that it listens on, and the addresses that lead there."""

import errno
import ipaddress
import socket
from argparse import ArgumentTypeError
from dataclasses import dataclass

from config.demo.errors import DemoError
from config.environment.values import LOOPBACK, host_of

# If a port is taken, so many after it are tried.
TRIED_PORTS = 50
# An address of the block for documentation: choosing the way there sends nothing.
_ELSEWHERE = {socket.AF_INET: "192.0.2.1", socket.AF_INET6: "2001:db8::1"}


@dataclass(frozen=True)
class Site:
    """Where the demo is reached. `address`: what links begin with; `others`: further ones; `is_public`: by a tunnel."""

    address: str
    others: tuple[str, ...] = ()
    is_public: bool = False

    def environment(self) -> dict[str, str]:
        """Return the settings of the web server and the worker."""
        hosts = dict.fromkeys([*LOOPBACK, *map(host_of, (self.address, *self.others))])
        settings = {"EARSIGHT_BASE_URL": self.address, "EARSIGHT_HOSTS": ",".join(hosts)}
        if self.is_public:
            # The tunnel's own address is the last one in X-Forwarded-For.
            settings |= {"EARSIGHT_TRUSTED_ORIGINS": self.address, "EARSIGHT_PROXIES": "1"}
        return settings


def host_argument(text: str) -> str:
    """Read --host: an address of this machine, without a name that would have to be looked up."""
    if text == "localhost":
        return "127.0.0.1"
    try:
        address = ipaddress.ip_address(text.strip("[]"))
    except ValueError:
        raise ArgumentTypeError(
            f"'{text}' is no address of a machine; write 0.0.0.0 for every network of this machine, or one of its "
            "addresses, such as 192.168.0.12"
        ) from None
    if address.is_link_local or address.is_multicast:
        raise ArgumentTypeError(f"browsers do not open {address}; write 0.0.0.0, or another address of this machine")
    return str(address)


def listen_on(host: str, wanted: int) -> socket.socket:
    """Return a socket that listens at `wanted`, or at the first free one of the ports after it.

    The web server gets the socket itself: no other program can take the port before it starts.

    Raises:
        DemoError: the address is not this machine's, the port needs root, or none is free.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    for port in range(wanted, min(wanted + TRIED_PORTS, 65536)):
        listener = socket.socket(family, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)  # `::` takes IPv4 too
        try:
            listener.bind((host, port))
            listener.listen(64)
        except OSError as error:
            listener.close()
            if error.errno == errno.EADDRINUSE:
                continue
            raise _refusal(host, port, error) from error
        return listener
    raise DemoError(f"No free port from {wanted} on; name another with --port.")


def _refusal(host: str, port: int, error: OSError) -> DemoError:
    if error.errno == errno.EADDRNOTAVAIL:
        own = ", ".join(own_addresses()) or "none in a network"
        return DemoError(f"--host: {host} is no address of this machine, which has: {own}.")
    if error.errno in (errno.EACCES, errno.EPERM):
        return DemoError(f"Port {port} is only for root; name one from 1024 on with --port.")
    return DemoError(f"The demo cannot listen at {host}, port {port} ({error.strerror}); try another --host or --port.")


def port_of(listener: socket.socket) -> int:
    return int(listener.getsockname()[1])


def site_of(listener: socket.socket) -> Site:
    """Return where the socket is reached."""
    return site_at(*listener.getsockname()[:2])


def site_at(host: str, port: int) -> Site:
    """Return where a demo at this address is reached: if it listens everywhere, at each address of this machine.

    Without a network that is this machine alone.
    """
    found = [host] if not ipaddress.ip_address(host).is_unspecified else own_addresses(with_ipv6=":" in host)
    first, *others = [_web_address(one, port) for one in found or ["127.0.0.1"]]
    return Site(first, tuple(others))


def own_web_address(listener: socket.socket) -> str:
    """Return an address of the socket for this machine itself."""
    host, port = listener.getsockname()[:2]
    if ipaddress.ip_address(host).is_unspecified:
        host = "127.0.0.1"
    return _web_address(host, port)


def _web_address(host: str, port: int) -> str:
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def own_addresses(*, with_ipv6: bool = False) -> list[str]:
    """Return this machine's addresses in its networks, first the one by which it reaches others. Nothing is sent."""
    import psutil  # it comes with the worker's libraries

    families = [socket.AF_INET, *([socket.AF_INET6] if with_ipv6 else [])]
    running = psutil.net_if_stats()
    found = [
        entry.address
        for name, entries in psutil.net_if_addrs().items()
        if name in running and running[name].isup
        for entry in entries
        if entry.family in families and _is_of_a_network(entry.address)
    ]
    return list(dict.fromkeys([*(one for one in map(_way_out, families) if one in found), *found]))


def _is_of_a_network(text: str) -> bool:
    address = ipaddress.ip_address(text.partition("%")[0])
    return not (address.is_loopback or address.is_link_local or address.is_unspecified)


def _way_out(family: socket.AddressFamily) -> str:
    """Return the address from which this machine would send to others; empty if it has no way there."""
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect((_ELSEWHERE[family], 9))  # a datagram socket: nothing is sent
        except OSError:
            return ""
        return str(probe.getsockname()[0])
