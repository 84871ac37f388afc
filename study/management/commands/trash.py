"""`manage.py trash VERB …`: what was deleted within a day, and how it comes back."""

from typing import Any

from django.db.models import QuerySet

from study.access import Access, Right
from study.api.contents import time_text
from study.management.arguments import whole_number
from study.management.scripted.command import Given, ScriptedCommand, Verb, argument
from study.models import Deletion
from study.models.trash import KEPT_FOR
from study.setup import trash

DELETION = argument("deletion", "its id, as the list gives it", type=whole_number(1))


def show(access: Access, given: Given) -> dict[str, Any]:
    return _listed(trash.recently_deleted(access.study))


def restore(access: Access, given: Given) -> dict[str, Any]:
    said = trash.restore_in_study(access.study, given["deletion"], actor=access.user)
    return {"done": "It is back, as it was.", "notes": said}


def drafts(account: Any, given: Given) -> dict[str, Any]:
    return _listed(trash.deleted_studies(account))


def restore_draft(account: Any, given: Given) -> dict[str, Any]:
    study, said = trash.restore_study(account, given["deletion"])
    return {"done": f"The study {study.slug} is back.", "slug": study.slug, "notes": said}


def _listed(deletions: QuerySet[Deletion]) -> dict[str, Any]:
    return {
        "deletions": [
            {
                "id": row.pk,
                "kind": row.kind,
                "names": row.names,
                "by": row.by.get_username() if row.by else "",
                "until": time_text(row.at + KEPT_FOR),
            }
            for row in deletions
        ]
    }


class Command(ScriptedCommand):
    help = "List what was deleted within a day, and bring it back."
    examples = ("list my-study --as mina", "restore my-study 3 --as mina", "restore-draft 4 --as mina --json")
    verbs = (
        Verb("list", "list what of a study can be brought back", Right.LOOK, show),
        Verb("restore", "bring clips or a file back", Right.EDIT, restore, (DELETION,), ("study_deleted",)),
        Verb("drafts", "list one's deleted drafts that can be brought back", None, drafts),
        Verb("restore-draft", "bring a draft back", None, restore_draft, (DELETION,), ("deleted_studies",)),
    )
