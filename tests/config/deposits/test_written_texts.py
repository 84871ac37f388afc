"""What is written is searched too: no file of a deposit says what nobody was asked about."""

from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.core.management import CommandError, call_command

from config.deposits import checking, gathering, paths
from config.deposits.facts import PublicationFacts
from config.deposits.personal.search import Search
from config.deposits.persons import findings
from config.deposits.tables.study_tables import Tables
from config.deposits.texts import texts_of
from config.deposits.written_texts import written_findings
from study.models import Study
from tests.analysis.answered_studies import closed_study
from tests.config.bundles.test_instrument_bundles import open_study
from tests.config.deposits.studies import ready

MAIL = "jo@example.org"


def written(folder: Path, **files: str) -> list[tuple[str, str]]:
    """Where something was found, and what of it is shown."""
    places = {"table": "data/description-clips_data.csv", "page": "results/report-en.html", "json": "results/a.json"}
    for name, text in files.items():
        path = folder / places[name]
        path.parent.mkdir(exist_ok=True, parents=True)
        path.write_text(text, encoding="utf-8")
    search = Search(["Minho Lee"], ["mina@example.org"])
    found = written_findings(folder, ["known: 010-1234-5678"], search, codes={"r0007", "r0012"}, seed=20261103)
    return [(one.where, one.example) for one in found]


def test_what_stands_in_no_table_and_no_text_that_was_searched_is_found(tmp_path: Path) -> None:
    page = f"<style>a{{}}</style><p title='x'>Write to {MAIL.replace('@', '&#64;')}, or Minho&nbsp;Lee.</p>"
    assert written(tmp_path / "a", table="clip\na.flac\n", page=page, json='{"left out": "r0007, r0013"}') == [
        ("results/a.json", "r0007"),
        ("results/report-en.html", "M•••• L••"),
        ("results/report-en.html", "j•@e••••••.o••"),
    ]
    assert written(tmp_path / "b", table="", json='{"orders": 20261103}') == [("results/a.json", "")]
    picture = '<img src="data:image/png;base64,010-1234-5678jo@example.org=="><svg><path d="M0 010-1234-5679"/></svg>'
    same = f"mina@example.org, 010-1234-5678, {MAIL} and r0012.flac; 3.1.3.1; {picture.replace('010-1234-5678', '')}"
    assert written(tmp_path / "c", table=f"note\n{MAIL}\n", page=same, json='{"estimate": 0.20261103}') == []


@pytest.mark.django_db
def test_every_text_that_goes_into_a_deposit_is_searched() -> None:
    study = open_study()
    study.instrument["questions"][0]["text"] = {"en": f"1 {MAIL}"}
    study.plan = study.plan | {
        "fixed": {"question": {"en": f"2 {MAIL}"}, "seed": 20261103},
        "registration": {"answers": {"other": f"3 {MAIL}"}},
        "reporting": {"deviations": f"4 {MAIL}"},
    }
    study.screen_out_text = {"en": f"5 {MAIL}"}
    study.ethics_reason = f"6 {MAIL}"
    study.interface_pictures.create(caption=f"7 {MAIL}", image="interface/none.png")
    study.conditions.update(levels={"words": f"8 {MAIL}"})
    facts = PublicationFacts(funding=(f"9 {MAIL}",))
    found = findings({}, texts_of(Tables(study), facts))
    assert {one.where.partition(" (")[0] for one in found} >= {
        *("study: instrument", "study: plan as it was fixed", "preregistration: other", "reporting: deviations"),
        *("study: screen_out_text", "study: ethics_reason", "picture of the interface 1", "publish: funding"),
        *(f"study: condition {row.key}" for row in study.conditions.all()),
    }


@pytest.mark.django_db
def test_a_deposit_whose_files_say_more_than_was_searched_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = ready(closed_study(people=2, clips=2, description=f"Write to {MAIL}"))
    study.interface_pictures.create(caption="A trial", image=ContentFile(b"a picture", "a.png"))
    monkeypatch.setattr(checking, "texts_of", lambda *_of: {})
    monkeypatch.setattr(checking.persons, "findings", lambda *_tables, **_hints: [])
    monkeypatch.setattr(gathering, "report_files", lambda _shown: [("report-en.html", b"made of the description")])
    with pytest.raises(CommandError, match=r"documentation/study\.json: This looks like an e-mail address") as refused:
        call_command("deposit", study.slug, str(tmp_path / "out"))
    assert refused.value.returncode == 2
    assert "README.md" in str(refused.value)
    assert list(tmp_path.iterdir()) == []
    named = [line.rpartition("(")[2].rstrip(")") for line in str(refused.value).splitlines()]
    call_command("deposit", study.slug, str(tmp_path / "out"), *(f"--accept={name}" for name in named))
    assert "own-1.png`" in (tmp_path / "out" / "README.md").read_text(encoding="utf-8")
    assert (tmp_path / "out" / paths.INTERFACE / "own-1.png").read_bytes() == b"a picture"
    assert Study.objects.get().plan["publication"]["kept"] == sorted(set(named))
