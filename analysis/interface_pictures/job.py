"""Taking the pictures of a study's interface, as the work of a worker or of a command."""

from collections.abc import Callable
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from analysis.interface_pictures.browser import DEVICES, BrowserFailed, running_browser
from analysis.interface_pictures.pages import InterfacePages
from analysis.interface_pictures.stored import NewPictures, erase_strays, replace_taken
from study.errors import StudyError
from study.jobs import JobKind, RunningJob, register
from study.models import Job, Study

KIND = "interface"
# Starting the browser on a slow machine, and each picture.
_SECONDS, _SECONDS_EACH = 60, 20


def take_pictures(
    study: Study,
    *,
    actor: Any = None,
    report: Callable[[int, int], None] = lambda _done, _total: None,
    done: Callable[[int], None] = lambda _number: None,
) -> int:
    """Take a picture of each page in each language on each device; they replace those taken before.

    Args:
        report: is told how many are taken, of how many.
        done: called in the transaction that stores the pictures, with their number.

    Raises:
        NotAllowedNow: no clip has all its images yet.
        StudyError: Chromium did not do it. Nothing was changed.
    """
    erase_strays()
    pages = InterfacePages(study)
    wanted = [(page, device, language) for language in pages.languages for page in pages.used() for device in DEVICES]
    with NewPictures() as new:
        try:
            with running_browser(pages.answer, seconds=_SECONDS + _SECONDS_EACH * len(wanted)) as browser:
                for number, (page, device, language) in enumerate(wanted):
                    report(number, len(wanted))
                    content = browser.picture(f"/page/{page}/{language}", device)
                    new.add(content, page=page, device=device.key, language=language)
        except BrowserFailed as error:
            raise StudyError(
                _("The pictures could not be taken: %(why)s. Nothing was changed; you can upload pictures of your own.")
                % {"why": error}
            ) from error
        with transaction.atomic():
            number = replace_taken(study, new, actor=actor)
            done(number)
    return number


def _work(job: RunningJob) -> None:
    def set_ready(number: int) -> None:
        text = ngettext("%(n)d picture is taken.", "%(n)d pictures are taken.", number)
        job.outcome["message"] = text % {"n": number}
        job.set_ready()

    take_pictures(job.study, actor=job.job.actor, report=job.report, done=set_ready)


def _progress(job: Job) -> str:
    return _("%(done)d of %(total)d pictures are taken.") % {"done": job.done, "total": job.total}


register(
    JobKind(
        name=KIND,
        work=_work,
        title=lambda _job: _("Pictures of the interface"),
        page="study_interface",
        progress=_progress,
    )
)
