"""Numbers that help texts name are those that the code uses."""

from datetime import timedelta
from pathlib import Path

import pytest

from analysis.report.files.typesetting import _DPI
from analysis.report.text.answer import ADVISED_CLIPS
from analysis.statistics import cautions
from analysis.study_results.early_stop import GONE_AFTER
from config.celery import app
from study.console.forms.plan import GROUPS, PlanForm
from study.design.slots import ACTIVE_MINUTES
from study.participants.headphones import PASSES_FROM, QUIETEST
from study.participants.listening import MAX_DEFAULT_MINIMUM
from study.participants.monitoring import ACTIVE_WITHIN
from study.setup.clip_import import MAXIMUM_BYTES
from study.survey_images.encoding import LOSSY

HOME = Path(__file__).resolve().parents[3]
PLAN = {name: str(text) for name, text in PlanForm.HELP.items()} | {key: str(text) for key, _title, text, _ in GROUPS}


def page(name: str) -> str:
    return " ".join((HOME / name).read_text(encoding="utf-8").split())


@pytest.mark.parametrize(
    ("text", "said", "is_so"),
    [
        (PLAN["people"], "At least 12 clips", ADVISED_CLIPS == cautions.ADVISED_CLIPS == 12),
        (page("templates/study/clips.html"), "at least 12 are advised", ADVISED_CLIPS == 12),
        (page("templates/study/plan.html"), "at least 12 are advised", ADVISED_CLIPS == 12),
        (page("study/setup/preflight.py"), "at least 12 are advised", ADVISED_CLIPS == 12),
        (PLAN["listening_minimum_seconds"], "at most 15 seconds", MAX_DEFAULT_MINIMUM == 15),
        (PLAN["headphone_check"], "Six short sounds", len(QUIETEST) == 6),
        (PLAN["headphone_check"], "five right pass", PASSES_FROM == 5),
        (PLAN["images_lossless"], "WebP of quality 80", LOSSY["quality"] == 80),
        (page("templates/study/_question_screening.html"), "half an hour ago", ACTIVE_MINUTES == 30),
        (page("docs/console.md"), "within the last 30 minutes", timedelta(minutes=30) == ACTIVE_WITHIN),
        (page("templates/study/clips.html"), "larger than 400 MB", MAXIMUM_BYTES == 400 << 20),
        (page("templates/analysis/figures.html"), "300 dots an inch", _DPI == 300),
        (page("templates/analysis/analysis_rules.html"), "counted after a day", timedelta(days=1) == GONE_AFTER),
        (
            page("templates/study/_head.html"),
            "every ten minutes",
            app.conf.beat_schedule["publish heads of logs"]["schedule"] == 600,
        ),
    ],
)
def test_a_number_in_a_help_text_is_the_one_in_the_code(text: str, said: str, is_so: bool) -> None:
    assert said in text
    assert is_so
