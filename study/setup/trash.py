"""Undo what was deleted, for a day; after that it is erased, with its files.

People's answers are never kept here: pilots who met a deleted clip, and all participants of a deleted draft, are erased
at once.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from django.core.exceptions import FieldDoesNotExist
from django.db import IntegrityError, models, transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _

from study.background_work.clocks import pull_back
from study.errors import NotAllowedNow, StudyError
from study.models import Clip, DeletedFile, Deletion, Study
from study.models.log import record
from study.models.trash import KEPT_FOR
from study.setup.clip_files import delete_files
from study.setup.draft_lock import lock_draft
from study.setup.lifecycle import free_slug
from study.setup.trash_rows import CannotRestore, Values, as_text, put_back, rows_of

MOST_NAMES = 200


def keep_for_undo(
    kind: Deletion.Kind,
    tops: Sequence[models.Model],
    *,
    study: Study | None,
    names: Iterable[str],
    files: Iterable[str] = (),
    owner_id: int | None = None,
    by: Any = None,
) -> Deletion:
    """Keep rows that are about to be deleted, with their files. Call it in the transaction that deletes them."""
    deletion = Deletion.objects.create(
        kind=kind,
        study=study,
        owner_id=owner_id,
        by=by if getattr(by, "pk", None) else None,
        names=list(names)[:MOST_NAMES],
        rows=as_text(rows_of(tops)),
        at=timezone.now(),
    )
    DeletedFile.objects.bulk_create([DeletedFile(deletion=deletion, name=name) for name in files], batch_size=500)
    return deletion


def recently_deleted(study: Study) -> models.QuerySet[Deletion]:
    """Return what of a study can be brought back, the newest first; without the rows, which are large."""
    return _within_a_day(study.deletions.all())


def deleted_studies(user: Any) -> models.QuerySet[Deletion]:
    """Return the drafts that somebody can bring back: their own; an operator any."""
    studies = Deletion.objects.filter(kind=Deletion.Kind.STUDY)
    return _within_a_day(studies if user.is_superuser else studies.filter(owner=user))


def _within_a_day(rows: models.QuerySet[Deletion]) -> models.QuerySet[Deletion]:
    return rows.filter(at__gt=timezone.now() - KEPT_FOR).defer("rows").select_related("by")


def over_their_day() -> models.QuerySet[Deletion]:
    """Return what was deleted more than a day ago."""
    return Deletion.objects.filter(at__lte=timezone.now() - KEPT_FOR)


def empty_trash() -> int:
    """Erase what was deleted more than a day ago, with its files; return how many deletions that were."""
    pull_back(Deletion.objects.all(), "at")
    return erase(over_their_day())


@transaction.atomic
def erase(deletions: models.QuerySet[Deletion]) -> int:
    """Erase deletions for good; return how many."""
    ids = list(deletions.select_for_update().values_list("pk", flat=True))
    names = list(DeletedFile.objects.filter(deletion__in=ids).values_list("name", flat=True))
    Deletion.objects.filter(pk__in=ids).delete()
    transaction.on_commit(lambda: delete_files(names))
    return len(ids)


@transaction.atomic
def restore_in_study(study: Study, deletion_id: int, *, actor: Any = None) -> list[str]:
    """Bring back what was deleted in a draft; return what has to be said about it beside that.

    Raises:
        NotAllowedNow: the study is no draft any more, or it was brought back or erased already.
        StudyError: something in the study stands in its way.
    """
    study = lock_draft(study.pk)
    deletion = _lock(recently_deleted(study), deletion_id)
    if deletion.kind == Deletion.Kind.CLIPS:
        return _restore_clips(study, deletion, actor)
    _put_back(deletion)
    record(study, "file restored", actor=actor, file=", ".join(deletion.names))
    _forget(deletion)
    return []


@transaction.atomic
def restore_study(user: Any, deletion_id: int) -> tuple[Study, list[str]]:
    """Bring back a deleted draft; return it, and what has to be said about it beside that.

    Raises:
        NotAllowedNow: it was brought back or erased already, or is not this person's.
    """
    deletion = _lock(deleted_studies(user), deletion_id)
    said: list[str] = []

    def changed(label: str, values: Values) -> Values:
        if label != "study.Study":
            return values
        if Study.objects.filter(slug=values["slug"]).exists():
            said.append(_("Another study has its short name now, so its address is another one."))
            values = values | {"slug": free_slug(values["title"])}
        if values["short_code"] and Study.objects.filter(short_code=values["short_code"]).exists():
            said.append(_("Its short code belongs to another study now. Make a new one on the page Links."))
            values = values | {"short_code": None}
        return values

    study = next(row for row in _put_back(deletion, changed) if isinstance(row, Study))
    record(study, "study restored", actor=user)
    record(None, "study restored", actor=user, slug=study.slug)
    _forget(deletion)
    said.append(_("Answers of pilots, invitations and a schedule do not come back."))
    return study, said


def _lock(found: models.QuerySet[Deletion], deletion_id: int) -> Deletion:
    row = found.model.objects.select_for_update().filter(pk__in=found.values("pk"), pk=deletion_id).first()
    if row is None:
        raise NotAllowedNow(_("It was brought back already, or erased after its day."))
    return row


def _put_back(deletion: Deletion, changed: Any = lambda label, values: values) -> list[models.Model]:
    try:
        with transaction.atomic():
            return put_back(deletion.rows, changed)
    except CannotRestore as error:
        if str(error) == "study.Study.owner":
            raise StudyError(
                _("It cannot come back: the account of its owner has been deleted since, and nobody else can own it.")
            ) from error
        raise StudyError(
            _("It cannot come back: the conditions, runs or people that it belongs to have been deleted since.")
        ) from error
    except IntegrityError as error:
        raise StudyError(_("It cannot come back: something of the same name was made since.")) from error
    except (LookupError, FieldDoesNotExist, ValueError) as error:
        raise StudyError(_("It cannot come back: Earsight was updated since to another version.")) from error


def _forget(deletion: Deletion) -> None:
    """The rows own the files again."""
    Deletion.objects.filter(pk=deletion.pk).delete()


def _restore_clips(study: Study, deletion: Deletion, actor: Any) -> list[str]:
    taken = set(study.clips.values_list("number", flat=True))
    last = study.clips.aggregate(last=Max("number"))["last"] or 0
    moved: list[str] = []

    def changed(label: str, values: Values) -> Values:
        nonlocal last
        if label != "study.Clip":
            return values
        _refuse_clip(study, values)
        number = int(values["number"])
        last = max(last, number)
        if number in taken:
            last += 1
            values = values | {"number": str(last)}
            moved.append(values["name"])
        return values

    clips = [row for row in _put_back(deletion, changed) if isinstance(row, Clip)]
    for clip in clips:
        record(study, "clip restored", actor=actor, clip=clip.name)
    _forget(deletion)
    if not moved:
        return []
    return [_("Other clips have their numbers now, so these are at the end: %(clips)s.") % {"clips": ", ".join(moved)}]


def _refuse_clip(study: Study, values: Values) -> None:
    name = values["name"]
    if study.clips.filter(name__iexact=name).exists():
        raise StudyError(
            _("The study has a clip named %(name)s again. Rename that one, then bring this one back.") % {"name": name}
        )
    same = study.clips.filter(audio_digest=values["audio_digest"]).first()
    if same is not None:
        raise StudyError(
            _("%(file)s has the same content as %(other)s, which is in the study already. Leave one out.")
            % {"file": name, "other": same.name}
        )
