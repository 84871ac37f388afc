"""Take a bundle in as a study: whole, or not at all."""

import hashlib
import logging
import time
import zipfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db import DataError, IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from analysis.interface_pictures.stored import NewPictures
from config.bundles.chain_check import read_chain
from config.bundles.reading import CHAIN, MALFORMED, Bundle, Unreadable
from config.bundles.taking_in import study_rows
from config.bundles.taking_in.checked import checked_format
from config.bundles.taking_in.errors import BundleRefused
from config.bundles.taking_in.history import add_analysis, add_chain
from config.bundles.taking_in.interface import store_interface
from config.bundles.taking_in.people_rows import add_people
from config.bundles.taking_in.sameness import differences
from config.bundles.taking_in.stages import ensure_by_the_log, unstaged
from config.bundles.taking_in.stored import StoredFiles, store_files
from config.bundles.taking_in.write_lock import ensure_short_lock
from config.bundles.whole import CLOSED
from generation.runs import orphan_files
from study.access import studies_of
from study.models import LogEntry, Stimulus, Study, StudyStage
from study.models.log import WRITTEN_HERE, lock_chain, record
from study.opaque_tokens import new_link_token
from study.participants.study_stages import begin_stage
from study.setup.lifecycle import free_slug

logger = logging.getLogger(__name__)
BROUGHT_IN = "brought in"
_WHAT_BREAKS = (*MALFORMED, IntegrityError, DataError)
_PAUSE = 1.0  # seconds

Report = Callable[[str], None]


@dataclass(frozen=True)
class TakenIn:
    """A study that was taken in, and what did not come along, in sentences."""

    study: Study
    notes: tuple[str, ...]


def take_in(
    path: Path,
    *,
    owner: Any,
    report: Report = lambda at_hand: None,
    settle: Callable[[TakenIn], None] = lambda taken_in: None,
) -> TakenIn:
    """Check a bundle and make its study: a closed one with its people, or a draft to be continued.

    Args:
        owner: the account to which the study belongs here.
        report: is told the file or step at hand; what it raises stops the import, and nothing stays.
        settle: is called last in the transaction; the same holds of what it raises.

    Raises:
        BundleRefused: nothing was taken in; why, and what to do.
        OSError: a file could not be read or written. Nothing was taken in.
    """
    stored = StoredFiles()
    try:
        with zipfile.ZipFile(path) as archive, NewPictures() as pictures:
            report(_("checking the export"))
            bundle = Bundle(archive, report=_seldom(report))
            taken_in = _take_in(bundle, path, owner, stored, pictures, report, settle)
    except zipfile.BadZipFile as error:
        raise BundleRefused(_("This is no export of a study: choose the ZIP file as it was downloaded.")) from error
    except Unreadable as error:
        raise BundleRefused(
            _("This export is damaged or was changed, so nothing of it was taken in. Ask for it again."), [str(error)]
        ) from error
    finally:
        stored.drop()
    return taken_in


def _take_in(
    bundle: Bundle,
    path: Path,
    owner: Any,
    stored: StoredFiles,
    pictures: NewPictures,
    report: Report,
    settle: Callable[[TakenIn], None],
) -> TakenIn:
    with _refusing_what_breaks():
        form = checked_format(bundle)
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    first_head = _first_head(bundle) if form["state"] == CLOSED else ""
    _ensure_new(digest, first_head, owner)
    data, lines = study_rows.read_study(bundle), study_rows.ClipLines(bundle)
    store_files(bundle, path, lines, stored, report)
    with _refusing_what_breaks():
        store_interface(bundle, path, pictures, report)
    ensure_short_lock(bundle)
    report(_("writing the study"))
    with _refusing_what_breaks(), transaction.atomic():
        taken_in = _add(bundle, form, digest, data, lines, owner, stored, report)
        settle(taken_in)
        pictures.keep(taken_in.study)
        return taken_in


@contextmanager
def _refusing_what_breaks() -> Iterator[None]:
    """Raise Unreadable for what the checks let through and the house's own functions or the database cannot take."""
    try:
        yield
    except _WHAT_BREAKS as error:
        logger.warning("A bundle could not be taken in.", exc_info=True)
        raise Unreadable(f"something in it is not what an export holds there: {error!r}"[:300]) from error


def _seldom(report: Report) -> Report:
    """Return a `report` that passes on what it is told at most once in `_PAUSE` seconds."""
    told = 0.0

    def tell(at_hand: str) -> None:
        nonlocal told
        if time.monotonic() - told >= _PAUSE:
            told = time.monotonic()
            report(at_hand)

    return tell


def _add(
    bundle: Bundle,
    form: dict[str, Any],
    digest: str,
    data: dict[str, Any],
    lines: Iterable[dict[str, Any]],
    owner: Any,
    stored: StoredFiles,
    report: Report,
) -> TakenIn:
    slug, is_closed = str(bundle.study.get("slug")), form["state"] == CLOSED
    study, conditions = study_rows.add_study(
        data, slug=free_slug(slug), owner=owner, open_link_token=new_link_token(), short_code=None
    )
    if study.status != form["state"] or (is_closed and study.is_sealed):
        raise Unreadable("whole/study.json: the study is not as study.json says, or its results are not open yet.")
    clips = study_rows.add_clips(study, lines, conditions, stored.names)
    notes = study_rows.add_generation(study, bundle, data, lines, clips)
    begins_with = None if is_closed else unstaged(study)
    facts: dict[str, Any] = {"bundle": digest, "source": slug}
    if is_closed:
        images = Stimulus.objects.filter(clip__study=study).values_list("clip__number", "condition__number", "pk")
        by_number = {(clip, condition): pk for clip, condition, pk in images}
        add_people(study, bundle, clips, by_number)
        number, head = add_chain(study, bundle)
        ensure_by_the_log(study)
        facts |= {"entries": number, "head": head}
        study.plan["brought_in"] = {
            "source": slug,
            "at": timezone.now().isoformat(timespec="seconds"),
            "entries": number,
            "head": head,
            "sounds": form["sounds"],
            "median_minutes": data["median_minutes"],
            "visit_times": data["visit_times"],
        }
        add_analysis(study, bundle)
        study.save(update_fields=["plan"])
        study.refresh_from_db()
        report(_("comparing the study with the export"))
        _ensure_same(study, slug, bundle, sounds=form["sounds"])
        # Flags stay as they were judged, with all that only the first server saw.
        Study.objects.filter(pk=study.pk).update(events_erased_at=timezone.now())
    if not form["sounds"]:
        notes.append(_without_sounds(is_closed))
    if study.slug != slug:
        notes.append(
            _("Another study here has the short name “%(old)s”, so this one is “%(new)s”.")
            % {"old": slug, "new": study.slug}
        )
    lock_chain(None)  # so that the same export is not taken in twice at once
    _ensure_new(digest, _first_head(bundle) if is_closed else "", owner, besides=study)
    record(study, BROUGHT_IN, actor=owner, **facts)
    if begins_with is not None:
        begin_stage(study, StudyStage.PILOT, target=begins_with.target, actor=owner)
    orphan_files.mark_owned(stored.names.values())
    return TakenIn(study, tuple(notes))


def _without_sounds(is_closed: bool) -> str:
    if is_closed:
        return _("The export has no sounds: the study can be read, analysed and reported, and not be asked again.")
    return _("The export has no sounds: ask for an export with them, or upload the clips again.")


def _ensure_same(study: Study, slug: str, bundle: Bundle, *, sounds: bool) -> None:
    as_there = copy(study)
    as_there.slug = slug  # which chain.json names, and which may be taken here
    if names := list(differences(as_there, bundle, sounds=sounds)):
        raise Unreadable(f"{', '.join(names)}: the study in the bundle's folder whole/ is not that of these files.")


def _first_head(bundle: Bundle) -> str:
    """Return the head after the first entry of the bundle's log: no two studies have the same."""
    chain = read_chain(bundle)
    if chain is None or not chain.entries:
        raise Unreadable(f"{CHAIN} is missing or empty.")
    return str(chain.entries[0]["head"])


def _ensure_new(digest: str, first_head: str, owner: Any, *, besides: Study | None = None) -> None:
    """Raise BundleRefused if this very export was taken in before, or its closed study is here in any other way.

    A study that is here twice would count twice, and its people could be erased in one of the two alone.
    """
    same_export = LogEntry.objects.filter(WRITTEN_HERE, action=BROUGHT_IN, data__bundle=digest)
    if found := Study.objects.filter(pk__in=same_export.values("study")).first():
        raise BundleRefused(
            _("This export was taken in before: it is the study “%(title)s” (%(slug)s).") % _named(found)
            if _may_know(found, owner)
            else _("This export was taken in before, by somebody else here. Ask the operator who has the study.")
        )
    if not first_head:
        return
    same_log = LogEntry.objects.filter(number=1, head=first_head).exclude(study=besides)
    if found := Study.objects.filter(pk__in=same_log.values("study")).first():
        raise BundleRefused(
            _("The study of this export is here already: “%(title)s” (%(slug)s). Work with that one.") % _named(found)
            if _may_know(found, owner)
            else _("The study of this export is here already, and belongs to somebody else. Ask the operator who.")
        )


def _named(study: Study) -> dict[str, str]:
    return {"title": study.title, "slug": study.slug}


def _may_know(study: Study, owner: Any) -> bool:
    return studies_of(owner).filter(pk=study.pk).exists()
