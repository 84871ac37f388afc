"""What a service's refusals and failures mean, as errors that say what to do."""

from __future__ import annotations

import re
import socket
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import httpx2

from generation.writing.base import (
    AccessRefused,
    KeyRejected,
    QuotaExhausted,
    RequestRejected,
    SentenceRefused,
    WritingError,
)
from generation.writing.compatibility import SEED, TEMPERATURE
from generation.writing.complaints import Complaint

_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_REGION = re.compile(
    r"(country|region|territory|location)\b[^.]{0,40}(not|un)\W?(supported|available|allowed)"
    r"|unsupported_country|not available in your (country|region|location)"
)
_KEY = re.compile(r"api.?key|credential|\btoken\b|unauthori[sz]ed|unauthenticated|authentication|\blog ?in\b")
_WRONG_KEY = re.compile(r"(invalid|incorrect|wrong|expired|revoked|missing|no)\b.{0,20}(key|token|credential)")
_RIGHTS = re.compile(r"permission|\bscopes?\b|not have access|no access|not (allowed|authori[sz]ed) to")
_NO_CREDIT = re.compile(
    r"insufficient.(quota|balance|credit|funds)|billing_hard_limit|billing_not_active|credit balance is too low"
)
_TOO_LONG = re.compile(r"max_(completion_)?tokens|context.{0,9}(length|window)")
_MENDS = {
    TEMPERATURE: "Leave the temperature of the writer empty, or set one that the model takes.",
    SEED: "Switch off “send seed” in the settings of the writer.",
}


@dataclass(frozen=True)
class Endpoint:
    """The service that is called, for its messages."""

    address: str
    model: str
    key_variable: str

    @property
    def host(self) -> str:
        return urlsplit(self.address).netloc.rpartition("@")[2]

    @property
    def is_loopback(self) -> bool:
        return urlsplit(self.address).hostname in _LOOPBACK

    @property
    def proxy(self) -> str:
        """The proxy through which it is called, by the environment, as host:port; empty for none."""
        parts = urlsplit(self.address)
        if self.is_loopback or proxy_bypass(parts.hostname or ""):
            return ""
        proxies = getproxies()
        found = proxies.get(parts.scheme) or proxies.get("all") or ""
        return urlsplit(found if "://" in found else f"http://{found}").netloc.rpartition("@")[2]


def final_fault(status: int, complaint: Complaint, sent: Mapping[str, Any], service: Endpoint) -> WritingError | None:
    """The error of an answer after which another attempt cannot help; None if one may."""
    words = " ".join([complaint.text, *complaint.codes]).lower()
    said = f"“{complaint.text[:300]}”"
    if status == 407:
        return AccessRefused(
            f"The proxy {service.proxy} asks for a user name and a password (status 407): set them for the worker in "
            "HTTPS_PROXY, as http://name:password@host:port."
        )
    if _REGION.search(words) and status in (400, 403, 451):
        return AccessRefused(
            f"The language model's service does not serve the country or region that this machine calls from "
            f"(status {status}: {said}). The key is not the cause: run the worker elsewhere, or choose another service."
        )
    if 400 <= status < 500 and complaint.page is not None and status not in (408, 425, 429):
        return _page(status, complaint.page, service)
    if complaint.codes & {"content_filter", "content_policy_violation"}:
        return SentenceRefused(f"The service's filter stopped the request: {complaint.text[:300]}")
    if status == 402 or _NO_CREDIT.search(words):
        return QuotaExhausted(
            "The account of the language model has no credit left: top it up, then go on. Finished sentences are kept."
        )
    if status in (401, 403):
        return _no_access(status, words, said, service)
    if status in (408, 409, 425, 429) or status >= 500:
        return None
    return RequestRejected(
        f"The service does not take the request for '{service.model}' (status {status}): {said}. {_mend(words, sent)}"
    )


def redirected(status: int, location: str) -> RequestRejected:
    host = urlsplit(location).netloc[:100] or "another address"
    return RequestRejected(
        f"The language model's address redirects to {host} (status {status}). Tags and key go only where the study's "
        "settings say: set the final address there, if it may be trusted."
    )


def _page(status: int, page: str, service: Endpoint) -> WritingError:
    if status == 404:
        return RequestRejected(
            f"There is no language model at '{service.address[:200]}' (status 404, a web page “{page}”): correct the "
            "address in the study's settings; most end in /v1."
        )
    through = f"the proxy {service.proxy}, or a firewall" if service.proxy else "A firewall or a proxy"
    return AccessRefused(
        f"A web page came in place of the language model's answer (status {status}, “{page}”). "
        f"{through[:1].upper()}{through[1:]} between this machine and {service.host} holds the requests back: have "
        "them let through. Key and settings are not the cause."
    )


def _no_access(status: int, words: str, said: str, service: Endpoint) -> WritingError:
    if _RIGHTS.search(words) and not _WRONG_KEY.search(words):
        return AccessRefused(
            f"The language model's service knows the key in {service.key_variable}, but does not let it use "
            f"'{service.model}' (status {status}: {said}): give the key or its project this right, or choose a model "
            "that it has."
        )
    if status == 403 and not _KEY.search(words):
        return AccessRefused(
            f"The language model's service refuses the request (status 403: {said}): ask its operator whether the key "
            f"in {service.key_variable} has the right to call, and whether this machine may."
        )
    return KeyRejected(
        f"The language model's service does not take the key in {service.key_variable} (status {status}): renew it, "
        "then go on. Finished sentences are kept."
    )


def _mend(words: str, sent: Mapping[str, Any]) -> str:
    """What to change in the settings after a complaint about the request."""
    for part, mend in _MENDS.items():
        if part in sent and re.search(rf"\b{part}\b", words):
            return mend
    if _TOO_LONG.search(words):
        return "Change “max answer tokens” of the writer to what the model takes."
    return "Correct the study's settings for the writer."


def untrusted(error: BaseException, service: Endpoint) -> WritingError | None:
    """The error of a connection that no other attempt can mend: a certificate, no TLS, a proxy that refuses."""
    for cause in _causes(error):
        is_certificate = isinstance(cause, ssl.SSLCertVerificationError)
        if is_certificate or getattr(cause, "reason", None) == "WRONG_VERSION_NUMBER":
            fault = "has a certificate that is not trusted" if is_certificate else "speaks no TLS (http, not https)"
            return RequestRejected(
                f"The language model's server at '{service.address[:200]}' {fault}: correct it there, or correct the "
                "address in the study's settings."
            )
        if isinstance(cause, httpx2.ProxyError) and str(cause)[:3] in ("401", "403", "407"):
            return AccessRefused(
                f"The proxy {service.proxy} does not let this machine reach {service.host} ({cause}): have it let "
                "through, or set the proxy's name and password for the worker in HTTPS_PROXY."
            )
    return None


def was_sent(error: BaseException) -> bool:
    """Whether the time was over only after the request had been sent, so that the service may have worked on it."""
    return any(isinstance(cause, httpx2.ReadTimeout) for cause in _causes(error))


def connection_reason(error: BaseException, service: Endpoint) -> str:
    """Why there is no connection, and what to look at."""
    if service.proxy:
        return (
            f"no connection through the proxy {service.proxy}: start it, or correct HTTPS_PROXY or HTTP_PROXY of the "
            "worker"
        )
    for cause in _causes(error):
        if isinstance(cause, socket.gaierror):
            return f"no connection: the name of the host {service.host} is not known"
        if isinstance(cause, ConnectionRefusedError):
            return f"no connection: nothing answers at {service.host}; start the server, or correct the address"
    return f"no connection to {service.host}"


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
