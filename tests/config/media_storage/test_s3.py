"""Stored files as objects of a bucket: read by pieces, private, never overwritten, deleted in bulk."""

import os
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils import timezone
from PIL import Image

from config.media_storage import s3
from study.stored_files.deleting import delete_stored
from tests.config.media_storage.conftest import only_in_full
from tests.config.media_storage.counting import Requests
from tests.factories import tiny_image

pytestmark = only_in_full


def save(content: bytes, name: str = "ab/abcd.bin") -> str:
    return default_storage.save(name, ContentFile(content))


def test_a_small_file_is_read_with_one_request(requests: Requests) -> None:
    name = save(b"0123456789")
    requests.taken()
    with default_storage.open(name) as file:
        assert (file.size, file.read()) == (10, b"0123456789")
    assert requests.taken() == ["GetObject"]
    with default_storage.open(save(b"", "ab/empty.bin")) as file:
        assert (file.size, file.read()) == (0, b"")


def test_a_large_file_is_read_from_any_place_with_one_piece_in_memory(requests: Requests, monkeypatch: Any) -> None:
    monkeypatch.setattr(s3, "PIECE", 1000)
    content = os.urandom(4500)
    name = save(content)
    requests.taken()
    with default_storage.open(name) as file:
        file.seek(3990)
        assert file.read(20) == content[3990:4010]
        assert requests.taken() == ["GetObject"] * 2  # the first piece, which tells the size, and the one asked for
        assert file.seek(0, os.SEEK_END) == 4500
        assert file.read(1) == b""
        file.seek(0)
        assert file.read() == content
        assert len(file.file.raw._piece) <= 1000


def test_a_file_is_opened_again_after_it_was_closed(bucket: Any) -> None:
    file = default_storage.open(save(b"again"))
    file.close()
    with file.open("rb") as opened:
        assert opened.read() == b"again"


def test_a_picture_is_decoded(bucket: Any) -> None:
    with default_storage.open(save(tiny_image(1), "ab/picture.png")) as file, Image.open(file) as picture:
        assert picture.convert("RGB").size == (64, 64)


def test_no_file_overwrites_another_or_has_an_address(bucket: Any) -> None:
    first, second = save(b"one"), save(b"two")
    assert first != second
    assert default_storage.open(first).read() == b"one"
    with pytest.raises(ValueError, match="No stored file has an address"):
        default_storage.url(first)
    with pytest.raises(ValueError, match="never changes"):
        default_storage.open(first, "wb")


def test_objects_are_in_the_folder_and_get_no_rights_of_their_own(bucket: Any) -> None:
    name = save(b"x")
    assert [one.key for one in bucket.objects.all()] == [f"media/{name}"]
    grants = bucket.Object(f"media/{name}").Acl().grants
    assert not [grant for grant in grants if grant["Grantee"].get("URI")]  # groups: everybody, every account


def test_a_thousand_files_are_deleted_with_one_request(requests: Requests) -> None:
    names = [save(b"x", f"ab/{number}.bin") for number in range(3)]
    requests.taken()
    delete_stored([*names, "ab/never-there.bin"])
    assert requests.taken() == ["DeleteObjects"]
    assert not any(map(default_storage.exists, names))


def test_folders_are_listed_with_the_time_of_each_file(bucket: Any) -> None:
    save(b"x", "jobs/one.bin")
    assert default_storage.listdir("") == (["jobs"], [])
    assert default_storage.listdir("jobs") == ([], ["one.bin"])
    assert timezone.now() - default_storage.get_modified_time("jobs/one.bin") < timedelta(minutes=10)
    with pytest.raises(FileNotFoundError):
        default_storage.get_modified_time("jobs/other.bin")
    with pytest.raises(FileNotFoundError):
        default_storage.size("jobs/other.bin")


def test_a_process_made_by_fork_has_a_client_of_its_own(bucket: Any, monkeypatch: Any) -> None:
    parent = default_storage.connection
    assert default_storage.connection is parent
    monkeypatch.setattr(os, "getpid", lambda: 1)
    assert default_storage.connection is not parent
