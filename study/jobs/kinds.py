"""What kinds of jobs there are. `study` does not know the other wings: each says which module registers its kinds."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from study.access import Right
from study.digests import canonical_digest
from study.jobs.running import RunningJob
from study.models import Job, Study

Arguments = Mapping[str, Any]


def _always(study: Study, arguments: Arguments) -> None:
    """Nothing forbids the job."""


def _settled(study: Study) -> None:
    """Nothing is to be brought up to date."""


def _not_kept(job: Job) -> bool:
    """The files go with all others."""
    return False


@dataclass(frozen=True)
class JobKind:
    """One kind of job. The web process knows it too, so `work` imports what is heavy inside.

    Args:
        name: stored with the job.
        work: does it, in a worker, outside any transaction; it can be killed anywhere and run again.
        title: the job in words, in the language of the page: "Report (English)".
        page: URL name, with the study's slug, of the page in the console to which the job belongs.
        check: raises StudyError if the job may not run now or its files may not be given out, for example under the
            seal; called at the request, when the work begins and ends, and at each download.
        progress: how far the job is, in words: "312 of 800 images are checked."
        version: the state of the data that the files are made from, anything that JSON holds; None for work that
            changes something and so is done each time it is asked for. Files of another version are not given out.
        is_kept: whether a job's files are needed for longer than downloads are kept; asked daily from then on.
        settle: brings rows up to date of which `version` tells; called before the work and before each download,
            outside any transaction.
        right: needed to see a job of this kind and to take its files.
    """

    name: str
    work: Callable[[RunningJob], None]
    title: Callable[[Job], str]
    page: str
    check: Callable[[Study, Arguments], None] = _always
    version: Callable[[Study, Arguments], Any] | None = None
    progress: Callable[[Job], str] | None = None
    settle: Callable[[Study], None] = _settled
    is_kept: Callable[[Job], bool] = _not_kept
    right: Right = Right.EDIT


_kinds: dict[str, JobKind] = {}
_modules: dict[str, str] = {}


def register(kind: JobKind) -> None:
    """Add a kind of job; one with the same name is replaced."""
    _kinds[kind.name] = kind


def expect(name: str, module: str) -> None:
    """Name the module that registers a kind of job; it is imported when the kind is first needed."""
    _modules[name] = module


def kind_named(name: str) -> JobKind | None:
    """Return the kind, or None if this version of the software has none of that name."""
    if name not in _kinds and name in _modules:
        import_module(_modules[name])
    return _kinds.get(name)


def key_of(kind: JobKind, study: Study, arguments: Arguments) -> str:
    """Return the digest that is the same for jobs that give the same files; empty if there are no such."""
    if kind.version is None:
        return ""
    return canonical_digest([kind.name, dict(arguments), kind.version(study, arguments)])


def current_key(kind: JobKind, study: Study, arguments: Arguments) -> str:
    """Return the key of the study's data as they are now, after what `settle` brings up to date.

    Raises:
        StudyError: the kind's files may not be made or given out now.
    """
    kind.check(study, arguments)
    kind.settle(study)
    return key_of(kind, study, arguments)
