"""The pictures of a study's interface: checked, and stored before the rows that own them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.utils import translation

from analysis.interface_pictures.stored import DEVICE_NAMES, MOST_OWN, PAGE_NAMES, NewPictures
from analysis.models import InterfacePicture
from config.bundles.reading import Bundle, Unreadable
from config.bundles.taking_in.rows import ensure_storable, row_from
from config.bundles.taking_in.stored import check_pictures
from config.bundles.whole import INTERFACE
from config.bundles.whole.carried import carried_fields

_PNG = b"\x89PNG\r\n\x1a\n"


def store_interface(bundle: Bundle, path: Path, new: NewPictures, report: Callable[[str], None]) -> None:
    """Check the pictures, and add them to `new`, whose `keep` makes their rows; nothing of an export without any.

    Args:
        path: of the bundle, which a process with limits reads the pictures from.

    Raises:
        BundleRefused: a file is no picture that is taken.
        Unreadable: the list of the pictures is not what an export holds there, or a file is missing.
    """
    if INTERFACE not in bundle.members:
        return
    rows = _rows(bundle)
    check_pictures(bundle, path, list(rows))
    for name, row in rows.items():
        report(name)
        content = b"".join(bundle.pieces(name))
        if not content.startswith(_PNG):
            raise Unreadable(f"{name} is no PNG.")
        new.add(content, **{field.name: getattr(row, field.name) for field in carried_fields(InterfacePicture)})


def _rows(bundle: Bundle) -> dict[str, InterfacePicture]:
    """Return an unsaved row for each file, in their order."""
    data = bundle.json(INTERFACE)
    ensure_storable(data, INTERFACE)
    entries = data.get("pictures")
    if data.keys() != {"pictures"} or not isinstance(entries, list):
        raise Unreadable(f"{INTERFACE} is not what an export holds there.")
    rows: dict[str, InterfacePicture] = {}
    taken = set()
    for number, entry in enumerate(entries, start=1):
        where = f"{INTERFACE}, picture {number}"
        if not isinstance(entry, dict) or entry.keys() != {"fields", "file"}:
            raise Unreadable(f"{where}: not what an export holds there.")
        name, row = entry["file"], row_from(InterfacePicture, entry["fields"], where)
        if not isinstance(name, str) or not name.endswith(".png") or name in rows or name not in bundle.members:
            raise Unreadable(f"{where}: its file is missing, or is no PNG of its own.")
        view = (row.page, row.device, row.language)
        if not _is_view(row) or (not row.is_own and view in taken):
            raise Unreadable(f"{where}: there is no such page, device or language, or it is there twice.")
        taken.add(view)
        rows[name] = row
    if sum(row.is_own for row in rows.values()) > MOST_OWN:
        raise Unreadable(f"{INTERFACE}: it has more pictures of the researchers' own than any study.")
    return rows


def _is_view(row: InterfacePicture) -> bool:
    """Whether it is of a page on a device in a language; one of the researchers' own has none of them."""
    if row.is_own:
        return not (row.device or row.language)
    return row.page in PAGE_NAMES and row.device in DEVICE_NAMES and _is_language(row.language) and not row.caption


def _is_language(code: Any) -> bool:
    try:
        translation.get_language_info(code)
    except KeyError:
        return False
    return True
