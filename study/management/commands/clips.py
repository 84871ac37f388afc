"""`manage.py clips VERB …`: a study's clips."""

from contextlib import ExitStack
from functools import partial
from typing import Any

from study.access import Access, Right
from study.api import contents
from study.console.forms.clip_edit import LONGEST_CLIP, BulkForm, ClipForm
from study.errors import StudyError
from study.management.arguments import input_file, number, whole_number
from study.management.scripted.clips import CLIP, clip_named, clip_of
from study.management.scripted.command import Given, ScriptedCommand, Verb, argument
from study.management.scripted.forms import VALUES, checked, stored_values, values_of
from study.setup import bulk_changes, clip_editing, clip_import, clip_selection
from study.setup.bulk_changes import Bulk
from study.untrusted_files.uploads import LocalFile


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
    clip = clip_of(access, given)
    clip_selection.exclude_clip(clip, reason=given["reason"], actor=access.user)
    return {"done": f"{clip.name} is left out.", "clip": clip.name}


def include(access: Access, given: Given) -> dict[str, Any]:
    clip = clip_of(access, given)
    clip_selection.include_clip(clip, actor=access.user)
    return {"done": f"{clip.name} is included again.", "clip": clip.name}


def practice(access: Access, given: Given) -> dict[str, Any]:
    clip = clip_of(access, given)
    clip_selection.set_practice(clip, not given["off"], actor=access.user)
    words = "for judging again" if given["off"] else "for practice"
    return {"done": f"{clip.name} is {words}.", "clip": clip.name, "practice": not given["off"]}


def delete(access: Access, given: Given) -> dict[str, Any]:
    clip = clip_of(access, given)
    deletion = clip_selection.delete_clip(clip, actor=access.user)
    return {"done": f"{clip.name} is deleted.", "clip": clip.name, "deletion": deletion.pk}


def edit(access: Access, given: Given) -> dict[str, Any]:
    clip, values = clip_of(access, given), values_of(given)
    make = partial(ClipForm, clip=clip)
    if not values:
        return {"values": stored_values(make(None)), "seconds": round(clip.duration, 3)}
    form = checked(make, values)
    name = form.cleaned_data["name"]
    clip_editing.edit_clip(clip, name=name, excerpt=form.excerpt, rights=form.rights, actor=access.user)
    return {"done": f"{name} is saved.", "changed": sorted(values)}


def change(access: Access, given: Given) -> dict[str, Any]:
    clips = list(access.study.clips.all())
    if bool(given["clips"]) == given["all"]:
        raise StudyError("Name clips, or give --all for all of them.")
    if given["action"] == Bulk.TRIM and given["seconds"] is None:
        raise StudyError("Say with --seconds how many trimming keeps.")
    chosen = clips if given["all"] else [clip_named(clips, text) for text in given["clips"]]
    sent = {"action": given["action"], "reason": given["reason"], "seconds": given["seconds"]}
    sent |= {"licence": given["licence"], "sound_may_be_published": given["may_be_published"]}
    values = {name: value for name, value in sent.items() if value is not None}

    def make(data: Any) -> BulkForm:
        if data is not None:
            data.setlist("clip", [str(clip.pk) for clip in chosen])
            data["confirmed"] = "yes"
        return BulkForm(data, clips=clips)

    form = checked(make, values)
    found = bulk_changes.change_clips(access.study, form.cleaned_data["clip"], form.wanted, actor=access.user)
    return {
        "done": f"{given['action']}: done for {len(found.ready)} of {len(chosen)} clips.",
        "clips": [clip.name for clip in found.ready],
        "refused": [{"clip": clip.name, "why": f"{clip.name} {why}"} for clip, why in found.refused],
        "deletion": found.deletion.pk if found.deletion else None,
    }


class Command(ScriptedCommand):
    help = "Add clips to a study, rename and trim them, leave them out or in, mark them for practice, delete them."
    examples = (
        "add my-study piano.wav drums.wav --as mina",
        'leave-out my-study piano.wav --reason "it clips" --as mina --json',
        "edit my-study piano.wav start=2.5 end=32.5 --as mina",
        "change my-study trim --seconds 30 --all --as mina",
        "change my-study rights --licence CC-BY-4.0 --may-be-published --all --as mina",
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
        Verb(
            "edit",
            "print or change name, licence and excerpt of one",
            Right.LOOK,
            edit,
            (CLIP, *VALUES),
            ("clip_edit",),
            Right.EDIT,
        ),
        Verb(
            "change",
            "change several at once; each for which the change is not, is told",
            Right.EDIT,
            change,
            (
                argument("action", ", ".join(Bulk.values), choices=Bulk.values),
                argument("clips", "their numbers, or the names of their files", nargs="*", metavar="CLIP"),
                argument("--all", "every clip of the study", action="store_true"),
                argument("--reason", "of leaving out, for the log"),
                argument("--seconds", "how many trimming keeps", type=number(1, LONGEST_CLIP)),
                argument("--licence", "of their sounds: an SPDX name or a few words"),
                argument("--may-be-published", "a deposit may hold their sounds", action="store_true"),
            ),
            ("clips_change",),
        ),
    )
