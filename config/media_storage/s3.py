"""Uploads and images as private objects of an S3 bucket: django-storages' backend, bounded in time and memory.

What it changes there: one client for all threads of a process; a read is one request for the first piece of an object,
and another for each piece further on, never the whole object in memory; a service that does not answer costs seconds,
once, not in each thread; its errors are `StorageUnavailable` and `FileNotFoundError`; no object has a public address.
"""

import errno
import io
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from boto3.s3.transfer import TransferConfig
from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError, IncompleteReadError
from botocore.exceptions import ConnectionError as NoConnection
from django.core.files.base import File
from storages.backends.s3 import S3Storage
from storages.utils import clean_name

from config.media_storage.gate import Gate
from config.media_storage.service import client_config
from study.stored_files.copies import WHOLE
from study.stored_files.unavailable import StorageUnavailable

SCHEME = "s3://"
PIECE = WHOLE  # bytes that one request reads
CONNECT_SECONDS, ANSWER_SECONDS, ATTEMPTS = 3, 5, 2
PAUSE = 5.0  # seconds after a failure in which nobody asks
_AT_ONCE = 1000  # objects that one request may delete
_MISSING = {"NoSuchKey", "404"}
_BUSY = {408, 429, 500, 502, 503, 504}  # states of the service that pass; RequestTimeout comes with 400


class S3Media(S3Storage):
    """The bucket of EARSIGHT_MEDIA_URL."""

    def __init__(self, **options: Any) -> None:
        bounded = client_config(
            options.get("endpoint_url"),
            connect_timeout=CONNECT_SECONDS,
            read_timeout=ANSWER_SECONDS,
            retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
            max_pool_connections=32,
        )
        super().__init__(
            client_config=bounded,
            transfer_config=TransferConfig(use_threads=False),  # a large upload has one piece in memory
            file_overwrite=False,
            default_acl=None,  # the bucket's own, which is private; many services know no other
            **options,
        )
        self._resources: dict[int, Any] = {}
        self._gate = Gate(PAUSE, longest=ATTEMPTS * (CONNECT_SECONDS + ANSWER_SECONDS))

    @property
    def connection(self) -> Any:
        """One resource for all threads, as clients allow; another after a fork, which must not share connections."""
        process = os.getpid()
        if process not in self._resources:
            self._resources[process] = self._create_session().resource(
                "s3", region_name=self.region_name, endpoint_url=self.endpoint_url, config=self.client_config
            )
        return self._resources[process]

    @property
    def bucket(self) -> Any:
        return self.connection.Bucket(self.bucket_name)

    def url(self, *_args: Any, **_more: Any) -> str:
        """Refuse: an address would leave the site, and work for whoever reads it somewhere."""
        raise ValueError("No stored file has an address: views check access and send it.")

    def _open(self, name: str, mode: str = "rb") -> File:
        if mode != "rb":
            raise ValueError("A stored file never changes: save another one.")
        return StoredFile(self, name)

    def _save(self, name: str, content: File) -> str:
        with self._asking(name):
            return super()._save(name, content)

    def exists(self, name: str) -> bool:
        with self._asking(name):
            return super().exists(name)

    def size(self, name: str) -> int:
        with self._asking(name):
            return super().size(name)

    def get_modified_time(self, name: str) -> datetime:
        with self._asking(name):
            return super().get_modified_time(name)

    def listdir(self, name: str) -> tuple[list[str], list[str]]:
        with self._asking(name):
            return super().listdir(name)

    def delete(self, name: str) -> None:
        with self._asking(name):
            super().delete(name)

    def delete_many(self, names: Iterable[str]) -> None:
        """Delete objects, a thousand with one request; names without an object are passed over."""
        names = list(names)
        for first in range(0, len(names), _AT_ONCE):
            some = names[first : first + _AT_ONCE]
            objects = [{"Key": self._key(name)} for name in some]
            try:
                with self._asking(some[0]):
                    answer = self.bucket.delete_objects(Delete={"Objects": objects, "Quiet": True})
            except StorageUnavailable as error:
                if not error.refused:
                    raise
                for name in some:  # a service that does not know this request
                    self.delete(name)
                continue
            if errors := answer.get("Errors"):
                raise StorageUnavailable(f"{len(errors)} files not deleted: {errors[0].get('Code')}", refused=True)

    def piece(self, name: str, first: int) -> tuple[bytes, int]:
        """Return at most PIECE bytes of an object from `first` on, and the size of the whole."""
        wanted = f"bytes={first}-{first + PIECE - 1}"
        with self._asking(name):
            try:
                answer = self.connection.meta.client.get_object(
                    Bucket=self.bucket_name, Key=self._key(name), Range=wanted
                )
            except ClientError as error:
                if error.response["Error"]["Code"] == "InvalidRange" and first == 0:  # it is empty
                    return b"", 0
                raise
            content = answer["Body"].read()
        size = answer.get("ContentRange", "").rpartition("/")[2]
        return (content, int(size)) if size else (content[first : first + PIECE], len(content))

    def _key(self, name: str) -> str:
        return self._normalize_name(clean_name(name))

    @contextmanager
    def _asking(self, name: str) -> Iterator[None]:
        """Ask the service within the body, with its errors as the rest of Earsight knows them.

        Raises:
            FileNotFoundError: there is no such object. StorageUnavailable: no answer, or a refusal.
        """
        place = f"{SCHEME}{self.bucket_name}/{self._key(name)}"
        if not self._gate.may_ask():
            raise StorageUnavailable(f"{place}: the storage did not answer a moment ago")
        try:
            yield
        except FileNotFoundError as error:  # django-storages', without the file's name
            self._gate.answered()
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), error.filename or place) from error
        except ClientError as error:
            self._gate.answered()
            status, code = error.response["ResponseMetadata"]["HTTPStatusCode"], error.response["Error"]["Code"]
            if code in _MISSING:
                raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), place) from error
            refused = status not in _BUSY and code != "RequestTimeout"
            raise StorageUnavailable(f"{place}: {code} (status {status})", refused=refused) from error
        except (NoConnection, HTTPClientError, IncompleteReadError) as error:
            self._gate.failed()
            raise StorageUnavailable(f"{place}: {_first_line(error)}") from error
        except BotoCoreError as error:  # no key, a name that no bucket can have
            self._gate.answered()
            raise StorageUnavailable(f"{place}: {_first_line(error)}", refused=True) from error
        self._gate.answered()


def _first_line(error: BaseException) -> str:
    return str(error).partition("\n")[0][:200]


class StoredFile(File):
    """An object that is read piece by piece, from any place in it; opening it has read the first piece."""

    def __init__(self, storage: S3Media, name: str) -> None:
        self._storage = storage
        super().__init__(self._reader(name), name)

    def _reader(self, name: str) -> io.BufferedReader:
        pieces = _Pieces(self._storage, name)
        self.size = pieces.size
        return io.BufferedReader(pieces)

    def open(self, mode: str | None = None, *_args: Any, **_more: Any) -> "StoredFile":
        if self.closed:
            self.file = self._reader(str(self.name))
        self.seek(0)
        return self


class _Pieces(io.RawIOBase):
    """The bytes of an object; one piece is in memory."""

    def __init__(self, storage: S3Media, name: str) -> None:
        self._storage, self._name = storage, name
        self._place = self._first = 0
        self._piece, self.size = storage.piece(name, 0)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._place

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._place, io.SEEK_END: self.size}[whence]
        self._place = max(0, base + offset)
        return self._place

    def readinto(self, buffer: Any) -> int:
        if self._place >= self.size:
            return 0
        if not self._first <= self._place < self._first + len(self._piece):
            self._first = self._place
            self._piece, _size = self._storage.piece(self._name, self._place)
        start = self._place - self._first
        part = self._piece[start : start + len(buffer)]
        buffer[: len(part)] = part
        self._place += len(part)
        return len(part)
