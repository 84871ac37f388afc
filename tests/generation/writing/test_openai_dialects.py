"""The OpenAI protocol as servers, models, proxies and firewalls speak it."""

from __future__ import annotations

import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from generation.writing import (
    RequestRejected,
    SentenceEmpty,
    SpendingCapReached,
    compatibility,
)
from generation.writing.complaints import read_complaint
from generation.writing.json_in_text import texts_under, without_reasoning
from tests.generation.writing.conftest import GOOD, Writer, content, failure, sentence

pytestmark = pytest.mark.usefixtures("key")

ANSWER = json.dumps({"sentence": GOOD})
DRAFT = '{"sentence": "A draft of a sad guitar."}'


def with_message(message: dict, **choice) -> tuple[int, dict, dict]:
    status, headers, body = sentence(GOOD)
    return status, headers, {**body, "choices": [{"index": 0, "finish_reason": "stop", "message": message, **choice}]}


def as_events(*pieces: str) -> bytes:
    events = [{"choices": [{"delta": {"role": "assistant", "content": piece}}]} for piece in pieces]
    ending = [{"choices": [{"delta": {}, "finish_reason": "stop"}]}, {"choices": [], "usage": {"total_tokens": 4}}]
    lines = [": keep-alive", *(f"data: {json.dumps(event)}" for event in events + ending), "data: [DONE]"]
    return "\n\n".join(lines).encode()


# An answer of any shape ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "answer",
    [
        with_message(
            {"content": [{"type": "thinking", "thinking": [{"text": DRAFT}]}, {"type": "text", "text": ANSWER}]}
        ),
        with_message({"content": [{"type": "text", "text": ANSWER[:9]}, {"type": "output_text", "text": ANSWER[9:]}]}),
        with_message({"content": [{"type": "text", "text": {"value": ANSWER}}]}),
        with_message({"content": ["", ANSWER]}),
        with_message({"content": {"type": "text", "text": ANSWER}}),
        with_message({"content": {"sentence": GOOD}}),
        with_message({"content": None, "reasoning_content": ANSWER}),
        with_message({"content": ANSWER, "reasoning_content": DRAFT, "tool_calls": None}),
        with_message({"content": ANSWER, "reasoning": {"effort": "low"}}),
        (200, {}, b"\n\n  " + json.dumps(content(ANSWER)[2]).encode()),
        (200, {}, b"\xef\xbb\xbf" + json.dumps(content(ANSWER)[2]).encode()),
        (200, {"Content-Type": "text/event-stream"}, as_events(ANSWER[:5], ANSWER[5:])),
    ],
)
def test_an_answer_of_any_shape_is_read_at_once(writer, server, answer):
    assert writer.write(answer).text == GOOD
    assert len(server.requests) == 1


AROUND = [
    f"```json\n{ANSWER}\n```",
    f"```{ANSWER}```",
    f'Here is "the" sentence:\n```json\n{ANSWER}\n```\nI hope this helps!',
    f"{ANSWER}\n\nI hope this helps!",
    f"<think>A guitar, so …\n{{no}} {DRAFT}</think>\n\n{ANSWER}",
    f"A guitar, so {DRAFT}\n</think>{ANSWER}",
    f"<think>{ANSWER}</think>",
    f"<thinking>slow</thinking>{ANSWER}",
    f"[THINK]slow, so {DRAFT}[/THINK]{ANSWER}",
    f"◁think▷slow◁/think▷{ANSWER}",
    f"<|channel|>analysis<|message|>{DRAFT}<|end|><|start|>assistant<|channel|>final<|message|>{ANSWER}",
    f"<|channel|>final <|constrain|>json<|message|>{ANSWER}<|return|>",
    json.dumps({"sentence": GOOD, "tags": ["guitar", "sad"]}, indent=2),
    json.dumps({"answer": {"sentence": GOOD}}),
    json.dumps({"answer": ANSWER}),
    json.dumps([{"sentence": GOOD}]),
    json.dumps(ANSWER),
    json.dumps(json.dumps(ANSWER)),
    ANSWER.replace('"', '\\"'),
    f'["guitar", "sad"] becomes: {ANSWER}',
    f'{{"tags": ["guitar", "sad"]}}\n{ANSWER}',
    f"{ANSWER}\n{ANSWER}",
    ANSWER.replace('"', "'"),
    f"{{“sentence”: “{GOOD}”}}",
    f'{{"Sentence": "{GOOD}",}}',
]


@pytest.mark.parametrize("answer", AROUND)
def test_the_object_is_found_wherever_it_stands(writer, server, answer):
    assert writer.write(content(answer)).text == GOOD
    assert len(server.requests) == 1


@pytest.mark.parametrize("answer", [f"{DRAFT}\n{ANSWER}", f"Either {DRAFT} or {ANSWER}", f"[{DRAFT}, {ANSWER}]"])
def test_of_two_sentences_none_is_taken(writer, server, answer):
    """The control: one that takes the first or the last would not ask again."""
    assert writer.write(content(answer), sentence(GOOD)).text == GOOD
    assert "holds 2 sentences" in server.requests[1]["messages"][-1]["content"]


@given(before=st.text(), after=st.text(), times=st.integers(0, 2))
@example(before='"', after='{"', times=0)
@example(before="{'", after="}", times=1)
def test_talk_around_never_changes_the_sentence(before, after, times):
    """Without braces and marks of reasoning, which the talk may hold only as whole objects."""
    answer = ANSWER
    for _ in range(times):
        answer = json.dumps(answer)
    before, after = (talk.translate(dict.fromkeys(map(ord, "{}\\"))) for talk in (before, after))
    found = texts_under("sentence", f"{before} {answer} {after}")
    assert found == [GOOD]


def test_a_bare_sentence_loses_its_quotation_marks(writer):
    no_format = failure(400, message="Unrecognized request argument supplied: response_format")
    assert writer.write(no_format, no_format, content(f"<think>hm</think>“{GOOD}”")).text == GOOD


def test_reasoning_is_not_sent_back_when_it_is_asked_again(writer, server):
    """Servers refuse a message that holds their own marks."""
    said = '{"sentence": "A guitar."}'
    harmony = "<|channel|>analysis<|message|>hm<|end|><|start|>assistant<|channel|>final<|message|>"
    writer.write(content(f"{harmony}{said}<|return|>"), sentence(GOOD))
    assert server.requests[1]["messages"][-2] == {"role": "assistant", "content": said}
    assert without_reasoning("<think>never ends") == "<think>never ends"


# What a server refuses of a request ------------------------------------------------------------------------

EXTRA = {"type": "extra_forbidden", "loc": ["body", "seed"], "msg": "Extra inputs are not permitted", "input": 3}
REFUSALS = [
    ({"detail": [EXTRA]}, ["seed"]),
    ({"detail": [EXTRA, {**EXTRA, "loc": ["body", "temperature"]}]}, ["seed", "temperature"]),
    ({"object": "error", "message": {"detail": [EXTRA]}, "type": "invalid_request_error"}, ["seed"]),
    ({"detail": "Unknown field: seed"}, ["seed"]),
    ([{"error": {"code": 400, "message": 'Invalid JSON payload: Unknown name "seed"'}}], ["seed"]),
    ({"errors": {"seed": ["The field is not allowed."]}, "title": "One or more errors"}, ["seed"]),
    ({"error": {"message": "Provider returned error", "metadata": {"raw": json.dumps({"detail": [EXTRA]})}}}, ["seed"]),
    (b"seed is not supported by this server", ["seed"]),
    ({"error": "temperature is not supported with reasoning models"}, ["temperature"]),
    (
        {
            "error": {
                "message": "Unsupported value: 'temperature' does not support 0.7 with this model. "
                "Only the default (1) value is supported.",
                "param": "temperature",
                "code": "unsupported_value",
            }
        },
        ["temperature"],
    ),
    ({"message": "`temperature` is deprecated for this model."}, ["temperature"]),
    ({"error": {"message": "bad", "param": "response_format", "code": None}}, ["json_schema"]),
    ({"detail": [{"loc": ["body", "response_format", "type"], "msg": "Input should be 'text'"}]}, ["json_schema"]),
    ({"error": {"message": "System role not supported"}}, ["system"]),
    ({"error": {"message": "Developer instruction is not enabled for models/gemma"}}, ["system"]),
    (
        {"detail": [{"loc": ["body", "messages", 0, "role"], "msg": "Input should be 'user' or 'assistant'"}]},
        ["system"],
    ),
    (
        {
            "error": {
                "message": "Unsupported value: 'messages[0].role' does not support 'system' with this model.",
                "param": "messages[0].role",
            }
        },
        ["system"],
    ),
    ({"error": {"message": "Conversation roles must alternate user/assistant/user/assistant/..."}}, ["system"]),
]


def refusal(body, status=422) -> tuple[int, dict, object]:
    return status, {}, body


@pytest.mark.parametrize(("body", "parts"), REFUSALS)
def test_a_refused_part_is_left_out_whatever_the_complaints_shape(writer, server, body, parts):
    written = writer.write(refusal(body), sentence(GOOD))
    assert (written.text, written.provenance["not_taken"]) == (GOOD, parts)
    assert writer.waits == []
    asked = server.requests[1]
    assert not {"seed", "temperature"} & set(parts) & set(asked)
    assert ("system" in [message["role"] for message in asked["messages"]]) == ("system" not in parts)
    assert asked["response_format"]["type"] == ("json_object" if "json_schema" in parts else "json_schema")


def test_a_system_message_that_is_refused_is_said_by_the_user(writer, server):
    writer.write(failure(400, message="System role not supported"), sentence("A guitar."), sentence(GOOD))
    first, second, third = (request["messages"] for request in server.requests)
    assert second == [{"role": "user", "content": f"{first[0]['content']}\n\n{first[1]['content']}"}]
    assert [message["role"] for message in third] == ["user", "assistant", "user"]


def test_what_was_not_sent_is_not_stated_as_sent(server):
    asked = Writer(server).write(sentence(GOOD))
    assert (asked.provenance["temperature"], asked.provenance["seed"]) == ("0.7", 3)
    refused = Writer(server).write(
        refusal({"detail": [EXTRA, {**EXTRA, "loc": ["body", "temperature"]}]}), sentence(GOOD), seed=4
    )
    assert (refused.provenance["temperature"], refused.provenance["seed"]) == ("", None)


def test_the_seed_and_the_temperature_can_be_switched_off(server):
    written = Writer(server, send_seed=False, temperature=None).write(sentence(GOOD))
    assert not {"seed", "temperature"} & set(server.requests[0])
    assert (written.provenance["temperature"], written.provenance["seed"]) == ("", None)


@pytest.mark.parametrize(
    ("message", "mend"),
    [
        ("temperature must be between 0 and 1", "Leave the temperature of the writer empty, or set one"),
        ("reasoning models take no temperature above 1: maximum", "Leave the temperature of the writer empty"),
        ("max_tokens is too large: 300. This model supports at most 200", "Change “max answer tokens”"),
        ("This model's maximum context length is 200 tokens", "Change “max answer tokens”"),
        ("the model 'a-model' does not exist", "Correct the study's settings"),
    ],
)
def test_a_value_out_of_range_is_refused_with_the_mend_and_nothing_is_left_out(writer, server, message, mend):
    with pytest.raises(RequestRejected) as caught:
        writer.write(failure(400, message=message))
    assert message in str(caught.value)
    assert mend in str(caught.value)
    assert len(server.requests) == 1


def test_what_was_left_out_in_vain_is_sent_again_next_time(writer, server):
    """A server that repeats the request in its complaint about something else."""
    with pytest.raises(RequestRejected):
        writer.write(failure(400, message="cannot parse {seed: 3, temperature: 0.7, response_format: …}"))
    assert "seed" not in server.requests[-1]
    written = writer.write(sentence(GOOD))
    assert written.provenance["not_taken"] == []
    assert server.requests[-1]["seed"] == 3


def test_what_one_server_refuses_is_not_left_out_for_another(server, other_server):
    Writer(server).write(refusal({"detail": [EXTRA]}), sentence(GOOD))
    Writer(other_server).write(sentence(GOOD))
    assert other_server.requests[0]["seed"] == 3
    assert len(compatibility._known) == 2


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(categories=["L", "N"]), min_size=1),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["error", "detail", "loc", "param", "msg", "errors", "code", "x"]), inner)
    ),
    max_leaves=12,
)


@given(JSON)
@example({"errors": {"seed": [7]}})
@example({"detail": [{"loc": [["body"]], "msg": None}]})
def test_any_complaint_is_read_and_shown_in_one_line(value):
    complaint = read_complaint(json.dumps(value).encode())
    assert complaint.text
    assert complaint.text.isprintable()


# Empty answers ---------------------------------------------------------------------------------------------

FAILED = with_message({"content": "A sad"}, finish_reason="error")


@pytest.mark.parametrize("empty", [content(""), content(None), content("<think>hm</think>"), with_message({}), FAILED])
def test_an_empty_answer_uses_an_attempt_and_is_counted(writer, empty):
    assert writer.write(empty, sentence(GOOD)).text == GOOD
    assert len(writer.waits) == 1
    assert writer.writer.usage.calls == 2
    with pytest.raises(SentenceEmpty, match="in 3 attempts"):
        writer.write(empty, seed=4)
    assert writer.writer.usage.calls == 5


def test_empty_answers_and_failures_share_the_attempts(writer, server):
    with pytest.raises(SentenceEmpty):
        writer.write(failure(500), content(""))
    assert len(server.requests) == 3


def test_an_answer_that_ended_in_an_error_is_used_if_it_is_whole(writer, server):
    assert writer.write(content(ANSWER, finish_reason="error")).text == GOOD
    assert len(server.requests) == 1


def test_an_answer_that_reasoning_used_up_is_not_paid_for_again(writer, server):
    with pytest.raises(SentenceEmpty, match="allow more"):
        writer.write(content("", finish_reason="length"))
    assert len(server.requests) == 1


def test_the_cap_holds_for_empty_answers_too(server):
    writer = Writer(server, token_cap=1000)
    with pytest.raises(SpendingCapReached):
        writer.write(content(""))
    assert len(server.requests) < 3
