"""How commands end: wrong words, missing files, a database that is away, Ctrl-C and `| head` end with a sentence."""

import io
import os
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError

from config.accounts.hashing import BUSY
from config.command_line import utility
from config.service_faults.fault import Unavailable
from study.management.command import EarsightCommand
from study.models import Study
from tests.factories import make_open_study
from tests.services import own_port

# What is typed, with {study} for an open study's short name, and words of the sentence that it ends with.
WRONG = [
    ("add_researcher ''", "cannot be used"),
    (f"add_researcher {'m' * 200}", "cannot be used"),
    ("add_researcher mina --email nonsense", "cannot be used"),
    ("add_researcher nobody --new-link", "There is no account"),
    ("end_sign_ins nobody", "There is no account"),
    ("remove_second_factor nobody", "There is no account"),
    *(
        (f"{command} nowhere", "There is no study 'nowhere'")
        for command in ("audit_blinding", "export_study", "verify")
    ),
    *(
        (f"{command} nowhere", "There is no study 'nowhere'")
        for command in ("fetch_models", "generate", "publish_heads")
    ),
    ("simulate nowhere --participants 1", "There is no study 'nowhere'"),
    ("exclude_participant nowhere r1 --reason x", "There is no study 'nowhere'"),
    ("import_images nowhere a.png", "There is no study 'nowhere'"),
    ("simulate {study} --participants 0", "is no whole number from 1"),
    ("simulate {study} --participants nan", "is no whole number"),
    ("simulate {study}", "--participants"),
    ("simulate {study} --participants 1 --seed -1", "--seed"),
    ("simulate {study} --participants 1 --drop-out nan", "is no number from 0 to 1"),
    ("simulate {study} --participants 1 --person-sd inf", "is no number from 0 to 10"),
    ("simulate {study} --participants 1 --url nonsense", "is no web address"),
    (
        "simulate {study} --participants 1 --rehearse --url http://127.0.0.1:{port}",
        "Nothing answers at http://127.0.0.1",
    ),
    ("simulate {study} --participants 1 --worth redefined_tags=nan", "--worth: 'nan' is no number"),
    ("simulate {study} --participants 1 --worth redefined_tags=1e9", "--worth: '1e9' is no number"),
    ("simulate {study} --participants 1 --worth nothing=1", "is not KEY=NUMBER"),
    ("simulate {study} --participants 1 --worth match:redefined_tags=1", "has no question 'match'"),
    ("simulate {study} --participants 1 --report out", "--report needs --rehearse"),
    ("simulate {study} --participants 1 --rehearse --report text", "text is a file; name a folder"),
    ("audit_blinding {study} --url ftp://x", "is no web address"),
    ("audit_blinding {study} --participants 2", "is no whole number from 8"),
    ("exclude_participant {study} r9999 --reason x", "no participant r9999"),
    ("exclude_participant {study} r0001 --reason ''", "no participant"),
    ("exclude_participant {study} r0001", "--reason"),
    ("import_images {study} none.png", "none.png: No such file"),
    ("import_images {study} folder", "folder"),
    ("reproduce 0", "is no whole number of 1 or more"),
    ("reproduce 99999999999999999999", "is no whole number"),
    ("reproduce 424242", "There is no stimulus 424242"),
    ("reproduce 1 --save none/again.png", "the folder none does not exist; create it"),
    ("export_study {study} --out folder", "folder is a folder; name a file"),
    ("export_study {study} --out none/x.zip", "the folder none does not exist; create it"),
    ("deposit nowhere out", "There is no study 'nowhere'"),
    ("deposit {study} out --leave-out x", "--leave-out x: write one of: participants.csv:"),
    ("reproduce_report none.zip", "none.zip: there is no such folder or file"),
    ("reproduce_report text", "text: it is neither a folder nor a zip"),
    ("reproduce_report folder", "SHA256SUMS is missing: this is no deposit"),
    ("reproduce_report folder --page none/x.html", "the folder none does not exist; create it"),
    ("verify_export none.zip", "none.zip: there is no such file"),
    ("verify_export folder", "folder is a folder"),
    ("verify_export text", "not a zip"),
    ("verify_export empty", "not a zip"),
    ("verify_diff text empty", "is no zip"),
    ("verify --head nonsense", "nonsense"),
    ("verify --heads none", "none: there is no such file"),
    ("verify --heads binary", "binary"),
    ("backup text", "text"),
    ("backup out --keep -1", "is no whole number from 0"),
    ("backup out --keep x", "is no whole number"),
    ("restore none", "none"),
    ("restore text --check", "text"),
    ("doctor --seconds nan", "is no number above 0 to 600"),
    ("demo --port 0", "is no whole number from 1 to 65,535"),
    ("demo --port 99999", "is no whole number from 1 to 65,535"),
    ("demo --host lab", "is no address of a machine"),
    ("demo --share nonsense", "invalid choice"),
    ("demo --tags text", "--tags needs --clips"),
    ("demo --clips none", "none: there is no such folder"),
    ("demo --clips text", "text is a file"),
    ("fetch_musicnn --wheel none.whl", "there is no such file"),
    ("fetch_musicnn --folder text", "text is a file"),
    ("listen_library none --out out", "there is no such folder"),
    ("listen_library folder --out text", "text is a file"),
    ("listen_library folder --out out --status", "holds no pass yet"),
    ("prepare_magnatagatune folder", "no annotations_final.csv"),
    ("prepare_magnatagatune folder --workers 0", "is no whole number from 1"),
    ("evaluate_tagger --store none --annotations text", "there is no such folder"),
    ("train_clmr pretrain --store folder --annotations text --out out --learning-rate nan", "is no number above 0"),
    ("train_clmr head --store folder --annotations text --out out", "needs --encoder"),
    ("train_clmr nothing", "invalid choice"),
    ("tag none.wav", "there is no such file"),
    ("tag text", "text"),
    ("tag text --top 0", "is no whole number from 1"),
]


@pytest.fixture
def files(tmp_path: Path, monkeypatch: Any, settings: Any) -> None:
    monkeypatch.chdir(tmp_path)
    settings.DATA_DIR = tmp_path / "data"
    settings.DATA_DIR.mkdir()
    Path("folder").mkdir()
    Path("text").write_text("only words\n")
    Path("empty").touch()
    Path("binary").write_bytes(b"\x89PNG\0\xff")


@pytest.fixture
def study(db: None) -> Study:
    return make_open_study(clips=1)


def typed(words: str, study: Study) -> list[str]:
    return shlex.split(words.format(study=study.slug, port=own_port()))


def test_what_is_wrong_ends_with_status_2_and_one_sentence(files: None, study: Study, monkeypatch: Any) -> None:
    monkeypatch.setattr("signal.signal", lambda *_arguments: None)  # of the demo
    wrong: dict[str, str] = {}
    for words, sentence in WRONG:
        before = sorted(path.name for path in Path().iterdir())
        try:
            call_command(*typed(words, study), stdout=io.StringIO(), stderr=io.StringIO())
            wrong[words] = "ended well"
        except CommandError as error:
            said = str(error)
            if error.returncode != 2 or sentence not in said or len(said.splitlines()) != 1 or "[Errno" in said:
                wrong[words] = f"{error.returncode} {said}"
        except BaseException as error:
            wrong[words] = f"a traceback: {error!r}"
        if sorted(path.name for path in Path().iterdir()) != before:
            wrong[words] = f"{wrong.get(words, '')} left files"
    assert wrong == {}
    assert not Study.objects.exclude(pk=study.pk).exists()  # no copy that nobody could answer


class Failing(EarsightCommand):
    """A command that fails as it is told."""

    def __init__(self, error: BaseException) -> None:
        super().__init__()
        self.error = error

    def handle(self, *args: Any, **options: Any) -> None:
        raise self.error


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (FileNotFoundError(2, "No such file or directory", "a.csv"), "a.csv: No such file or directory."),
        (OSError(28, "No space left on device"), "No space left on device."),
        (OperationalError("server closed the connection\nunexpectedly"), "server closed the connection."),
    ],
)
@pytest.mark.django_db
def test_a_fault_that_no_command_foresees_is_a_sentence_too(error: Exception, sentence: str) -> None:
    with pytest.raises(CommandError, match=sentence) as refused:
        call_command(Failing(error), skip_checks=True)
    assert refused.value.returncode == 2
    assert refused.value.__cause__ is error  # what --traceback shows


@pytest.fixture
def run(monkeypatch: Any) -> Callable[[BaseException], Any]:
    """Run manage.py with a command that raises; return how it ends."""

    def run(error: BaseException) -> Any:
        def execute(_utility: Any) -> None:
            raise error

        monkeypatch.setattr(utility.Utility, "execute", execute)
        with pytest.raises(SystemExit) as end:
            utility.run(["manage.py", "x"])
        return end.value.code

    return run


def test_ctrl_c_ends_without_a_traceback(run: Any, capsys: Any) -> None:
    assert run(KeyboardInterrupt()) == 130
    assert capsys.readouterr().err == "Stopped.\n"
    assert run(SystemExit(1)) == 1  # findings stay findings
    assert run(Unavailable(BUSY)) == 2  # a busy machine
    assert capsys.readouterr().err == "Too many passwords at once; run this again in some seconds.\n"


def test_a_command_that_does_not_exist_ends_with_the_one_that_is_meant(capsys: Any) -> None:
    with pytest.raises(SystemExit) as end:
        utility.run(["manage.py", "analyse", "ballots.csv"])
    assert end.value.code == 2
    said = "There is no command 'analyse'; did you mean analyze? `manage.py` alone lists them all.\n"
    assert capsys.readouterr().err == said


def test_a_reader_that_has_had_enough_ends_the_command_in_silence(monkeypatch: Any, capsys: Any) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as output:
        monkeypatch.setattr("sys.stdout", output)
        with pytest.raises(SystemExit) as end:
            utility.run(["manage.py", "help"])
        assert end.value.code == 141
    assert capsys.readouterr().err == ""
