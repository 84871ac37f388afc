"""The service behind the protocol: its dialects, failures and waits, and the key."""

from __future__ import annotations

import time
from email.utils import formatdate

import pytest
from pydantic import ValidationError

from generation.writing import (
    KeyRejected,
    OpenAIOptions,
    QuotaExhausted,
    RequestRejected,
    ServiceUnavailable,
    StopsTheBatch,
    compatibility,
)
from generation.writing.answer_store import FolderAnswers
from generation.writing.openai_writer import OpenAIWriter
from tests.generation.writing.conftest import GOOD, KEY, TAGS, Writer, content, failure, sentence

pytestmark = pytest.mark.usefixtures("key")


# Servers that speak it otherwise ---------------------------------------------------------------------------

NO_SCHEMA = failure(400, message="'response_format.type' must be 'json_object' or 'text'")
NO_FORMAT = failure(400, message="Unrecognized request argument supplied: response_format")


def formats(server) -> list[str | None]:
    return [request.get("response_format", {}).get("type") for request in server.requests]


def test_a_server_without_schemas_is_asked_for_json_and_remembered(writer, server):
    written = writer.write(NO_SCHEMA, sentence(GOOD))
    assert written.provenance["not_taken"] == ["json_schema"]
    writer.write(seed=4)
    assert formats(server) == ["json_schema", "json_object", "json_object"]
    assert writer.waits == []


def test_a_server_that_rejects_with_a_failure_status_is_understood(writer, server):
    writer.write(failure(500, message='type must be one of "text" or "json_object": json_schema'), sentence(GOOD))
    assert formats(server) == ["json_schema", "json_object"]


def test_a_server_without_any_format_may_answer_with_the_bare_sentence(writer, server):
    written = writer.write(NO_FORMAT, NO_FORMAT, content(GOOD))
    assert formats(server) == ["json_schema", "json_object", None]
    assert (written.text, written.provenance["not_taken"]) == (GOOD, ["json_schema", "json_object"])


def test_a_server_without_a_seed_or_with_the_other_name_for_length(writer, server):
    written = writer.write(
        failure(400, message="Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead."),
        failure(422, message="body.seed: Extra inputs are not permitted"),
        sentence(GOOD),
    )
    assert "max_tokens" in server.requests[0]
    assert (server.requests[2]["max_completion_tokens"], "max_tokens" in server.requests[2]) == (300, False)
    assert "seed" not in server.requests[2]
    assert written.provenance["not_taken"] == ["seed"]


def test_a_request_that_is_still_rejected_stops_the_batch(writer, server):
    with pytest.raises(RequestRejected, match="Unrecognized"):
        writer.write(NO_FORMAT)
    assert len(server.requests) == 3


def test_rejected_parts_do_not_change_the_key_of_a_stored_answer(server, tmp_path):
    Writer(server, answers=FolderAnswers(tmp_path)).write(NO_SCHEMA, sentence(GOOD))
    compatibility._known.clear()  # as in another process, which has not learnt it yet
    Writer(server, answers=FolderAnswers(tmp_path)).write()
    assert len(server.requests) == 2


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_server_cannot_send_tags_and_key_on_to_another_host(writer, server, other_server, status):
    other_server.script = [sentence(GOOD)]
    address = f"{other_server.base_url}/chat/completions"
    with pytest.raises(RequestRejected, match="redirects to 127"):
        writer.write((status, {"Location": address}, {}))
    assert (len(server.requests), other_server.requests) == (1, [])


def test_a_server_that_speaks_no_tls_is_not_waited_for(server):
    server.script = [sentence(GOOD)]
    writer = Writer(server, base_url=server.base_url.replace("http:", "https:"))
    with pytest.raises(RequestRejected, match="speaks no TLS"):
        writer.write()
    assert writer.waits == []


# What the service may do -----------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["seconds", "date"])
def test_retry_after_is_honoured(writer, form):
    value = "70" if form == "seconds" else formatdate(time.time() + 70, usegmt=True)
    assert writer.write(failure(429, retry_after=value), sentence(GOOD)).text == GOOD
    (waited,) = writer.waits
    assert 60 <= waited <= 71


def test_a_retry_after_above_a_minute_is_honoured_too(writer):
    writer.write(failure(429, retry_after="90"), sentence(GOOD))
    assert 90 <= writer.waits[0] <= 91


def test_a_wait_longer_than_allowed_is_not_begun(writer):
    with pytest.raises(ServiceUnavailable, match="asks to wait 3600 s"):
        writer.write(failure(429, retry_after="3600"))
    assert writer.waits == []


@pytest.mark.parametrize("status", [408, 409, 429, 500, 502, 503])
def test_what_may_pass_is_tried_again_with_growing_waits(server, status):
    writer = Writer(server, attempts=5)
    assert writer.write(*[failure(status)] * 4, sentence(GOOD)).text == GOOD
    for wait, longest in zip(writer.waits, [1, 2, 4, 8], strict=True):
        assert longest / 2 <= wait <= longest


def test_two_workers_wait_for_different_times(server):
    waits = []
    for _ in range(2):
        writer = Writer(server)
        writer.write(failure(500), failure(500), sentence(GOOD))
        waits.append(writer.waits)
    assert waits[0] != waits[1]


@pytest.mark.parametrize("value", ["soon", "", "nan", "-5", "inf"])
def test_an_invalid_retry_after_is_ignored(writer, value):
    assert writer.write(failure(429, retry_after=value), sentence(GOOD)).text == GOOD


def test_after_all_attempts_it_is_unavailable(writer, server):
    with pytest.raises(ServiceUnavailable, match=r"3 attempts.*status 500"):
        writer.write(failure(500))
    assert len(server.requests) == 3
    assert len(writer.waits) == 2


def test_a_slow_service_is_given_up_and_tried_again(server):
    assert Writer(server, timeout_seconds=3).write("slow", sentence(GOOD)).text == GOOD
    with pytest.raises(ServiceUnavailable, match=r"2 attempts.*no answer within 0\.4 s"):
        Writer(server, timeout_seconds=0.4, attempts=2).write("slow", seed=4)


def test_an_answer_in_slow_pieces_times_out(server):
    writer = Writer(server, timeout_seconds=0.3, attempts=1)
    with pytest.raises(ServiceUnavailable, match=r"within 0\.3 s"):
        writer.write("drip")


def test_a_broken_connection_is_tried_again(writer):
    assert writer.write("hang up", sentence(GOOD)).text == GOOD


def test_a_missing_server_is_reported(server):
    writer = Writer(server, base_url="http://127.0.0.1:9/v1")
    with pytest.raises(ServiceUnavailable, match="no connection"):
        writer.write()


@pytest.mark.parametrize("status", [401, 403])
def test_a_rejected_key_stops_the_batch_at_once(writer, server, status):
    with pytest.raises(KeyRejected, match="OPENAI_API_KEY") as caught:
        writer.write(failure(status, message=f"Incorrect API key provided: {KEY}"))
    assert isinstance(caught.value, StopsTheBatch)
    assert len(server.requests) == 1
    assert KEY not in str(caught.value)


def test_an_empty_account_stops_the_batch_though_its_status_is_429(writer, server):
    with pytest.raises(QuotaExhausted, match="no credit"):
        writer.write(failure(429, code="insufficient_quota"))
    assert len(server.requests) == 1


@pytest.mark.parametrize("status", [400, 404, 422])
def test_a_wrong_request_stops_the_batch(writer, server, status):
    with pytest.raises(RequestRejected, match="no such model"):
        writer.write(failure(status, message=f"no such model {KEY}"))
    assert len(server.requests) == 1


def test_no_message_repeats_the_key(writer):
    with pytest.raises(RequestRejected) as caught:
        writer.write(failure(404, message=f"bad {KEY}"))
    assert KEY not in str(caught.value)
    assert caught.value.__cause__ is None


# Keys ------------------------------------------------------------------------------------------------------


def test_the_key_comes_from_the_named_variable(server, monkeypatch):
    monkeypatch.setenv("OTHER_API_KEY", "another-key")
    Writer(server, key_variable="OTHER_API_KEY").write(sentence(GOOD))
    assert server.keys == ["Bearer another-key"]


def test_a_server_of_ones_own_needs_no_key(server, monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY")
    assert Writer(server).write(sentence(GOOD)).text == GOOD


def test_the_official_service_without_a_key_stops_before_anything_is_asked(monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY")
    writer = OpenAIWriter(OpenAIOptions(model="a-model"))
    with pytest.raises(KeyRejected, match="OPENAI_API_KEY"):
        writer.check_ready()
    with pytest.raises(KeyRejected, match="OPENAI_API_KEY"):
        writer.write(TAGS, count_tokens=len, token_limit=77, seed=1)


def test_no_other_secret_can_be_sent_as_a_key():
    with pytest.raises(ValidationError):
        OpenAIOptions(model="a-model", key_variable="DJANGO_SECRET")


def test_the_machines_own_base_url_does_not_redirect_a_study(server, monkeypatch):
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
    assert Writer(server).write(sentence(GOOD)).text == GOOD
