"""Short codes: what people type by hand in place of a study's open link. A study has none until it is asked for."""

import unicodedata

from django.db import transaction

from study.models import Study
from study.models.log import record
from study.opaque_tokens import new_short_code


@transaction.atomic
def make_short_code(study: Study, *, actor: object = None) -> str:
    """Give the study a code, and return it; one that it has stays."""
    study = Study.objects.select_for_update().get(pk=study.pk)
    if study.short_code is None:
        while Study.objects.filter(short_code=(code := new_short_code())).exists():
            pass
        study.short_code = code
        study.save(update_fields=["short_code"])
        # Without the code: who reads an export is not to enter by it.
        record(study, "short code made", actor=actor)
    return str(study.short_code)


@transaction.atomic
def withdraw_short_code(study: Study, *, actor: object = None) -> None:
    """Take the study's code away, for good: the next one is another."""
    study = Study.objects.select_for_update().get(pk=study.pk)
    if study.short_code is not None:
        study.short_code = None
        study.save(update_fields=["short_code"])
        record(study, "short code withdrawn", actor=actor)


def study_with_code(typed: str) -> Study | None:
    """Return the study with the code that somebody typed, in capitals or not, with spaces or hyphens; None if none."""
    code = "".join(sign for sign in unicodedata.normalize("NFKC", typed).upper() if sign.isalnum())
    return Study.objects.filter(short_code=code).first() if code else None


def spaced(code: str) -> str:
    """Return a code in two halves, as it is read aloud."""
    return f"{code[:3]} {code[3:]}"
