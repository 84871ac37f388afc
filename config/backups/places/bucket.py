"""A bucket of an S3-compatible service as the place of backups: `s3://bucket/prefix`.

Keys come from the standard variables of AWS (`AWS_ACCESS_KEY_ID`, …, or its files), the region from those that
`config.media_storage.service` reads, the service's address from EARSIGHT_S3_ENDPOINT or `AWS_ENDPOINT_URL_S3`.
"""

from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from django.conf import settings

from config.backups.errors import BackupError
from config.backups.places.folder import require_free
from config.backups.places.place import MANIFEST
from config.media_storage.service import client_config, region
from study.digests import file_digest

SCHEME = "s3://"
_DELETED_AT_ONCE = 1000


class BucketPlace:
    """A prefix of a bucket. Only whole objects are ever seen there; a backup's manifest is sent last."""

    def __init__(self, address: str, scratch: Path) -> None:
        bucket, _slash, prefix = address.removeprefix(SCHEME).strip("/").partition("/")
        if not bucket:
            raise BackupError(f"{address}: write s3://bucket/prefix.")
        if find_spec("boto3") is None:
            raise BackupError("Backups in a bucket need a package: pip install -c constraints.txt '.[s3]'")
        self.bucket, self.prefix, self.scratch = bucket, f"{prefix}/" if prefix else "", scratch
        self.text = f"{SCHEME}{bucket}/{prefix}".rstrip("/")
        with self._faults():
            self._client = _client()

    def keys(self, under: str = "") -> dict[str, int]:
        prefix = self.prefix + (f"{under}/" if under else "")
        with self._faults():
            pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=prefix)
            return {
                row["Key"].removeprefix(self.prefix): row["Size"] for page in pages for row in page.get("Contents", ())
            }

    def read(self, key: str) -> bytes:
        with self._faults(key):
            content: bytes = self._client.get_object(Bucket=self.bucket, Key=self.prefix + key)["Body"].read()
            return content

    def local(self, key: str) -> Path:
        path = self.scratch / "fetched" / key
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            part = path.with_name(path.name + ".part")
            with self._faults(key):
                self._client.download_file(self.bucket, self.prefix + key, str(part))
            part.replace(path)
        return path

    def digest(self, key: str, size: int) -> str:
        require_free(self.scratch, size)
        path = self.local(key)
        try:
            return file_digest(path)
        finally:
            path.unlink()

    def put(self, path: Path, key: str) -> None:
        with self._faults(key):
            self._client.upload_file(str(path), self.bucket, self.prefix + key)
        path.unlink()

    def commit(self, folder: Path, name: str) -> None:
        for path in sorted(folder.iterdir(), key=lambda path: path.name == MANIFEST):
            self.put(path, f"{name}/{path.name}")
        folder.rmdir()

    def delete(self, keys: Collection[str]) -> None:
        ordered = sorted(keys, key=lambda key: not key.endswith("/" + MANIFEST))
        with self._faults():
            for first in range(0, len(ordered), _DELETED_AT_ONCE):
                rows = [{"Key": self.prefix + key} for key in ordered[first : first + _DELETED_AT_ONCE]]
                answer = self._client.delete_objects(Bucket=self.bucket, Delete={"Objects": rows, "Quiet": True})
                if errors := answer.get("Errors"):
                    raise BackupError(f"{self.text}: {errors[0]['Key']} could not be deleted ({errors[0]['Message']}).")

    def require_room(self, sizes: Iterable[int]) -> None:
        """The bucket has room; each file passes through `scratch`."""
        require_free(self.scratch, max(sizes, default=0))

    @contextmanager
    def _faults(self, key: str = "") -> Iterator[None]:
        from boto3.exceptions import Boto3Error
        from botocore.exceptions import BotoCoreError, ClientError

        where = f"{self.text}/{key}" if key else self.text
        try:
            yield
        except ClientError as error:
            code = str(error.response.get("Error", {}).get("Code", ""))
            if key and code in ("NoSuchKey", "404"):
                raise BackupError(f"{where}: there is no such file.") from error
            raise BackupError(f"{where}: {error}. Look at the bucket's name and the rights of its key.") from error
        except (BotoCoreError, Boto3Error) as error:
            raise BackupError(f"{where}: {error} Look at EARSIGHT_S3_ENDPOINT and the variables AWS_….") from error
        except OSError as error:
            raise BackupError(f"{error.filename or self.scratch}: {error.strerror}. Make room on its disk.") from error


def _client() -> Any:
    import boto3

    endpoint = settings.S3_ENDPOINT or None
    retries = {"mode": "standard", "total_max_attempts": 5}
    config = client_config(endpoint, connect_timeout=10, read_timeout=60, retries=retries)
    return boto3.client("s3", region_name=region(), endpoint_url=endpoint, config=config)
