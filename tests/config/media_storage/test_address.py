"""The setting that names the bucket."""

from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.files.storage import FileSystemStorage

from config.backups.places import bucket
from config.media_storage.address import media_storage


@pytest.mark.parametrize(
    "value", ["bucket", "s3://", "s3://Bad_Name", "https://x/y", "s3://b/../x", "s3://k:secret@bb"]
)
def test_a_wrong_address_is_refused(value: str, monkeypatch: Any) -> None:
    monkeypatch.setenv("EARSIGHT_THIS", value)
    with pytest.raises(ImproperlyConfigured, match=r"EARSIGHT_THIS.*Write s3://bucket") as refused:
        media_storage("EARSIGHT_THIS", "EARSIGHT_THAT")
    assert "secret" not in str(refused.value)


def test_unset_is_the_folder_and_a_missing_package_is_named(monkeypatch: Any) -> None:
    assert FileSystemStorage.__name__ in media_storage("EARSIGHT_THIS", "EARSIGHT_THAT")["BACKEND"]
    monkeypatch.setenv("EARSIGHT_THIS", "s3://bucket")
    monkeypatch.setattr("config.media_storage.address.find_spec", lambda name: None)
    with pytest.raises(ImproperlyConfigured, match=r"pip install .*\[s3\]"):
        media_storage("EARSIGHT_THIS", "EARSIGHT_THAT")


@pytest.mark.parametrize("name", ["AWS_REGION", "AWS_DEFAULT_REGION"])
def test_files_and_backups_read_both_names_of_the_region(name: str, monkeypatch: Any) -> None:
    for variable in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv(name, "ap-northeast-2")
    monkeypatch.setenv("EARSIGHT_THIS", "s3://bucket")
    assert media_storage("EARSIGHT_THIS", "EARSIGHT_THAT")["OPTIONS"]["region_name"] == "ap-northeast-2"
    assert bucket._client().meta.region_name == "ap-northeast-2"
