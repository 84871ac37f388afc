"""`manage.py images VERB …`: the making of a study's images."""

from dataclasses import asdict
from functools import partial
from typing import Any

from generation import study_files
from generation.console.settings_form import SettingsForm
from generation.console.unknown_tags_page import Sent, unknown_rows, with_sent
from generation.models import StudyFile
from generation.redefinition import RuleError
from generation.redefinition.spelling import normalise
from generation.runs import lifecycle
from generation.runs.progress import progress_of
from generation.runs.settings_changes import change_settings, save_tag_choices
from generation.settings_model import settings_of
from generation.study_files import rule_set_of
from study.access import Access, Right
from study.errors import StudyError
from study.management.arguments import input_file
from study.management.scripted.command import Given, ScriptedCommand, Verb, argument
from study.management.scripted.forms import VALUES, checked, stored_values, values_of

_NOT_TOLD = ("run", "held", "rate", "seconds_left", "idle_since")


def status(access: Access, given: Given) -> dict[str, Any]:
    found = progress_of(access.study)
    not_told = (*_NOT_TOLD, "to_decide", "unchanged") if access.study.is_blinded else _NOT_TOLD
    numbers = {name: value for name, value in asdict(found).items() if name not in not_told}
    return numbers | {
        "state": found.run.state if found.run else "none",
        "message": found.run.message if found.run else "",
        "seconds_left": found.seconds_left,
        "waits_for": str(found.held.reason) if found.held else "",
    }


def settings(access: Access, given: Given) -> dict[str, Any]:
    study, values = access.study, values_of(given)
    make = partial(
        SettingsForm,
        current=settings_of(study),
        keep_unchanged=study.include_unchanged_clips,
        files=study.files.defer("text", "summary"),
    )
    if not values:
        return {"values": stored_values(make(None))}
    cleaned = checked(make, values).cleaned_data
    change_settings(study, cleaned["settings"], keep_unchanged=cleaned["keep_unchanged"], actor=access.user)
    return {"done": "Saved. The next run repeats only what depends on it.", "changed": sorted(values)}


def start(access: Access, given: Given) -> dict[str, Any]:
    run = lifecycle.start_run(access.study, notify=given["notify"], actor=access.user)
    return {"done": "The run has started; workers do the rest.", "run": run.number, "state": run.state}


def cancel(access: Access, given: Given) -> dict[str, Any]:
    run = lifecycle.active_run(access.study)
    if run is None:
        raise StudyError("No run is going on.")
    lifecycle.cancel_run(run, actor=access.user)
    return {"done": "Cancelled. Finished steps are kept.", "run": run.number}


def retry(access: Access, given: Given) -> dict[str, Any]:
    run = lifecycle.retry_failed(access.study, actor=access.user)
    return {"done": "The failed steps are tried again.", "run": run.number}


def unknown_tags(access: Access, given: Given) -> dict[str, Any]:
    study, values = access.study, values_of(given)
    stored = settings_of(study)
    rules = rule_set_of(study, stored.rules)
    if not values:
        rows = unknown_rows(study, rules, stored.tag_choices)
        return {"tags": [{"tag": row.found.tag, "choice": str(row.choice or "")} for row in rows]}
    sent = {normalise(tag): _sent(str(choice)) for tag, choice in values.items()}
    choices, problems = with_sent(sent, rules, stored.tag_choices)
    if problems:
        raise StudyError(" ".join(problems))
    save_tag_choices(study, choices, actor=access.user)
    return {"done": "Saved; the next run applies it before the rules.", "changed": sorted(sent)}


def _sent(choice: str) -> Sent:
    return Sent(choice, "") if choice in ("keep", "drop", "") else Sent("map", choice)


def files(access: Access, given: Given) -> dict[str, Any]:
    rows = access.study.files.defer("text")
    return {"files": [{"id": row.pk, "kind": row.kind, "name": row.name, "digest": row.digest} for row in rows]}


def add_file(access: Access, given: Given) -> dict[str, Any]:
    path = given["file"]
    row, left_out = study_files.upload_file(access.study, given["kind"], path, name=path.name, actor=access.user)
    return {"done": "Kept: choose it in the settings.", "id": row.pk, "digest": row.digest, "left_out": left_out}


def delete_file(access: Access, given: Given) -> dict[str, Any]:
    row = access.study.files.filter(digest__startswith=given["digest"]).first() if given["digest"] else None
    if row is None:
        raise StudyError(f"There is no file with the digest {given['digest']}: `images files` lists them.")
    study_files.delete_file(row, actor=access.user)
    return {"done": f"{row.name} is deleted.", "name": row.name}


class Command(ScriptedCommand):
    help = "Set how a study's images are made, start and watch the run, decide on unknown tags, keep own files."
    examples = (
        "settings my-study painter=sketch tag_limit=8 --as mina",
        "status my-study --as mina --json",
        'unknown-tags my-study "giutar=guitar" "seen live=drop" --as mina',
    )
    refusals = (RuleError,)
    verbs = (
        Verb("status", "tell how far the images are", Right.LOOK, status),
        Verb(
            "settings",
            "print or change the settings",
            Right.LOOK,
            settings,
            VALUES,
            ("generation_settings",),
            Right.EDIT,
        ),
        Verb(
            "start",
            "start a run for workers; `generate --in-process` does it here",
            Right.EDIT,
            start,
            (argument("--notify", "have a mail at its end", action="store_true"),),
            ("generation_start",),
        ),
        Verb("cancel", "end the run", Right.EDIT, cancel, (), ("generation_cancel",)),
        Verb("retry", "do the failed steps again", Right.EDIT, retry, (), ("generation_retry",)),
        Verb(
            "unknown-tags",
            "print the tags that the rules do not know, or say what becomes of them: TAG=keep, TAG=drop, TAG=known tag",
            Right.LOOK,
            unknown_tags,
            VALUES,
            ("generation_unknown_tags",),
            Right.EDIT,
        ),
        Verb("files", "list the study's own rule files and tables of predictions", Right.LOOK, files),
        Verb(
            "add-file",
            "keep a rule file or a table of predictions",
            Right.EDIT,
            add_file,
            (
                argument("kind", "rules or predictions", choices=StudyFile.Kind.values),
                argument("file", "YAML, or a table", type=input_file),
            ),
            ("generation_files",),
        ),
        Verb(
            "delete-file",
            "delete one that the settings do not use",
            Right.EDIT,
            delete_file,
            (argument("digest", "its digest, or the beginning of it"),),
            ("generation_file_delete",),
        ),
    )
