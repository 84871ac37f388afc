"""Build the demo study: from a folder of clips to an open survey and a full report.

Each stage reads from the database whether it is done, so that a demo that was killed continues where it stopped.
"""

import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.urls import reverse
from django.utils.text import slugify

from config.demo.errors import DemoError
from config.demo.music import write_demo_clips
from config.demo.responsible import say_that_it_is_a_demo
from config.rehearsals.copies import Notify, answer_and_analyse, open_simulated_copy
from generation.models import ClipStep, GenerationRun
from generation.runs import lifecycle
from generation.runs.execution import run_pending
from study.audio_files.notes import sentences
from study.errors import StudyError
from study.models import Deletion, Study
from study.setup.clip_import import ACCEPTED_SUFFIXES, clip_name, import_clips
from study.setup.drafting import delete_draft
from study.setup.lifecycle import create_study, open_study
from study.setup.tag_import import import_tags, set_tags
from study.setup.trash import erase
from study.untrusted_files.uploads import LocalFile

# The name of the demo's account.
NAME = "demo"
SIMULATED_PARTICIPANTS = 30
# Audio formats that are refused by name. Other files of a folder (covers, notes) are ignored.
REFUSED_AUDIO = (".m4a", ".aac", ".mp4", ".wma", ".aif", ".aiff", ".caf", ".alac", ".ape", ".webm")


@dataclass(frozen=True)
class DemoSource:
    """The clips of the demo: the synthesised music, or a folder with a table of tags."""

    clips: Path | None = None
    tags: Path | None = None
    # Skip rows of the table about clips that are not in the folder, instead of refusing the table.
    skip_unknown: bool = False
    encoding: str | None = None  # of the table, if it is named

    @property
    def slug(self) -> str:
        return "demo" if self.clips is None else (slugify(self.clips.resolve().name)[:50] or "my-music")

    @property
    def title(self) -> str:
        if self.clips is None:
            return "Do redefined tags make better images of music?"
        return f"Images of {self.clips.resolve().name}"


# What the file of the password holds once somebody has chosen another one. No password made here has such signs.
_CHOSEN = "(chosen by you)"


def stored_password(path: Path) -> str | None:
    """Return the password of the demo's researcher, made once and stored in a file that only its user can read.

    None: somebody has chosen another one, which is stored as a hash alone. Without the file, a new one is made.
    """
    if path.exists() and (password := path.read_text(encoding="ascii").strip()):
        return None if password == _CHOSEN else password
    password = secrets.token_urlsafe(12)
    _write_password(path, password)
    return password


def _write_password(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    path.write_text(text + "\n", encoding="ascii")


def password_file() -> Path:
    return Path(settings.DATA_DIR) / "demo_password"


def is_password_chosen() -> bool:
    """Return whether somebody has chosen the password of the demo's account: by --share before, or in the console."""
    path = password_file()
    user = get_user_model().objects.filter(username=NAME).first()
    if user is None or not _has_password(user) or not path.exists():
        return False
    password = stored_password(path)
    return password is None or not user.check_password(password)


def _has_password(user: Any) -> bool:
    return bool(user.password) and user.has_usable_password()


def ensure_researcher(chosen: str | None = None) -> tuple[Any, str | None]:
    """Return the demo's account and its password, None if somebody has chosen it: now, before, or in the console."""
    path = password_file()
    is_new = not path.exists()
    user, _created = get_user_model().objects.get_or_create(username=NAME)
    if not is_new and not _has_password(user) and stored_password(path) is None:
        path.unlink()  # chosen for an account of another database
    password = stored_password(path) if chosen is None else chosen
    if chosen is not None or (password is not None and (is_new or not _has_password(user))):
        user.set_password(password)
        user.save()
    if chosen is not None or (password is not None and not user.check_password(password)):
        _write_password(path, _CHOSEN)
        return user, None
    return user, password


def ensure_study(source: DemoSource, owner: Any, notify: Notify) -> Study:
    """Return the demo's study with its clips and tags. If anything is refused, no study is left.

    Each clip is imported in its own transaction, so that a demo that is stopped here continues with the next clip.

    Raises:
        DemoError, StudyError: a folder, file or table cannot be used.
    """
    if source.clips is not None:
        _check_source(source)
    study = Study.objects.filter(slug=source.slug).first()
    if study is not None and _has_all_clips(study):
        _check_same_music(study, source, notify)
        return study
    notify("Making the demo's music …" if source.clips is None else f"Reading the clips in {source.clips} …")
    study = study or create_study(title=source.title, owner=owner, slug=source.slug)
    try:
        if source.clips is None:
            _import_demo_music(study, owner)
        else:
            _import_folder(study, source, owner, notify)
    except (DemoError, StudyError):
        deletion = delete_draft(study)
        erase(Deletion.objects.filter(pk=deletion.pk))  # nobody has seen it, so nobody wants it back
        raise
    return study


def _has_all_clips(study: Study) -> bool:
    """Return whether the import of clips and tags is finished: a later stage has begun."""
    return study.status != Study.Status.DRAFT or study.generation_runs.exists()


def _import_files(study: Study, paths: list[Path], actor: Any, notify: Notify) -> None:
    """Import the files that the study does not have yet; notify of what was odd in them.

    Raises:
        DemoError: files were refused; the message names each.
    """
    present = set(study.clips.values_list("name", flat=True))
    missing = [path for path in paths if clip_name(path.name) not in present]
    results = import_clips(study, _opened(missing), actor=actor)
    for result in results:
        for note in sentences(result.clip.audio_notes if result.clip else ()):
            notify(f"{result.name}: {note}")
    problems = [result.problem for result in results if result.problem]
    if problems:
        raise DemoError("\n".join([*problems, "Nothing was imported."]))


def _opened(paths: list[Path]) -> Iterator[LocalFile]:
    for path in paths:
        try:
            file = LocalFile(path)
        except OSError as error:
            raise DemoError(f"{path} cannot be read: {error.strerror}.") from error
        with file:
            yield file


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise DemoError(f"{path} cannot be read: {error.strerror}.") from error


def _import_demo_music(study: Study, actor: Any) -> None:
    clips = write_demo_clips(settings.DATA_DIR / "demo-music")
    _import_files(study, [clip.path for clip in clips], actor, notify=lambda _note: None)
    for clip in clips:
        set_tags(study.clips.get(name=clip.path.name), clip.tags, actor=actor)


def _check_source(source: DemoSource) -> None:
    """Raise DemoError if the folder or the table is missing."""
    if not _audio_in(source):
        raise DemoError(f"{source.clips} holds no WAV, FLAC, OGG or MP3 file.")
    if source.tags is not None and not source.tags.is_file():
        raise DemoError(f"{source.tags} is no file. Give --tags a CSV with the columns clip and tags.")


def _audio_in(source: DemoSource) -> list[Path]:
    """Return the folder's audio files by name, also of formats that the import refuses with a message."""
    assert source.clips is not None
    if not source.clips.is_dir():
        raise DemoError(f"{source.clips} is no folder. Give --clips the folder that holds the audio files.")
    try:
        files = sorted(path for path in source.clips.iterdir() if not path.name.startswith("."))
    except OSError as error:
        raise DemoError(f"{source.clips} cannot be read: {error.strerror}.") from error
    return [path for path in files if path.suffix.lower() in (*ACCEPTED_SUFFIXES, *REFUSED_AUDIO)]


def _check_same_music(study: Study, source: DemoSource, notify: Notify) -> None:
    """Raise DemoError if the study was made from another folder of the same name; notify of files added since."""
    if source.clips is None:
        return
    names = {clip_name(path.name) for path in _audio_in(source)}
    missing = names - set(study.clips.values_list("name", flat=True))
    if missing == names:
        raise DemoError(
            f"There is a study “{study.slug}” already, made from other clips. Rename the folder "
            f"{source.clips}, or set EARSIGHT_DATA to another place."
        )
    if missing:
        notify(
            f"The study “{study.slug}” exists already, without {', '.join(sorted(missing)[:5])}. "
            "Add clips to a study that has not opened in the console."
        )


def _import_folder(study: Study, source: DemoSource, actor: Any, notify: Notify) -> None:
    _import_files(study, _audio_in(source), actor, notify)
    if source.tags is not None:
        table = import_tags(
            study,
            _read(source.tags),
            file=source.tags.name,
            skip_unknown=source.skip_unknown,
            encoding=source.encoding,
            actor=actor,
        )
        for note in table.notes.sentences():
            notify(note)


def start_generation(study: Study, *, wake: bool) -> GenerationRun | None:
    """Return the run that makes the missing images, started if necessary, or None if no image is missing."""
    if not images_are_missing(study):
        return None
    return lifecycle.active_run(study) or lifecycle.start_run(study, actor=study.owner, wake=wake)


def _is_painted(study: Study) -> bool:
    last = study.generation_runs.last()
    return last is not None and last.state == GenerationRun.State.DONE and not _failures(last)


def _failures(run: GenerationRun) -> list[str]:
    failed = ClipStep.objects.filter(run=run, state=ClipStep.State.FAILED).select_related("clip")
    return [f"{step.clip.name}: {step.error}" for step in failed]


def check_images(study: Study) -> None:
    """Raise DemoError with the reasons if images are missing."""
    last = study.generation_runs.last()
    if last is None or (last.state == GenerationRun.State.DONE and not _failures(last)):
        return
    reasons = _failures(last) or [getattr(last, "message", "") or f"generation is {last.state}"]
    raise DemoError("Not every image could be made. " + " ".join(reasons[:3]))


def generate_here(study: Study, progress: Callable[[GenerationRun], None]) -> None:
    """Make the missing images in this process, without a worker."""
    if start_generation(study, wake=False) is not None:
        run_pending(study, progress)
    check_images(study)


def images_are_missing(study: Study) -> bool:
    """Return whether images are missing."""
    return study.status == Study.Status.DRAFT and not _is_painted(study)


def ensure_open(study: Study) -> Study:
    """Open the study if it is a draft."""
    if study.status == Study.Status.DRAFT:
        say_that_it_is_a_demo(study)
        try:
            open_study(study, actor=study.owner)
        except StudyError as error:
            raise DemoError(f"The study cannot open: {error}") from error
    return study


def ensure_answered_copy(study: Study, notify: Notify, people: int = SIMULATED_PARTICIPANTS) -> Study:
    """Return a closed copy of the study with a report, answered by simulated participants through the real survey."""
    slug = f"{study.slug[:40]}-simulated"
    copy = Study.objects.filter(slug=slug).first() or open_simulated_copy(study, slug=slug)
    answer_and_analyse(ensure_open(copy), people, notify)
    return copy


def links(study: Study, answered: Study, base_url: str) -> dict[str, str]:
    """Return the three links that the demo prints, by name."""
    return {
        "survey": base_url + reverse("survey_welcome", args=[study.open_link_token]),
        "console": base_url + reverse("study_overview", args=[study.slug]),
        "results": base_url + reverse("study_results", args=[answered.slug]),
    }
