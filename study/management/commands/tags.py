"""`manage.py tags VERB …`: the original tags of a study's clips."""

from typing import Any

from study.access import Access, Right
from study.management.arguments import input_file
from study.management.scripted.clips import CLIP, clip_of
from study.management.scripted.command import Given, ScriptedCommand, Verb, argument
from study.setup import tag_import
from study.setup.tag_table import split_typed_tags

FILE = argument("file", "a table: clip,tags or clip × tag", type=input_file)
ENCODING = argument("--encoding", "the table's, if it is not recognised: cp949, cp1252, …", default=None)


def show(access: Access, given: Given) -> dict[str, Any]:
    return {"tags": {clip.name: list(clip.imported_tags) for clip in access.study.clips.all()}}


def take(access: Access, given: Given) -> dict[str, Any]:
    table = tag_import.import_tag_upload(
        access.study,
        given["file"],
        file=given["file"].name,
        skip_unknown=given["skip_unknown"],
        encoding=given["encoding"],
        actor=access.user,
    )
    return {
        "done": f"Tags of {len(table.tags)} clips are imported.",
        "clips": len(table.tags),
        "skipped": table.skipped,
        "notes": [str(note) for note in table.notes.sentences()],
    }


def set_one(access: Access, given: Given) -> dict[str, Any]:
    clip = clip_of(access, given)
    tag_import.set_tags(clip, split_typed_tags(given["tags"]), actor=access.user)
    clip.refresh_from_db()
    return {"done": f"The tags of {clip.name} are saved.", "clip": clip.name, "tags": list(clip.imported_tags)}


class Command(ScriptedCommand):
    help = "Import, set or print the original tags of a study's clips."
    examples = ("import my-study tags.csv --as mina", 'set my-study piano.wav "piano; slow" --as mina --json')
    verbs = (
        Verb("show", "print the tags of each clip", Right.LOOK, show),
        Verb(
            "import",
            "import a table; if anything is wrong, nothing is imported",
            Right.EDIT,
            take,
            (FILE, ENCODING, argument("--skip-unknown", "skip rows about other clips", action="store_true")),
            ("study_tags",),
        ),
        Verb(
            "set",
            "replace the tags of one clip",
            Right.EDIT,
            set_one,
            (CLIP, argument("tags", "with semicolons between them")),
            ("clip_tags",),
        ),
    )
