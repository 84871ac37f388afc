"""Zips: entries that the same content gives the same bytes, without the time of writing; what a damaged one raises."""

import zipfile
import zlib

# What reading a damaged, encrypted or unknown kind of zip raises.
DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, NotImplementedError)

_THE_TIME = (1980, 1, 1, 0, 0, 0)  # the earliest that a zip can hold


def zip_entry(name: str, *, compression: int = zipfile.ZIP_DEFLATED, mode: int = 0o600) -> zipfile.ZipInfo:
    """Return the entry of a file; `mode`: who may read it once it is unpacked."""
    entry = zipfile.ZipInfo(name, _THE_TIME)
    entry.compress_type = compression
    entry.external_attr = mode << 16
    return entry
