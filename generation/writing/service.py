"""One call to the service, tried again where that can help, with the service's errors in our words."""

from __future__ import annotations

import json
import random
import ssl
import time
from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

import httpx2
import openai
from pydantic import BaseModel, ValidationError, field_validator

from generation.writing.base import (
    KeyRejected,
    QuotaExhausted,
    RequestRejected,
    SentenceRefused,
    SentenceUnusable,
    ServiceUnavailable,
)
from generation.writing.dialect import COMPLAINTS, Dialect, dialect_of
from generation.writing.options import OpenAIOptions

_FIRST_WAIT = 1.0
_MOST_BYTES = 4 * 2**20
_NO_PROTOCOL = (
    "The service's answer is not of the OpenAI protocol ({fault}): check the base URL and the server's version."
)


class Message(BaseModel):
    content: str | None = None
    refusal: str | None = None


class Choice(BaseModel):
    message: Message
    finish_reason: str | None = None


class Tokens(BaseModel):
    prompt_tokens: int
    completion_tokens: int

    @field_validator("prompt_tokens", "completion_tokens")
    @classmethod
    def _counted(cls, value: int) -> int:
        if value < 0:
            raise ValueError("a count below 0")
        return value


class Completion(BaseModel):
    """What we read of a chat completion; servers say more, and not all of them say all of this."""

    choices: list[Choice] | None = None
    usage: Tokens | None = None
    model: str | None = None
    system_fingerprint: str | None = None

    @field_validator("usage", mode="before")
    @classmethod
    def _as_counted(cls, value: Any) -> Any:
        """A count that is none is as good as a missing one: the answer may be used all the same."""
        try:
            return Tokens.model_validate(value)
        except ValidationError:
            return None


class _Failing(Exception):
    """An answer that says that there is none: worth another attempt."""


class _NoProtocol(_Failing):
    """A body that is no chat completion. It may have been cut short on its way, so it is worth another attempt."""


class Service:
    """A client with the waits in our hands: the package's own ignores a Retry-After above a minute."""

    def __init__(
        self, options: OpenAIOptions, key: str, official: str, *, sleep: Callable[[float], None] | None = None
    ) -> None:
        self._options = options
        self._key = key
        self._address = options.base_url or official
        self._client = openai.OpenAI(
            api_key=key,
            # Always given: an OPENAI_BASE_URL of the machine must not redirect a study …
            base_url=self._address,
            timeout=options.timeout_seconds,
            max_retries=0,
            # … and neither may a server, to a host that the operator did not allow.
            http_client=openai.DefaultHttpxClient(follow_redirects=False, timeout=options.timeout_seconds),
        )
        self._sleep = sleep or time.sleep

    @property
    def dialect(self) -> Dialect:
        """What the server was found not to take."""
        return dialect_of(self._address, self._options.model)

    def ask(self, body: Mapping[str, Any]) -> Completion:
        """The service's answer to `body`, said as the server takes it.

        Raises:
            StopsTheBatch: what would fail for every request.
            SentenceRefused: the service's filter stopped the request.
            SentenceUnusable: what answers does not speak the protocol.
            ServiceUnavailable: no answer after all attempts, or a wait longer than the options allow.
        """
        reason, attempt = "", 0
        garbled: _NoProtocol | None = None
        while attempt < self._options.attempts:
            spoken, asked_wait, garbled = self.dialect.spoken(body), None, None
            try:
                return self._ask_once(spoken)
            except openai.APIStatusError as error:
                if error.status_code in COMPLAINTS and self.dialect.learn(body, spoken, error.message):
                    continue  # said otherwise at once; this was no failure of the service
                self._stop_if_final(error)
                reason, asked_wait = f"status {error.status_code}", _retry_after(error.response.headers)
            except (openai.APITimeoutError, httpx2.TimeoutException):
                reason = f"no answer within {self._options.timeout_seconds:g} s"
            except (openai.APIConnectionError, httpx2.HTTPError) as error:
                self._stop_if_untrusted(error)
                reason = "no connection"
            except _NoProtocol as error:
                reason, garbled = str(error), error
            except _Failing as error:
                reason = self._without_key(str(error))
            attempt += 1
            if attempt < self._options.attempts:
                self._wait(attempt - 1, asked_wait, reason)
        if garbled is not None:
            raise SentenceUnusable(_NO_PROTOCOL.format(fault=garbled)) from garbled
        raise ServiceUnavailable(
            f"The language model did not answer after {self._options.attempts} attempts ({reason}). "
            "What is written stays; start again later."
        )

    def _ask_once(self, body: Mapping[str, Any]) -> Completion:
        """One call, within the time allowed for one, however slowly its answer drips."""
        deadline = time.monotonic() + self._options.timeout_seconds
        data = bytearray()
        create = self._client.chat.completions.with_streaming_response.create
        with create(**body) as response:
            for chunk in response.iter_bytes():
                data += chunk
                if len(data) > _MOST_BYTES:
                    raise _NoProtocol("it does not end")
                if time.monotonic() > deadline:
                    raise httpx2.ReadTimeout("the answer came too slowly")
        try:
            value = json.loads(data)
            if isinstance(value, dict) and value.get("error") and not value.get("choices"):
                raise _Failing(f"it says {json.dumps(value['error'], ensure_ascii=False)[:200]}")
            return Completion.model_validate(value)
        except ValidationError as error:
            where = ".".join(str(part) for part in error.errors()[0]["loc"])
            raise _NoProtocol(f"its '{where}' is of another kind" if where else "it is no object") from None
        except ValueError:
            raise _NoProtocol("it is no JSON" if data.strip() else "it is empty") from None

    def _wait(self, attempt: int, asked: float | None, reason: str) -> None:
        """As long as the service asks; otherwise doubling, with jitter, so that workers do not come in step."""
        longest = self._options.longest_wait_seconds
        if asked is not None and asked > longest:
            raise ServiceUnavailable(
                f"The service asks to wait {asked:.0f} s ({reason}), longer than the {longest:g} s allowed. "
                "What is written stays; start again later."
            )
        if asked is not None:
            self._sleep(asked + random.uniform(0, min(1.0, asked / 10)))
        else:
            self._sleep(min(longest, _FIRST_WAIT * 2**attempt) * random.uniform(0.5, 1.0))

    def _stop_if_untrusted(self, error: BaseException) -> None:
        """Raise where the server's certificate is not trusted, or it speaks no TLS: another attempt is no help."""
        cause: BaseException | None = error
        while cause is not None:
            unproved = isinstance(cause, ssl.SSLCertVerificationError)
            if unproved or getattr(cause, "reason", None) == "WRONG_VERSION_NUMBER":
                fault = "has a certificate that is not trusted" if unproved else "speaks no TLS (http, not https)"
                raise RequestRejected(
                    f"The language model's server at '{self._address[:200]}' {fault}: mend it there, or correct the "
                    "address in the study's settings."
                ) from error
            cause = cause.__cause__ or cause.__context__

    def _stop_if_final(self, error: openai.APIStatusError) -> None:
        """Raise where trying again cannot help. The service's words may quote the key: it is blotted out."""
        status, code, said = error.status_code, str(error.code or ""), self._without_key(error.message)
        if 300 <= status < 400:
            host = urlsplit(error.response.headers.get("location", "")).netloc[:100] or "another address"
            raise RequestRejected(
                f"The language model's address sends on to {host} (status {status}). Tags and key go only where "
                "the study's settings say: set the final address there, if it may be trusted."
            ) from None
        if status in (401, 403):
            raise KeyRejected(
                f"The language model's service does not take the key in {self._options.key_variable} "
                f"(status {status}): renew it, then go on. What is written stays."
            ) from None
        if code == "insufficient_quota" or status == 402:
            raise QuotaExhausted(
                "The account of the language model has no credit left: top it up, then go on. What is written stays."
            ) from None
        if code in ("content_filter", "content_policy_violation"):
            raise SentenceRefused(f"The service's filter stopped the request: {said[:300]}") from None
        if status in (408, 409, 425, 429) or status >= 500:
            return
        raise RequestRejected(
            f"The service does not take the request for '{self._options.model}' (status {status}): {said[:300]} "
            "Mend the study's settings for the writer."
        ) from None

    def _without_key(self, text: str) -> str:
        return text.replace(self._key, "…") if len(self._key) > 4 else text


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait by the headers: milliseconds, seconds or a date; None where there is no usable one."""
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
