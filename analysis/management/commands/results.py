"""`manage.py results VERB …`: a study's results and tables, the report that is shared, and the gallery."""

from datetime import timedelta
from typing import Any

from django.urls import reverse
from django.utils import timezone

from analysis import api
from analysis.interface_pictures.stored import pictures_zip
from analysis.models import SharedReport
from analysis.study_results import analyses
from analysis.study_results.gallery import CHOICES, gallery_of, shows_something, switch_off, switch_on
from analysis.study_results.report_files import LANGUAGES, Report, files_in
from analysis.study_results.shared_reports import MOST_DAYS, USUAL_DAYS, end_share, share_report, shares_of
from analysis.tables.preference_zip import PREFERENCES, preferences_zip
from study import jobs
from study.access import Access, Right
from study.console.downloads import note_download
from study.errors import StudyError
from study.management.arguments import output_file, output_folder, whole_number
from study.management.scripted.command import Given, ScriptedCommand, Verb, argument
from study.participants.links import full_url

AFTER = argument(
    "--after", "go on behind this number, as “next” gave it", type=whole_number(most=999_999_999), default=-1
)


def analyse(access: Access, given: Given) -> dict[str, Any]:
    if given["here"]:
        analysis = analyses.build_analysis(access.study)
        if analysis.error:
            raise StudyError(analysis.error)
        return {"done": "Analysed.", "state": analysis.state}
    return {"done": "A worker analyses the answers.", "state": analyses.request_analysis(access.study).state}


def ballots(access: Access, given: Given) -> dict[str, Any]:
    return api.ballots_contents(access, given["after"])


def long(access: Access, given: Given) -> dict[str, Any]:
    return api.long_contents(access, given["after"])


def answers(access: Access, given: Given) -> dict[str, Any]:
    return api.answers_contents(access, given["after"])


def files(access: Access, given: Given) -> dict[str, Any]:
    analysis = analyses.ensure_results(access.study)
    folder, report, names = given["out"], Report(analysis, given["language"]), []
    folder.mkdir(parents=True, exist_ok=True)
    for name in files_in(given["language"]):
        (folder / name).write_bytes(report.file(name))
        names.append(name)
    note_download(access.study, f"report ({given['language']})", actor=access.user)
    return {"done": f"The report is in {folder}.", "files": names}


def preferences(access: Access, given: Given) -> dict[str, Any]:
    analyses.ensure_results(access.study)
    content, path = preferences_zip(access.study), given["out"]
    path.write_bytes(content)
    note_download(access.study, PREFERENCES, actor=access.user)
    return {"done": f"The preference pairs are in {path}."}


def share(access: Access, given: Given) -> dict[str, Any]:
    last_day = timezone.localdate() + timedelta(days=given["days"])
    row, address = share_report(access.study, last_day, given["note"], actor=access.user)
    return {"address": address, "id": row.pk, "last_day": last_day.isoformat()}


def shared(access: Access, given: Given) -> dict[str, Any]:
    analyses.ensure_unsealed(access.study)
    return {
        "links": [
            {"id": row.pk, "note": row.note, "last_day": row.last_day.isoformat(), "ended": row.has_ended}
            for row in shares_of(access.study)
        ]
    }


def end(access: Access, given: Given) -> dict[str, Any]:
    row = SharedReport.objects.filter(analysis__study=access.study, pk=given["link"]).first()
    if row is None:
        raise StudyError(f"There is no link {given['link']} in this study: `results shared` lists them.")
    end_share(row, actor=access.user)
    return {"done": "The link has ended.", "id": given["link"]}


def take_pictures(access: Access, given: Given) -> dict[str, Any]:
    # Imported here: it loads the survey's questions.
    from analysis.interface_pictures import job

    if given["here"]:
        return {"done": "Taken.", "pictures": job.take_pictures(access.study, actor=access.user)}
    row = jobs.request_job(access.study, job.KIND, actor=access.user)
    return {"done": "A worker takes the pictures.", "job": row.pk, "state": row.state}


def pictures(access: Access, given: Given) -> dict[str, Any]:
    number, path = access.study.interface_pictures.count(), given["out"]
    if not number:
        raise StudyError("There are no pictures yet: `results take-pictures` takes them.")
    path.write_bytes(pictures_zip(access.study))
    return {"done": f"The pictures are in {path}.", "pictures": number}


def gallery_on(access: Access, given: Given) -> dict[str, Any]:
    switch_on(access.study, actor=access.user, **{name: given[name] for name in CHOICES})
    return {"done": "The gallery is on.", "address": _gallery_address(access)}


def gallery_off(access: Access, given: Given) -> dict[str, Any]:
    switch_off(access.study, actor=access.user)
    return {"done": "The gallery is off."}


def gallery(access: Access, given: Given) -> dict[str, Any]:
    found = gallery_of(access.study)
    if found is None:
        return {"on": False}
    told = {"on": True, "hidden": not shows_something(found), "address": _gallery_address(access)}
    return told | {name: getattr(found, name) for name in CHOICES}


def _gallery_address(access: Access) -> str:
    return full_url(reverse("gallery", args=[access.study.slug]))


class Command(ScriptedCommand):
    help = "Analyse a study, print its results once the seal permits it, share its report by a link or as a gallery."
    examples = (
        "show my-study --as mina --json",
        "ballots my-study --as mina --json",
        "share my-study --days 30 --as mina",
    )
    verbs = (
        Verb("show", "print the newest analysis", Right.RESULTS, lambda access, _given: api.results_contents(access)),
        Verb(
            "analyse",
            "analyse the answers as they are now",
            Right.EDIT,
            analyse,
            (argument("--here", "in this process, not by a worker", action="store_true"),),
            ("study_analyse",),
        ),
        Verb("ballots", "print the table of answers; sealed, conditions are labels", Right.DATA, ballots, (AFTER,)),
        Verb("long", "print all answers, a row for each question and image", Right.DATA, long, (AFTER,)),
        Verb("answers", "print the table of participants and what they said", Right.DATA, answers, (AFTER,)),
        Verb(
            "preferences",
            "write which image people preferred of each two, for reward models, as a zip",
            Right.DATA,
            preferences,
            (argument("--out", "the zip", type=output_file, required=True),),
        ),
        Verb(
            "report",
            "write the report's files into a folder",
            Right.RESULTS,
            files,
            (
                argument("--out", "the folder", type=output_folder, required=True),
                argument("--language", "of the report", choices=LANGUAGES, default="en"),
            ),
        ),
        Verb(
            "share",
            "share the report by a link, which is shown only now",
            Right.OWN,
            share,
            (
                argument("--days", "how many days it works", type=whole_number(0, MOST_DAYS), default=USUAL_DAYS),
                argument("--note", "for whom it is", default=""),
            ),
            ("study_share",),
        ),
        Verb(
            "take-pictures",
            "take pictures of the participants' pages, in place of those taken before",
            Right.EDIT,
            take_pictures,
            (argument("--here", "in this process, with the Chromium of this machine", action="store_true"),),
            ("study_interface_take",),
        ),
        Verb(
            "pictures",
            "write the pictures of the participants' pages as a zip",
            Right.LOOK,
            pictures,
            (argument("--out", "the zip", type=output_file, required=True),),
        ),
        Verb("shared", "list the links", Right.RESULTS, shared),
        Verb(
            "end-share",
            "end a link at once",
            Right.OWN,
            end,
            (argument("link", "its id", type=whole_number(1)),),
            ("study_share_end",),
        ),
        Verb(
            "gallery", "print whether the public gallery is on, what it shows, and its address", Right.RESULTS, gallery
        ),
        Verb(
            "gallery-on",
            "show the clips and how they fared on a public page",
            Right.OWN,
            gallery_on,
            (
                argument("--images", "with the images", action="store_true"),
                argument("--sounds", "with the sounds that may be published", action="store_true"),
                argument("--names", "with the file names of the clips", action="store_true"),
                argument("--prompts", "with prompts and tags", action="store_true"),
                argument("--indexed", "search engines may list it", action="store_true"),
            ),
            ("study_gallery",),
        ),
        Verb(
            "gallery-off", "switch the public gallery off at once", Right.OWN, gallery_off, (), ("study_gallery_off",)
        ),
    )
