"""Write sentences by a language model behind the OpenAI protocol. For workers: it waits for the network."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any
from urllib.parse import urlsplit

from generation.redefinition import RuleSet
from generation.writing.answer_format import ANSWER_FORMAT, holds_sentence, is_empty, read_sentence, spoken_part
from generation.writing.answer_store import Answers, NoAnswers, request_key
from generation.writing.base import (
    CountTokens,
    KeyRejected,
    Sentence,
    SentenceEmpty,
    SentenceRefused,
    SentenceTooLong,
    SentenceUnfaithful,
    SentenceUnusable,
    clean_tags,
)
from generation.writing.compatibility import SEED, TEMPERATURE
from generation.writing.completions import Choice, Completion
from generation.writing.content import ContentFaults, check_scripts, find_content_faults, find_korean_faults
from generation.writing.hosts import OFFICIAL
from generation.writing.options import OpenAIOptions
from generation.writing.prompt_template import load_template
from generation.writing.service import Attempts, Service
from generation.writing.usage import EXPECTED_ANSWER_TOKENS, Estimate, Usage, estimate_tokens, price


class OpenAIWriter:
    """A `SentenceWriter` that asks a language model.

    `answers` stores the model's answers; `usage` counts calls and tokens, and may be shared by the writers of one
    study; `rules` decide which words mean the same when a sentence is checked; `sleep` waits between attempts.
    """

    def __init__(
        self,
        options: OpenAIOptions,
        *,
        answers: Answers | None = None,
        usage: Usage | None = None,
        rules: RuleSet | None = None,
        sleep: Callable[[float], None] | None = None,
    ) -> None:
        self._options = options
        self._template = load_template(options.prompt_template, options.sentence_language)
        self._rules = rules
        self._answers = answers or NoAnswers()
        self.usage = usage or Usage()
        self._sleep = sleep
        self._service: Service | None = None

    @property
    def identity(self) -> dict[str, str]:
        options = self._options
        return {
            "kind": "openai",
            "model": options.model,
            "base_url": options.base_url or OFFICIAL,
            "prompt_template": self._template.name,
            "template_digest": self._template.digest,
            "sentence_language": options.sentence_language,
            "temperature": "" if options.temperature is None else str(options.temperature),
            "max_answer_tokens": str(options.max_answer_tokens),
            "openai": version("openai"),
        }

    def check_ready(self) -> None:
        """Raise KeyRejected if the key is not set; the service is not called."""
        _key_of(self._options)

    def estimate(self, tag_sets: Sequence[Sequence[str]], *, token_limit: int, seeds: Sequence[int]) -> Estimate:
        """Estimate the calls and the cost of writing `tag_sets`, each with its seed; stored answers cost nothing."""
        requests = {}
        for tags, seed in zip(tag_sets, seeds, strict=True):
            cleaned = clean_tags(tags)
            if cleaned:
                request = self._request(self._template.first(cleaned, token_limit), seed)
                requests[request_key(request)] = request
        asked = [request for key, request in requests.items() if self._answers.get(key) is None]
        input_tokens = sum(_input_tokens(request) for request in asked)
        output_tokens = EXPECTED_ANSWER_TOKENS * len(asked)
        return Estimate(
            calls=len(asked),
            most_calls=len(asked) * (1 + self._options.rewrites),
            stored=len(requests) - len(asked),
            input_tokens=input_tokens,
            output_tokens=output_tokens,
            cost=price(self._options, input_tokens, output_tokens),
        )

    def write(self, tags: Sequence[str], *, count_tokens: CountTokens, token_limit: int, seed: int) -> Sentence:
        """Write one sentence for `tags`; see `SentenceWriter.write`.

        If an answer is too long, unusable, or does not say its tags and nothing else of music, the fault is sent to the
        model, which is asked again, up to `options.rewrites` times. A refusal fails at once; an empty answer uses
        the attempts of a call. If the
        options accept unfaithful sentences, the one with the fewest faults is returned after the last answer.

        Raises:
            StopsTheBatch: the key, the request, the quota or a cap; every other tag set would fail too.
            ServiceUnavailable: no answer after all attempts.
            SentenceTooLong, SentenceUnfaithful, SentenceUnusable, SentenceRefused, SentenceEmpty: this tag set only.
        """
        cleaned = clean_tags(tags)
        if not cleaned:
            raise SentenceUnusable("A tag set without tags cannot become a sentence: add a tag.")
        check_scripts(cleaned, self._options.sentence_language)
        messages = self._template.first(cleaned, token_limit)
        record: list[dict[str, Any]] = []
        usable: list[tuple[ContentFaults, str, int]] = []
        failure: SentenceTooLong | SentenceUnusable | None = None
        for _ in range(1 + self._options.rewrites):
            answer, from_store = self._answer(self._request(messages, seed), cleaned)
            record.append({**answer, "from_store": from_store})
            text, fault = read_sentence(answer, cleaned)
            tokens = count_tokens(text) if fault is None else 0
            if fault is not None:
                failure = SentenceUnusable(
                    f"The answer for the tags {', '.join(cleaned)} cannot be used after {len(record)} answers: "
                    f"{fault} Allow more rewrites, or choose another model."
                )
            elif tokens > token_limit:
                fault = (
                    f"it has {tokens} tokens and the painter reads {token_limit}, so it is {tokens - token_limit} "
                    "too long; leave out about a third of the words that are no tags."
                )
                failure = SentenceTooLong(
                    f"The sentence for the tags {', '.join(cleaned)} stayed too long after "
                    f"{len(record)} answers ({tokens} tokens, the painter reads {token_limit}): "
                    "use fewer tags for both tag sets, or allow more rewrites."
                )
            else:
                faults = self._content_faults(text, cleaned)
                if not faults:
                    return Sentence(text, tokens, self._provenance(faults, seed, token_limit, record))
                usable.append((faults, text, tokens))
                fault = faults.as_request()
                failure = SentenceUnfaithful(
                    f"The sentence for the tags {', '.join(cleaned)} does not match them after {len(record)} answers: "
                    f"{fault} Use fewer tags, allow more rewrites, choose another model, or accept and count such "
                    "sentences (setting “unfaithful”)."
                )
            messages = messages + self._template.once_more(spoken_part(answer["content"]), fault, cleaned, token_limit)
        if usable and self._options.unfaithful == "accept":
            faults, text, tokens = min(usable, key=lambda found: len(found[0].missing) + len(found[0].added))
            return Sentence(text, tokens, self._provenance(faults, seed, token_limit, record))
        assert failure is not None
        raise failure

    def _content_faults(self, text: str, tags: Sequence[str]) -> ContentFaults:
        if self._options.sentence_language == "ko":
            return find_korean_faults(text, tags)
        return find_content_faults(text, tags, self._rules)

    def _request(self, messages: Sequence[Mapping[str, str]], seed: int) -> dict[str, Any]:
        """Everything that determines the answer: the body of the request and the service's address."""
        options = self._options
        body: dict[str, Any] = {
            "model": options.model,
            "messages": list(messages),
            "response_format": ANSWER_FORMAT,
            # The official service renamed the field; most other servers know only the old name.
            "max_completion_tokens" if _is_official(options) else "max_tokens": options.max_answer_tokens,
        }
        if options.send_seed:
            body["seed"] = seed
        if options.temperature is not None:
            body["temperature"] = options.temperature
        return {"base_url": options.base_url or OFFICIAL, "body": body}

    def _answer(self, request: Mapping[str, Any], tags: Sequence[str]) -> tuple[dict[str, Any], bool]:
        """The answer to `request`, and whether it came from the store."""
        key = request_key(request)
        stored = self._answers.get(key)
        if stored is not None and isinstance(stored.get("content"), str):
            self.usage.add_stored()
            return stored, True
        if self._service is None:
            self._service = Service(self._options, _key_of(self._options), OFFICIAL, sleep=self._sleep)
        attempts = self._service.new_attempts()
        while True:
            completion = self._ask(request, attempts)
            choice = completion.choice
            _raise_if_refused(choice, tags)
            text = choice.message.text if choice else ""
            finish_reason = choice.finish_reason if choice else None
            if not is_empty(text) and (finish_reason != "error" or holds_sentence(text)):
                break
            if finish_reason == "length":
                raise SentenceEmpty(
                    f"The model gave an empty answer for the tags {', '.join(tags)}: its reasoning used all of its "
                    f"{self._options.max_answer_tokens} tokens; allow more."
                )
            if not self._service.may_try_again(attempts, "an empty answer"):
                raise SentenceEmpty(
                    f"The model gave an empty answer for the tags {', '.join(tags)} in {attempts.failed} attempts: "
                    "write again, or choose another model."
                )
        used = completion.usage
        answer = {
            "content": text,
            "finish_reason": finish_reason,
            "model": completion.model,
            "system_fingerprint": completion.system_fingerprint,
            "input_tokens": used.prompt_tokens if used else None,
            "output_tokens": used.completion_tokens if used else None,
            "answered_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "not_taken": self._service.compatibility.not_taken,
        }
        self._answers.put(key, answer)
        return answer, False

    def _ask(self, request: Mapping[str, Any], attempts: Attempts) -> Completion:
        """Ask the service; each of its answers is counted, whether it can be used or not.

        An attempt that was not answered in time is counted by estimate: the service may charge for it.
        """
        assert self._service is not None
        input_tokens, before = _input_tokens(request), attempts.unanswered
        call = self.usage.begin_call(self._options, input_tokens)
        try:
            completion = self._service.ask(request["body"], attempts)
        except BaseException:
            if late := attempts.unanswered - before:
                self.usage.end_call(call, late * input_tokens, late * EXPECTED_ANSWER_TOKENS)
            else:
                self.usage.drop_call(call)
            raise
        used, late = completion.usage, attempts.unanswered - before
        self.usage.end_call(
            call,
            (used.prompt_tokens if used else input_tokens) + late * input_tokens,
            (used.completion_tokens if used else EXPECTED_ANSWER_TOKENS) + late * EXPECTED_ANSWER_TOKENS,
        )
        return completion

    def _provenance(
        self, faults: ContentFaults, seed: int, token_limit: int, record: Sequence[Mapping[str, Any]]
    ) -> dict[str, Any]:
        last = record[-1]
        not_taken = last.get("not_taken", [])
        return {
            **self.identity,
            # Only what was sent, since reports name it.
            "temperature": "" if TEMPERATURE in not_taken else self.identity["temperature"],
            "seed": seed if self._options.send_seed and SEED not in not_taken else None,
            "token_limit": token_limit,
            "model_answered": last["model"],
            "system_fingerprint": last["system_fingerprint"],
            "answered_at": last["answered_at"],
            # The parts of the request that the server rejected: a JSON schema, a temperature.
            "not_taken": not_taken,
            "answers": len(record),
            "answers_from_store": sum(answer["from_store"] for answer in record),
            "input_tokens": sum(answer["input_tokens"] or 0 for answer in record),
            "output_tokens": sum(answer["output_tokens"] or 0 for answer in record),
            **faults.as_record(),
        }


def _is_official(options: OpenAIOptions) -> bool:
    return options.base_url is None or urlsplit(options.base_url).hostname == urlsplit(OFFICIAL).hostname


def _raise_if_refused(choice: Choice | None, tags: Sequence[str]) -> None:
    if choice is not None and (choice.message.refusal or choice.finish_reason == "content_filter"):
        reason = choice.message.refusal or "its content filter stopped the answer"
        raise SentenceRefused(
            f"The model declined to write for the tags {', '.join(tags)}: {reason[:300]} Change the tags or the model."
        )


def _input_tokens(request: Mapping[str, Any]) -> int:
    return sum(estimate_tokens(message["content"]) for message in request["body"]["messages"])


def _key_of(options: OpenAIOptions) -> str:
    """The key from the environment. Servers other than the official one may need none.

    Raises:
        KeyRejected: there is no key for the official service.
    """
    key = os.environ.get(options.key_variable, "").strip()
    if not key and options.base_url is None:
        raise KeyRejected(
            f"No key for the language model: set the environment variable {options.key_variable} for the worker, "
            "or choose the template writer."
        )
    return key or "none"
