"""A bucket on a server of moto's, which speaks S3's protocol on this machine, as the storage of uploads and images."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from django.core.files.storage import default_storage
from moto.server import ThreadedMotoServer

from config.media_storage.address import media_storage
from tests.config.media_storage.counting import Requests

only_in_full = pytest.mark.skipif(os.environ.get("EARSIGHT_S3_TEST") != "full", reason="run by make s3")
BUCKET, FOLDER = "earsight-test", "media"


@pytest.fixture(scope="session")
def s3_address() -> Iterator[str]:
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def bucket(s3_address: str, settings: Any, monkeypatch: Any, tmp_path: Path) -> Iterator[Any]:
    """The bucket, which every file of the test goes to."""
    for name, value in (
        ("AWS_ACCESS_KEY_ID", "test"),
        ("AWS_SECRET_ACCESS_KEY", "test"),
        ("AWS_DEFAULT_REGION", "us-east-1"),
        ("AWS_EC2_METADATA_DISABLED", "true"),
        ("EARSIGHT_MEDIA_URL", f"s3://{BUCKET}/{FOLDER}"),
        ("EARSIGHT_S3_ENDPOINT", s3_address),
    ):
        monkeypatch.setenv(name, value)
    settings.DATA_DIR = tmp_path
    settings.MEDIA_ROOT = str(tmp_path / "media")
    settings.STORAGES = settings.STORAGES | {"default": media_storage("EARSIGHT_MEDIA_URL", "EARSIGHT_S3_ENDPOINT")}
    made = boto3.resource("s3", endpoint_url=s3_address).create_bucket(Bucket=BUCKET)
    yield made
    made.objects.all().delete()
    made.delete()
    assert not (tmp_path / "media").exists(), "a file went to the folder"


@pytest.fixture
def requests(bucket: Any) -> Requests:
    """The requests that the storage sends from now on."""
    return Requests(default_storage.connection.meta.client)
