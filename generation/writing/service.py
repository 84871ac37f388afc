"""Call a language model's service: retries, waits, and the service's errors as errors of this room."""

from __future__ import annotations

import random
import ssl
import time
from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

import httpx2
import openai

from generation.writing.base import (
    KeyRejected,
    QuotaExhausted,
    RequestRejected,
    SentenceRefused,
    SentenceUnusable,
    ServiceUnavailable,
)
from generation.writing.compatibility import REJECTION_STATUSES, Compatibility, compatibility_of
from generation.writing.completions import Completion, InvalidAnswer, NoAnswer, parse_completion
from generation.writing.options import OpenAIOptions

_FIRST_WAIT = 1.0
_MAX_BYTES = 4 * 2**20
_INVALID_ANSWER = (
    "The service's answer does not follow the OpenAI protocol ({fault}): check the base URL and the server's version."
)


class Service:
    """A client that retries and waits by itself: the openai package ignores a Retry-After above a minute."""

    def __init__(
        self, options: OpenAIOptions, key: str, official: str, *, sleep: Callable[[float], None] | None = None
    ) -> None:
        self._options = options
        self._key = key
        self._address = options.base_url or official
        self._client = openai.OpenAI(
            api_key=key,
            # Always given: the environment variable OPENAI_BASE_URL must not redirect a study.
            base_url=self._address,
            timeout=options.timeout_seconds,
            max_retries=0,
            # A server must not redirect tags and key to a host that the operator did not allow.
            http_client=openai.DefaultHttpxClient(follow_redirects=False, timeout=options.timeout_seconds),
        )
        self._sleep = sleep or time.sleep

    @property
    def compatibility(self) -> Compatibility:
        """The parts of a request that the server is known to reject."""
        return compatibility_of(self._address, self._options.model)

    def ask(self, body: Mapping[str, Any]) -> Completion:
        """The service's answer to `body`, without the parts that the server rejects.

        Raises:
            StopsTheBatch: every other request would fail too.
            SentenceRefused: the service's filter stopped the request.
            SentenceUnusable: the answer does not follow the protocol.
            ServiceUnavailable: no answer after all attempts, or a wait longer than the options allow.
        """
        reason, attempt = "", 0
        invalid: InvalidAnswer | None = None
        while attempt < self._options.attempts:
            adapted, asked_wait, invalid = self.compatibility.adapt(body), None, None
            try:
                return self._ask_once(adapted)
            except openai.APIStatusError as error:
                rejected = error.status_code in REJECTION_STATUSES
                if rejected and self.compatibility.learn(body, adapted, error.message):
                    continue  # send the adapted request at once: this does not count as an attempt
                self._raise_if_final(error)
                reason, asked_wait = f"status {error.status_code}", _retry_after(error.response.headers)
            except (openai.APITimeoutError, httpx2.TimeoutException):
                reason = f"no answer within {self._options.timeout_seconds:g} s"
            except (openai.APIConnectionError, httpx2.HTTPError) as error:
                self._raise_if_untrusted(error)
                reason = "no connection"
            except InvalidAnswer as error:
                reason, invalid = str(error), error
            except NoAnswer as error:
                reason = self._without_key(str(error))
            attempt += 1
            if attempt < self._options.attempts:
                self._wait(attempt - 1, asked_wait, reason)
        if invalid is not None:
            raise SentenceUnusable(_INVALID_ANSWER.format(fault=invalid)) from invalid
        raise ServiceUnavailable(
            f"The language model did not answer after {self._options.attempts} attempts ({reason}). "
            "Finished sentences are kept; start again later."
        )

    def _ask_once(self, body: Mapping[str, Any]) -> Completion:
        """Call once; the time limit holds for the whole answer, also if it arrives in slow pieces."""
        deadline = time.monotonic() + self._options.timeout_seconds
        data = bytearray()
        create = self._client.chat.completions.with_streaming_response.create
        with create(**body) as response:
            for chunk in response.iter_bytes():
                data += chunk
                if len(data) > _MAX_BYTES:
                    raise InvalidAnswer("it does not end")
                if time.monotonic() > deadline:
                    raise httpx2.ReadTimeout("the answer came too slowly")
        return parse_completion(data)

    def _wait(self, attempt: int, asked: float | None, reason: str) -> None:
        """Wait as long as the service asks; by default twice as long each time, with jitter to spread the workers."""
        longest = self._options.longest_wait_seconds
        if asked is not None and asked > longest:
            raise ServiceUnavailable(
                f"The service asks to wait {asked:.0f} s ({reason}), longer than the {longest:g} s allowed. "
                "Finished sentences are kept; start again later."
            )
        if asked is not None:
            self._sleep(asked + random.uniform(0, min(1.0, asked / 10)))
        else:
            self._sleep(min(longest, _FIRST_WAIT * 2**attempt) * random.uniform(0.5, 1.0))

    def _raise_if_untrusted(self, error: BaseException) -> None:
        """Raise if the server's certificate is not trusted or it speaks no TLS: another attempt cannot help."""
        cause: BaseException | None = error
        while cause is not None:
            untrusted = isinstance(cause, ssl.SSLCertVerificationError)
            if untrusted or getattr(cause, "reason", None) == "WRONG_VERSION_NUMBER":
                fault = "has a certificate that is not trusted" if untrusted else "speaks no TLS (http, not https)"
                raise RequestRejected(
                    f"The language model's server at '{self._address[:200]}' {fault}: correct it there, or correct the "
                    "address in the study's settings."
                ) from error
            cause = cause.__cause__ or cause.__context__

    def _raise_if_final(self, error: openai.APIStatusError) -> None:
        """Raise if another attempt cannot help. The service's message may quote the key, which is replaced by "…"."""
        status, code, message = error.status_code, str(error.code or ""), self._without_key(error.message)
        if 300 <= status < 400:
            host = urlsplit(error.response.headers.get("location", "")).netloc[:100] or "another address"
            raise RequestRejected(
                f"The language model's address redirects to {host} (status {status}). Tags and key go only where "
                "the study's settings say: set the final address there, if it may be trusted."
            ) from None
        if status in (401, 403):
            raise KeyRejected(
                f"The language model's service does not take the key in {self._options.key_variable} "
                f"(status {status}): renew it, then go on. Finished sentences are kept."
            ) from None
        if code == "insufficient_quota" or status == 402:
            raise QuotaExhausted(
                "The account of the language model has no credit left: top it up, then go on. "
                "Finished sentences are kept."
            ) from None
        if code in ("content_filter", "content_policy_violation"):
            raise SentenceRefused(f"The service's filter stopped the request: {message[:300]}") from None
        if status in (408, 409, 425, 429) or status >= 500:
            return
        raise RequestRejected(
            f"The service does not take the request for '{self._options.model}' (status {status}): {message[:300]} "
            "Correct the study's settings for the writer."
        ) from None

    def _without_key(self, text: str) -> str:
        return text.replace(self._key, "…") if len(self._key) > 4 else text


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait by the headers: milliseconds, seconds or a date; None if there is none that is usable."""
    try:
        if "retry-after-ms" in headers:
            seconds = float(headers["retry-after-ms"]) / 1000
        else:
            value = headers["retry-after"]
            try:
                seconds = float(value)
            except ValueError:
                seconds = parsedate_to_datetime(value).timestamp() - time.time()
    except (KeyError, ValueError, TypeError):
        return None
    return max(0.0, seconds) if seconds == seconds and seconds != float("inf") else None
