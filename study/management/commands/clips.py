"""`manage.py clips VERB …`: a study's clips."""

from contextlib import ExitStack
from typing import Any

from study.access import Access, Right
from study.api import contents
from study.errors import StudyError
from study.management.arguments import input_file, whole_number
from study.management.scripted.command import Given, ScriptedCommand, Verb, argument
from study.management.scripted.forms import named
from study.models import Clip
from study.setup import clip_import, clip_selection
from study.untrusted_files.uploads import LocalFile

CLIP = argument("clip", "its number, or the name of its file")


def _clip(access: Access, given: Given) -> Clip:
    found: Clip = named(access.study.clips.all(), given["clip"], "clip")
    return found


def add(access: Access, given: Given) -> dict[str, Any]:
    with ExitStack() as opened:
        files = [LocalFile(path) for path in given["files"]]
        for file in files:
            opened.callback(file.close)
        results = clip_import.import_clips(access.study, files, actor=access.user)
    added = [contents.clip_facts(result.clip) for result in results if result.clip is not None]
    refused = [{"file": result.name, "problem": result.problem} for result in results if result.clip is None]
    if refused and not added:
        raise StudyError(" ".join(row["problem"] for row in refused))
    return {"done": f"{len(added)} clips are in.", "clips": added, "refused": refused}


def leave_out(access: Access, given: Given) -> dict[str, Any]:
    clip = _clip(access, given)
    clip_selection.exclude_clip(clip, reason=given["reason"], actor=access.user)
    return {"done": f"{clip.name} is left out.", "clip": clip.name}


def include(access: Access, given: Given) -> dict[str, Any]:
    clip = _clip(access, given)
    clip_selection.include_clip(clip, actor=access.user)
    return {"done": f"{clip.name} is included again.", "clip": clip.name}


def practice(access: Access, given: Given) -> dict[str, Any]:
    clip = _clip(access, given)
    clip_selection.set_practice(clip, not given["off"], actor=access.user)
    words = "for judging again" if given["off"] else "for practice"
    return {"done": f"{clip.name} is {words}.", "clip": clip.name, "practice": not given["off"]}


def delete(access: Access, given: Given) -> dict[str, Any]:
    clip = _clip(access, given)
    clip_selection.delete_clip(clip, actor=access.user)
    return {"done": f"{clip.name} is deleted.", "clip": clip.name}


class Command(ScriptedCommand):
    help = "Add clips to a study, leave them out or in, mark them for practice, delete or list them."
    examples = (
        "add my-study piano.wav drums.wav --as mina",
        'leave-out my-study piano.wav --reason "it clips" --as mina --json',
    )
    verbs = (
        Verb(
            "list",
            "list them, 500 at a time",
            Right.LOOK,
            lambda access, given: contents.clips_contents(access, given["after"]),
            (argument("--after", "behind this number", type=whole_number(), default=-1),),
        ),
        Verb(
            "add",
            "import audio files; each is taken or refused by itself",
            Right.EDIT,
            add,
            (argument("files", "WAV, FLAC, OGG or MP3", nargs="+", type=input_file, metavar="FILE"),),
            ("study_clips",),
        ),
        Verb(
            "leave-out",
            "leave one out",
            Right.EDIT,
            leave_out,
            (CLIP, argument("--reason", "for the log", required=True)),
            ("clip_change leave-out",),
        ),
        Verb("include", "take one back", Right.EDIT, include, (CLIP,), ("clip_change include",)),
        Verb(
            "practice",
            "mark one for practice",
            Right.EDIT,
            practice,
            (CLIP, argument("--off", "mark it no longer", action="store_true")),
            ("clip_change practice",),
        ),
        Verb("delete", "delete one with its images", Right.EDIT, delete, (CLIP,), ("clip_change delete",)),
    )
