"""Restore a backup: checked first, then stored files, then the database.

Stored files are only added: a name is never used for two contents, so with those of the backup beside those that are
here either database is whole. The database is exchanged in one step. So a restore that is killed leaves the database
that was here or the backup's, and running it again finishes it; until then `restore.json` says so. It keeps who had
withdrawn by the database that was here: PostgreSQL's is exchanged before they are erased from the new one.
"""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from django.conf import settings
from django.contrib.sessions.models import Session
from django.core.files import File
from django.core.management import call_command
from django.db import DatabaseError

from config.backups.errors import BackupError
from config.backups.facts import names_in_rows
from config.backups.loading_database import (
    foreign_tables,
    load_database,
    require_loadable,
    require_unused,
    tables_with_rows,
)
from config.backups.lock import alone
from config.backups.manifest import DATABASE, HEADS, SECRET_KEY, Manifest, StoredFile
from config.backups.places import Place, require_free, stored_key
from config.backups.reading import check_files, find_backup, known_withdrawals, require_known_version
from config.backups.storages import MEDIA, copy_out, digest_of, names_in, storages
from config.backups.unfinished import marker, withdrawn_before
from study.models import Participant
from study.models.log import record
from study.participants.retention import enforce_retention
from study.participants.withdrawal import withdraw
from study.stored_files.whole import write_whole

Say = Callable[[str], None]


@dataclass
class Restored:
    """What a restore did, as lines for the operator.

    Attributes:
        done: what was done, and where what was here is now.
        problems: what somebody should look at.
    """

    manifest: Manifest
    done: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def check_backup(text: str, say: Say) -> Manifest:
    """Check every file of a backup, and that this version could restore it; change nothing."""
    with alone() as scratch:
        place, manifest = find_backup(text, scratch)
        check_files(place, manifest, say)
        require_known_version(manifest)
        return manifest


def restore_backup(text: str, *, replace: bool = False, say: Say = lambda text: None) -> Restored:
    """Restore a backup into this installation.

    Args:
        text: a backup, or a place of backups, of which the newest is taken.
        replace: move what is here aside first. Without it, only an empty installation is restored into.
        say: takes one line for each step.

    Raises:
        BackupError: the message says what is wrong, and that nothing was changed or how to go on.
    """
    with alone() as scratch:
        place, manifest = find_backup(text, scratch)
        say(f"{place.text}/{manifest.name}: {manifest.engine}, Earsight {manifest.earsight}, of {manifest.made_at}")
        require_known_version(manifest)
        require_loadable(manifest)
        require_unused()
        if not replace:
            _require_empty()
        result = Restored(manifest)
        withdrawn = _withdrawn(place, result)
        require_free(Path(settings.DATA_DIR), manifest.size)
        check_files(place, manifest, say, fetch=True)
        _restore(place, result, scratch, withdrawn, say)
        return result


def _require_empty() -> None:
    found = tables_with_rows()
    if found:
        raise BackupError(
            f"The database here is not empty: it has rows of {', '.join(found[:3])}. Nothing was changed. Restore into "
            "an empty EARSIGHT_DATA and database, or give --replace to move aside what is here."
        )
    if others := foreign_tables():
        raise BackupError(
            f"The database here has tables that are not Earsight's, such as {', '.join(others[:3])}. "
            "Nothing was changed. Restore into a database of its own, or give --replace to move aside what is here."
        )
    for name, storage in storages().items():
        if first := next(names_in(storage), None):
            raise BackupError(
                f"There are stored files here, such as {name}/{first}. Nothing was changed. "
                "Restore into an empty place, or give --replace to keep them beside those of the backup."
            )


def _withdrawn(place: Place, result: Restored) -> set[str]:
    """Return the handles of people who have withdrawn by all that knows of them, and tell what cannot be read."""
    found, unread = known_withdrawals(place, result.manifest)
    for where, read in (("the database that was here", _withdrawn_here), (marker().name, withdrawn_before)):
        try:
            found |= read()
        except (DatabaseError, ValueError):
            unread.append(where)
    result.problems += [
        f"Who had withdrawn by {where} cannot be read: erase them again by their receipts." for where in unread
    ]
    return found


def _withdrawn_here() -> set[str]:
    if "study.Participant" not in tables_with_rows():
        return set()
    people = Participant.objects.filter(status=Participant.Status.WITHDRAWN)
    return set(people.values_list("handle", flat=True))


def _restore(place: Place, result: Restored, scratch: Path, withdrawn: set[str], say: Say) -> None:
    manifest = result.manifest
    time = f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
    origin = f"{place.text}/{manifest.name}"
    known = {"from": origin, "began": time, "withdrawn": sorted(withdrawn)}
    write_whole(marker(), f"{json.dumps(known)}\n".encode())
    aside = Path(settings.DATA_DIR) / f"replaced-{time}"
    for name, rows in (manifest.stored or {}).items():
        _put_files(place, name, rows, aside / name)
        say(f"{len(rows):,} files of {name}")
    if aside.exists():
        result.done.append(f"Stored files that differed from the backup's are in {aside}.")
    dump = place.local(f"{manifest.name}/{DATABASE[manifest.engine]}")
    own = scratch / dump.name
    if own != dump:  # beside a copy in `scratch` others may be written
        own.unlink(missing_ok=True)
        own.symlink_to(dump)
    moved = load_database(manifest, own, time, lambda: _finish(place, withdrawn, result, say))
    result.done += [f"What was here before: {where}." for where in moved]
    _restore_key(place, manifest, time, result)
    marker().unlink()


def _put_files(place: Place, storage_name: str, rows: dict[str, StoredFile], aside: Path) -> None:
    """Store the files that are not here yet; one with another content is moved aside first."""
    storage = storages()[storage_name]
    for name, row in rows.items():
        try:
            if storage.exists(name):
                if digest_of(storage, name) == row.sha256:
                    continue
                (aside / name).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                copy_out(storage, name, aside / name)
                storage.delete(name)
            with place.local(stored_key(row.sha256)).open("rb") as file:
                stored = storage.save(name, File(file))
        except OSError as error:
            raise BackupError(
                f"{storage_name}/{name}: {error.strerror or error}. The database was not touched. "
                "Look at the disk, then restore again with --replace."
            ) from error
        if stored != name:
            raise BackupError(
                f"{storage_name}/{name}: another process stored it meanwhile. Stop web and workers first."
            )


def _finish(place: Place, withdrawn: set[str], result: Restored, say: Say) -> None:
    """Check the restored database, erase what was to stay erased, and end all sign-ins."""
    manifest = result.manifest
    say("checking the database")
    try:
        call_command("verify", heads=place.local(f"{manifest.name}/{HEADS}"))
    except SystemExit:
        result.problems.append("The verification found what is written above as WRONG.")
    if manifest.stored is not None:
        lost = sorted(names_in_rows() - manifest.stored[MEDIA].keys())
    else:
        media = storages()[MEDIA]
        lost = [name for name in sorted(names_in_rows()) if not media.exists(name)]
    if lost and manifest.stored is None:
        result.problems.append(
            f"{len(lost):,} stored files that rows refer to are not here, such as {lost[0]}: this backup was made "
            "without them. Restore one that has them, then this one again, with --replace."
        )
    elif lost:
        result.problems.append(f"{len(lost):,} stored files that rows refer to are in no backup, such as {lost[0]}.")
    again = [
        person
        for person in Participant.objects.filter(handle__in=withdrawn).select_related("study").order_by("pk")
        if person.status != Participant.Status.WITHDRAWN
    ]
    for person in again:
        withdraw(person)
        result.done.append(f"{person.code} of {person.study.slug} had withdrawn since: their answers are erased again.")
    # Files that only the database still here refers to are no strays, while this one may not take its place.
    for row in enforce_retention(strays=False):
        result.done.append(
            f"Erased because its time is over: {row.study.slug if row.study else 'installation'}: {row}."
        )
    Session.objects.all().delete()  # some had been ended since
    record(None, "restored from a backup", backup=manifest.name, made=manifest.made_at)


def _restore_key(place: Place, manifest: Manifest, time: str, result: Restored) -> None:
    """Put the secret key back, or say where it has to come from."""
    is_same = hashlib.sha256(settings.SECRET_KEY.encode()).hexdigest() == manifest.key_digest
    if is_same:
        result.done.append("The secret key is that of the backup.")
    elif settings.SECRET_KEY_IS_SET:
        result.problems.append(
            "EARSIGHT_SECRET_KEY is not the key of the backup: ids of platforms that were used count as new. "
            "If you have the old key, set it before the web starts."
        )
    elif SECRET_KEY in manifest.files:
        path = Path(settings.DATA_DIR) / "secret_key"
        path.replace(path.with_name(f"secret_key.replaced-{time}"))
        write_whole(path, place.local(f"{manifest.name}/{SECRET_KEY}").read_bytes())
        result.done.append("The secret key of the backup is restored. Start web and workers anew.")
    else:
        result.problems.append(
            "The secret key was kept outside the backup, in EARSIGHT_SECRET_KEY: set it again before the web starts."
        )
