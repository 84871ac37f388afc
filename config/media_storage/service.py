"""How a service with S3's protocol is reached, for stored files and for backups alike."""

import os
from typing import Any


def region() -> str | None:
    """Return the region that the environment names; None leaves it to Amazon's files. boto3 reads one of both names."""
    return os.environ.get("AWS_DEFAULT_REGION") or os.environ.get("AWS_REGION") or None


def client_config(endpoint: str | None, **more: Any) -> Any:
    """Return botocore's configuration of a client.

    Args:
        endpoint: the address of a service other than Amazon's.
        more: its bounds, such as `connect_timeout` in seconds.
    """
    from botocore.config import Config  # comes with the extra s3

    return Config(
        signature_version="s3v4",
        # A service with an address of its own seldom has a name for each bucket.
        s3={"addressing_style": "path" if endpoint else "auto"},
        # Services other than Amazon's may not know its newer checksums.
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        **more,
    )
