"""Call a language model's service: retries, waits, and the service's errors as errors of this room."""

from __future__ import annotations

import random
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any

import httpx2
import openai

from generation.writing.base import (
    AccessRefused,
    RequestRejected,
    SentenceUnusable,
    ServiceUnavailable,
)
from generation.writing.compatibility import REJECTION_STATUSES, Compatibility, compatibility_of
from generation.writing.complaints import read_complaint
from generation.writing.completions import Completion, InvalidAnswer, NoAnswer, parse_completion
from generation.writing.options import OpenAIOptions
from generation.writing.service_faults import Endpoint, connection_reason, final_fault, redirected, untrusted, was_sent

_FIRST_WAIT = 1.0
_MAX_BYTES = 4 * 2**20
_INVALID_ANSWER = (
    "The service's answer does not follow the OpenAI protocol ({fault}): check the base URL, the server's version, and "
    "that no firewall or sign-in page of the network answers in its place."
)


@dataclass
class Attempts:
    """The attempts of one request: how many there may be, and how many failed.

    `unanswered`: those that were sent and not answered in time; the service may have answered later, and charge for it.
    """

    limit: int
    failed: int = 0
    unanswered: int = 0


class Service:
    """A client that retries and waits by itself: the openai package ignores a Retry-After above a minute."""

    def __init__(
        self, options: OpenAIOptions, key: str, official: str, *, sleep: Callable[[float], None] | None = None
    ) -> None:
        self._options = options
        self._key = key
        self._endpoint = Endpoint(options.base_url or official, options.model, options.key_variable)
        self._client = openai.OpenAI(
            api_key=key,
            # Always given: the environment variable OPENAI_BASE_URL must not redirect a study.
            base_url=self._endpoint.address,
            timeout=options.timeout_seconds,
            max_retries=0,
            # A server must not redirect tags and key to a host that the operator did not allow.
            http_client=_http_client(self._endpoint, options.timeout_seconds),
        )
        self._sleep = sleep or time.sleep

    @property
    def compatibility(self) -> Compatibility:
        """The parts of a request that the server is known to reject."""
        return compatibility_of(self._endpoint.address, self._options.model)

    def new_attempts(self) -> Attempts:
        return Attempts(self._options.attempts)

    def ask(self, body: Mapping[str, Any], attempts: Attempts) -> Completion:
        """The service's answer to `body`, without the parts that the server rejects.

        Failures use up `attempts`, with waits between them.

        Raises:
            StopsTheBatch: every other request would fail too.
            SentenceRefused: the service's filter stopped the request.
            SentenceUnusable: the answer does not follow the protocol.
            ServiceUnavailable: no answer after all attempts, or a wait longer than the options allow.
        """
        learnt: set[str] = set()
        while True:
            adapted, asked_wait, invalid = self.compatibility.adapt(body), None, None
            try:
                return self._ask_once(adapted)
            except openai.APIStatusError as error:
                complaint = read_complaint(self._without_key(error.response.text).encode())
                if error.status_code in REJECTION_STATUSES:
                    parts = self.compatibility.learn(body, adapted, complaint)
                    if parts is not None:
                        learnt |= parts
                        continue  # send the adapted request at once: this does not count as an attempt
                if 300 <= error.status_code < 400:
                    raise redirected(error.status_code, error.response.headers.get("location", "")) from None
                fault = final_fault(error.status_code, complaint, adapted, self._endpoint)
                if fault is not None:
                    if isinstance(fault, RequestRejected):
                        self.compatibility.forget(learnt)
                    raise fault from None
                said = f": “{complaint.page or complaint.text[:200]}”" if complaint.text else ""
                reason = f"status {error.status_code}{said}"
                asked_wait = _retry_after(error.response.headers)
            except (openai.APITimeoutError, httpx2.TimeoutException) as error:
                attempts.unanswered += was_sent(error)
                reason = f"no answer within {self._options.timeout_seconds:g} s"
            except (openai.APIConnectionError, httpx2.HTTPError) as error:
                if fault := untrusted(error, self._endpoint):
                    raise fault from error
                reason = connection_reason(error, self._endpoint)
            except InvalidAnswer as error:
                reason, invalid = str(error), error
            except NoAnswer as error:
                reason = self._without_key(str(error))
            if not self.may_try_again(attempts, reason, asked_wait):
                break
        if invalid is not None:
            raise SentenceUnusable(_INVALID_ANSWER.format(fault=invalid)) from invalid
        tries = f" after {attempts.limit} attempts" if attempts.limit > 1 else ""
        raise ServiceUnavailable(f"The language model did not answer{tries} ({reason}).", asked_wait)

    def may_try_again(self, attempts: Attempts, reason: str, asked_wait: float | None = None) -> bool:
        """Count a failed attempt and wait; False if it was the last one.

        Raises:
            ServiceUnavailable: the service asks to wait longer than the options allow.
        """
        attempts.failed += 1
        if attempts.failed >= attempts.limit:
            return False
        self._wait(attempts.failed - 1, asked_wait, reason)
        return True

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
            raise ServiceUnavailable(f"The language model's service asks to wait {asked:.0f} s ({reason}).", asked)
        if asked is not None:
            self._sleep(asked + random.uniform(0, min(1.0, asked / 10)))
        else:
            self._sleep(min(longest, _FIRST_WAIT * 2**attempt) * random.uniform(0.5, 1.0))

    def _without_key(self, text: str) -> str:
        return text.replace(self._key, "…") if len(self._key) > 4 else text


def _http_client(endpoint: Endpoint, timeout: float) -> httpx2.Client:
    """A client that goes through the environment's proxy, except to this machine.

    Raises:
        AccessRefused: the address of the proxy cannot be used.
    """
    # Without TLS and proxy no certificate is needed; to read the system's takes longer than such a server's answer.
    needs_none = endpoint.is_loopback and endpoint.address.startswith("http:")
    trusted = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT) if needs_none else True
    try:
        return openai.DefaultHttpxClient(
            follow_redirects=False, timeout=timeout, trust_env=not endpoint.is_loopback, verify=trusted
        )
    except (ImportError, ValueError, httpx2.InvalidURL) as error:
        raise AccessRefused(
            f"The proxy that the worker's environment names cannot be used ({error}): correct HTTPS_PROXY, HTTP_PROXY "
            "or ALL_PROXY; it needs an address as http://host:port."
        ) from error


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
