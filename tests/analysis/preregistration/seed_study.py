"""The seed's study as its researchers would register it: four conditions, six clips, thirty people."""

from analysis.study_results.registration import save_registration
from analysis.study_results.reporting_answers import save_reporting_answers
from study.models import Study
from study.participants.exclusion_rules import ExclusionRule, rules_json
from tests.factories import make_study

DIRECTION = "choice:redefined_minus_original"


def seed_study() -> Study:
    """A draft of it, with everything said that a registry asks for."""
    study = make_study(
        clips=6,
        title="Do redefined tags make better images of music?",
        question={"en": "Which image do you prefer for this music?"},
        target_participants=30,
        languages=["en", "ko"],
    )
    study.plan = study.plan | {"exclusions": rules_json([ExclusionRule("not_listened", 0.5)])}
    study.save()
    save_reporting_answers(
        study,
        {
            "population": "Adults who hear music without a hearing aid",
            "recruitment": "Notices at the university and in a music school",
            "dataset": "Six clips of MagnaTagATune, each of another genre",
        },
    )
    save_registration(
        study,
        {
            "question": "Do corrected tags make images that people prefer for a piece of music?",
            "rationale": "Thirty people, as in the published table",
            "timeline": "Two weeks after the opening",
        },
        existing="none",
        directions={DIRECTION: "more"},
    )
    study.refresh_from_db()
    return study
