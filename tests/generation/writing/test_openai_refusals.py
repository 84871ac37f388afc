"""Who refuses a call, and why: the service, the key, a proxy, a firewall, each in a sentence of its own."""

from __future__ import annotations

import re
import socket

import pytest

from generation.writing import (
    AccessRefused,
    KeyRejected,
    RequestRejected,
    SentenceUnusable,
    ServiceUnavailable,
    WritingError,
)
from tests.generation.writing.conftest import GOOD, KEY, Writer, failure, sentence


@pytest.fixture(autouse=True)
def no_proxy(key, monkeypatch):
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


PAGE = b"<!DOCTYPE html><html><head><title>Access denied | Gate</title></head><body>No.</body></html>"
REFUSED = [
    ((401, {}, {"error": {"message": f"Incorrect API key provided: {KEY}"}}), KeyRejected, "does not take the key"),
    (
        failure(
            403, code="unsupported_country_region_territory", message="Country, region, or territory not supported"
        ),
        AccessRefused,
        "country or region.*run the worker elsewhere",
    ),
    (
        failure(400, message="User location is not supported for the API use."),
        AccessRefused,
        "country or region.*run the worker elsewhere",
    ),
    (
        failure(401, message="You have insufficient permissions. Missing scopes: model.request"),
        AccessRefused,
        "knows the key in OPENAI_API_KEY, but does not let it use 'a-model'",
    ),
    (
        failure(403, message="Project `p` does not have access to model `a-model`"),
        AccessRefused,
        "knows the key in OPENAI_API_KEY, but does not let it use 'a-model'",
    ),
    ((403, {}, b"Forbidden"), AccessRefused, "refuses the request.*ask its operator"),
    ((403, {}, PAGE), AccessRefused, r"web page.*“Access denied \| Gate”.*firewall or a proxy"),
    ((404, {}, PAGE), RequestRejected, "no language model at.*most end in /v1"),
    ((200, {}, PAGE), SentenceUnusable, "web page, “Access denied.*sign-in page of the network"),
    ((407, {}, b""), AccessRefused, "asks for a user name and a password"),
    ((502, {}, PAGE), ServiceUnavailable, "status 502: “Access denied"),
]


@pytest.mark.parametrize(("answer", "kind", "message"), REFUSED)
def test_each_refusal_has_its_own_sentence(writer, answer, kind, message):
    with pytest.raises(WritingError, match=message) as caught:
        writer.write(answer)
    assert type(caught.value) is kind
    assert KEY not in str(caught.value)
    others = [other for _, _, other in REFUSED if other != message]
    assert not any(re.search(other, str(caught.value)) for other in others)


@pytest.fixture
def proxied(server, monkeypatch):
    """A writer for a service elsewhere, called through the proxy at a port."""

    def through(port: int, scheme: str = "http") -> Writer:
        monkeypatch.setenv(f"{scheme}_proxy", f"http://name:secret@127.0.0.1:{port}")
        return Writer(server, base_url=f"{scheme}://service.invalid/v1")

    return through


@pytest.fixture
def closed_port() -> int:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        return bound.getsockname()[1]


def test_a_dead_proxy_is_named_with_its_variable(proxied, closed_port):
    with pytest.raises(ServiceUnavailable, match=f"through the proxy 127.0.0.1:{closed_port}: start it, or") as caught:
        proxied(closed_port).write(sentence(GOOD))
    assert "secret" not in str(caught.value)


def test_a_proxy_that_leads_nobody_out_is_not_waited_for(proxied, server):
    writer = proxied(server.server_address[1], "https")
    with pytest.raises(AccessRefused, match=r"does not let this machine reach service\.invalid \(403"):
        writer.write(sentence(GOOD))
    assert writer.waits == []


def test_a_proxys_page_is_told_from_the_services_refusal(proxied, server):
    with pytest.raises(AccessRefused, match=r"The proxy 127.*holds the requests back"):
        proxied(server.server_address[1]).write((403, {}, PAGE))


def test_a_server_on_this_machine_is_asked_without_the_proxy(proxied, server, closed_port):
    proxied(closed_port)
    assert Writer(server).write(sentence(GOOD)).text == GOOD


def test_a_proxy_address_that_cannot_be_used_is_named(proxied, closed_port, monkeypatch):
    writer = proxied(closed_port)
    monkeypatch.setenv("http_proxy", "gopher://127.0.0.1:1")
    with pytest.raises(AccessRefused, match="proxy that the worker's environment names cannot be used"):
        writer.write(sentence(GOOD))


@pytest.mark.parametrize(
    ("address", "message"),
    [("http://service.invalid/v1", "host service.invalid is not known"), ("", "nothing answers at 127.0.0.1")],
)
def test_no_connection_says_which_end_is_missing(server, closed_port, address, message):
    writer = Writer(server, base_url=address or f"http://127.0.0.1:{closed_port}/v1")
    with pytest.raises(ServiceUnavailable, match=message):
        writer.write(sentence(GOOD))
