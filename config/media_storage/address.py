"""The setting EARSIGHT_MEDIA_URL as Django's entry for its default storage."""

from importlib.util import find_spec
from typing import Any

from django.core.exceptions import ImproperlyConfigured

from config.environment import values as environment
from config.media_storage.service import region


def media_storage(name: str, endpoint: str) -> dict[str, Any]:
    """Return the storage of uploads and images: the bucket that the variable names, or a folder if it is unset.

    Args:
        name: the variable with the bucket's address.
        endpoint: the variable with the address of a service other than Amazon's.
    """
    address = environment.bucket(name)
    if address is None:
        return {"BACKEND": "django.core.files.storage.FileSystemStorage"}
    if find_spec("storages") is None or find_spec("boto3") is None:
        raise ImproperlyConfigured(f"{name} needs another package: pip install -c constraints.txt '.[s3]'")
    options: dict[str, Any] = dict(zip(("bucket_name", "location"), address, strict=True))
    if environment.text(endpoint, ""):
        options["endpoint_url"] = environment.web_address(endpoint, "")
    options["region_name"] = region()  # keys come from the variables, files and roles that boto3 knows
    return {"BACKEND": "config.media_storage.s3.S3Media", "OPTIONS": options}
