"""What is stored is not asked again; what is asked is counted, and capped."""

from __future__ import annotations

import contextlib
import threading
import time

import pytest

from generation.writing import (
    OpenAIOptions,
    SentenceRefused,
    ServiceUnavailable,
    SpendingCapReached,
    StopsTheBatch,
)
from generation.writing.answer_store import FolderAnswers
from generation.writing.usage import Usage, check_cap
from tests.generation.writing.conftest import GOOD, KEY, TAGS, Writer, content, failure, sentence

pytestmark = pytest.mark.usefixtures("key")


# What is stored, counted and capped ------------------------------------------------------------------------


def test_what_is_stored_is_never_asked_again(server, tmp_path):
    first = Writer(server, answers=FolderAnswers(tmp_path)).write(sentence(GOOD))
    second = Writer(server, answers=FolderAnswers(tmp_path)).write(failure(500))
    assert second.text == first.text
    assert len(server.requests) == 1
    assert second.provenance["answers_from_store"] == 1
    assert second.provenance["answered_at"] == first.provenance["answered_at"]


def test_without_a_store_it_is_asked_again(server):
    """The control."""
    writer = Writer(server)
    writer.write(sentence(GOOD))
    writer.write(sentence(GOOD))
    assert len(server.requests) == 2


@pytest.mark.parametrize(
    "change",
    [
        {"tags": ["guitar", "happy", "sad"]},
        {"tags": TAGS[::-1]},
        {"seed": 4},
        {"settings": {"model": "other"}},
        {"settings": {"temperature": 0.1}},
        {"settings": {"prompt_template": "seed-v1"}},
    ],
)
def test_everything_that_determines_the_answer_is_part_of_its_key(server, tmp_path, change):
    Writer(server, answers=FolderAnswers(tmp_path)).write(sentence(GOOD))
    other = Writer(server, answers=FolderAnswers(tmp_path), **change.pop("settings", {}))
    other.write(sentence("A sad guitar meets a happy one." if "happy" in str(change) else GOOD), **change)
    assert len(server.requests) == 2


def test_an_answer_that_was_too_long_is_not_paid_for_twice(server, tmp_path):
    long = "A sad guitar " + "very " * 20 + "slowly plays."
    Writer(server, answers=FolderAnswers(tmp_path)).write(sentence(long), sentence(GOOD), limit=10)
    again = Writer(server, answers=FolderAnswers(tmp_path))
    assert again.write(failure(500), limit=10).text == GOOD
    assert again.writer.usage == Usage(stored=2)


def test_a_refusal_is_not_stored(server, tmp_path):
    writer = Writer(server, answers=FolderAnswers(tmp_path))
    with pytest.raises(SentenceRefused):
        writer.write(content(None, refusal="no"))
    assert writer.write(sentence(GOOD)).text == GOOD


def test_a_damaged_stored_answer_is_asked_again(server, tmp_path):
    Writer(server, answers=FolderAnswers(tmp_path)).write(sentence(GOOD))
    (file,) = tmp_path.glob("*/*.json")
    file.write_bytes(file.read_bytes()[:20])
    assert Writer(server, answers=FolderAnswers(tmp_path)).write(sentence(GOOD)).text == GOOD
    assert len(server.requests) == 2


def test_no_key_and_no_partial_file_is_stored(server, tmp_path):
    Writer(server, answers=FolderAnswers(tmp_path)).write(sentence(GOOD))
    files = [file for file in tmp_path.rglob("*") if file.is_file()]
    assert [file.suffix for file in files] == [".json"]
    assert KEY not in files[0].read_text()


def test_an_estimate_before_and_the_count_after(server, tmp_path):
    writer = Writer(
        server,
        answers=FolderAnswers(tmp_path),
        price_per_million_input_tokens=2,
        price_per_million_output_tokens=10,
    )
    sets, seeds = [TAGS, ["piano"], TAGS, []], [3, 3, 3, 3]
    before = writer.writer.estimate(sets, token_limit=77, seeds=seeds)
    assert (before.calls, before.most_calls, before.stored) == (2, 6, 0)
    assert before.input_tokens > 300
    assert before.cost == pytest.approx((before.input_tokens * 2 + before.output_tokens * 10) / 1e6)
    writer.write(sentence(GOOD))
    usage = writer.writer.usage
    assert (usage.calls, usage.input_tokens, usage.output_tokens) == (1, 200, 20)
    assert usage.cost(writer.writer._options) == pytest.approx(0.0006)
    after = writer.writer.estimate(sets, token_limit=77, seeds=seeds)
    assert (after.calls, after.stored) == (1, 1)


def test_the_spending_cap_stops_before_the_call_that_could_pass_it(server):
    writer = Writer(server, price_per_million_output_tokens=1000, spending_cap=0.31)
    writer.write(sentence(GOOD))
    with pytest.raises(SpendingCapReached, match=r"cap of 0\.31 \(0\.0200 used\)") as caught:
        writer.write(sentence(GOOD), seed=4)
    assert isinstance(caught.value, StopsTheBatch)
    assert len(server.requests) == 1


def test_the_token_cap_counts_what_earlier_runs_used(server):
    writer = Writer(server, usage=Usage(calls=3, input_tokens=9000, output_tokens=900), token_cap=10_000)
    server.script = [sentence(GOOD)]
    with pytest.raises(SpendingCapReached, match="10000 tokens"):
        writer.write()
    assert server.requests == []


def test_a_service_that_counts_nothing_is_counted_by_estimate(writer):
    status, headers, body = sentence(GOOD)
    writer.write((status, headers, {**body, "usage": None}))
    assert writer.writer.usage.input_tokens > 100


def test_requests_that_were_sent_and_not_answered_in_time_are_counted_by_estimate(server):
    writer = Writer(server, attempts=2, timeout_seconds=0.4)
    estimate = writer.writer.estimate([TAGS], token_limit=77, seeds=[3])
    with pytest.raises(ServiceUnavailable, match="no answer within"):
        writer.write("slow")
    usage = writer.writer.usage
    assert len(server.requests) == 2
    assert (usage.input_tokens, usage.output_tokens) == (2 * estimate.input_tokens, 2 * estimate.output_tokens)
    writer.write("slow", sentence(GOOD), seed=4)
    assert (usage.input_tokens, usage.output_tokens) == (
        3 * estimate.input_tokens + 200,
        3 * estimate.output_tokens + 20,
    )


def test_requests_that_time_out_for_a_day_reach_the_cap(server):
    writer = Writer(server, attempts=1, timeout_seconds=0.1, token_cap=1500, max_answer_tokens=100)
    server.script = ["slow"]

    def try_again_and_again() -> None:
        for seed in range(20):
            with contextlib.suppress(ServiceUnavailable):
                writer.write(seed=seed)

    with pytest.raises(SpendingCapReached):
        try_again_and_again()
    assert 0 < len(server.requests) < 5


def test_requests_that_never_reached_the_service_are_not_counted(server):
    writer = Writer(server, base_url="http://127.0.0.1:9/v1")
    with pytest.raises(ServiceUnavailable, match="no connection"):
        writer.write()
    assert writer.writer.usage == Usage()


# The cap, when several ask at once --------------------------------------------------------------------------


def spend_at_once(usage, options, writers: int = 6) -> int:
    """Several threads that write at the same moment, until the cap stops them; the tokens they used."""
    together = threading.Barrier(writers)

    def write() -> None:
        together.wait()
        try:
            while True:
                call = usage.begin_call(options, 200)
                time.sleep(0.001)
                usage.end_call(call, 200, 100)
        except SpendingCapReached:
            return

    threads = [threading.Thread(target=write) for _ in range(writers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return usage.input_tokens + usage.output_tokens


CAPPED = OpenAIOptions(model="m", token_cap=3000, max_answer_tokens=100)


def test_simultaneous_calls_use_the_cap_to_its_end_without_exceeding_it():
    assert spend_at_once(Usage(), CAPPED) == 3000


def test_a_cap_without_pending_calls_would_be_exceeded():
    """The control."""

    class Blind(Usage):
        def begin_call(self, options, input_tokens):
            with self._changed:
                check_cap(options, (self.input_tokens, self.output_tokens), (input_tokens, 100))
            return 0

    assert spend_at_once(Blind(), CAPPED) > 3000


def test_a_failed_call_releases_its_reserved_tokens(server):
    writer = Writer(server, token_cap=1000, attempts=1)
    for seed in range(8):
        with pytest.raises(ServiceUnavailable):
            writer.write(failure(500), seed=seed)
    assert writer.write(sentence(GOOD)).text == GOOD
