"""Studies that can be deposited, for tests."""

import csv
from datetime import date
from pathlib import Path
from typing import Any

from analysis.study_results.analyses import build_analysis
from config.deposits.description import Creator
from config.deposits.facts import PublicationFacts, save_publication_facts
from study.models import Study
from study.tables.spreadsheet import unescape_formula

TODAY = date(2026, 12, 1)
MINA = Creator(family="Kim", given="Mina", orcid="0000-0002-1825-0097", affiliation="University of Somewhere")


def ready(study: Study, **facts: Any) -> Study:
    """The closed study with a licence, a creator and an analysis."""
    Study.objects.filter(pk=study.pk).update(licence="CC-BY-4.0")
    study.refresh_from_db()
    save_publication_facts(study, PublicationFacts(**{"creators": (MINA,)} | facts))
    build_analysis(study)
    return study


def rows(path: Path) -> list[dict[str, str]]:
    """The rows of a table, as text without escapes."""
    with path.open(encoding="utf-8", newline="") as file:
        return [{name: unescape_formula(cell) for name, cell in row.items()} for row in csv.DictReader(file)]
