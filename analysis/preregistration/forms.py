"""The forms of the registries: their questions in order, word for word where short, and what answers each.

OSF Preregistration, version 3 of the schema (`website/project/metadata/osf-preregistration-3.json` of the OSF's source;
title and description are the registration's own), and AsPredicted, questions of version 2.00. Read in November 2026.
"""

from collections.abc import Callable
from dataclasses import dataclass

from analysis.preregistration import analysis_plan, design_plan, sampling
from analysis.preregistration.answers import Answer, joined
from analysis.preregistration.hypotheses import hypotheses, research_question
from analysis.preregistration.planned import Planned


@dataclass(frozen=True)
class Question:
    """A question of a form.

    Attributes:
        key: as the form's own data name it: of the OSF the key of `registration_responses`, None for what is no
            response there; of AsPredicted the key of its template on the OSF.
        several: whether more than one option can be chosen.
        required: whether the form asks for an answer.
    """

    key: str
    section: str
    title: str
    answer: Callable[[Planned], Answer]
    required: bool = True
    several: bool = False


@dataclass(frozen=True)
class Form:
    """A registry's form; `long` is from how many characters an answer is marked as long, None for never."""

    key: str
    name: str
    version: str
    address: str
    questions: tuple[Question, ...]
    long: int | None = None


def _title(planned: Planned) -> Answer:
    return Answer(planned.study.title)


def _experiment(planned: Planned) -> Answer:
    return Answer(chosen=("Experiment",))


def _dependent(planned: Planned) -> Answer:
    return joined(design_plan.measured(planned), design_plan.indices(planned))


def _conditions(planned: Planned) -> Answer:
    return joined(
        design_plan.manipulated(planned), design_plan.study_design(planned), design_plan.randomization(planned)
    )


def _analyses(planned: Planned) -> Answer:
    return joined(analysis_plan.statistical_models(planned), analysis_plan.inference_criteria(planned))


def _exclusions(planned: Planned) -> Answer:
    return joined(analysis_plan.exclusion(planned), analysis_plan.missing_data(planned))


def _sample(planned: Planned) -> Answer:
    return joined(sampling.sample_size(planned), sampling.rationale(planned), sampling.stopping_rule(planned))


def _main_question(planned: Planned) -> Answer:
    return joined(research_question(planned), hypotheses(planned))


def _anything_else(planned: Planned) -> Answer:
    return joined(
        sampling.existing_and_pilots(planned),
        analysis_plan.exploratory(planned),
        analysis_plan.other(planned),
    )


_STUDY, _DESIGN, _SAMPLING = "Study Information", "Design Plan", "Sampling Plan"
_VARIABLES, _ANALYSIS = "Variables", "Analysis Plan"

OSF = Form(
    "osf",
    "OSF Preregistration",
    "version 3",
    "https://osf.io/registries/osf/new",
    (
        Question("title", "Metadata", "Title", _title),
        Question("description", "Metadata", "Description", research_question),
        Question("q2", _STUDY, "Hypotheses", hypotheses),
        Question("q3", _DESIGN, "Study type", design_plan.study_type),
        Question("q4", _DESIGN, "Blinding", design_plan.blinding, several=True),
        Question(
            "q5",
            _DESIGN,
            "Is there any additional blinding in this study?",
            design_plan.additional_blinding,
            required=False,
        ),
        Question("q6.question", _DESIGN, "Study design", design_plan.study_design),
        Question("q7", _DESIGN, "Randomization", design_plan.randomization, required=False),
        Question("q8", _SAMPLING, "Existing Data", sampling.existing_data),
        Question("q9", _SAMPLING, "Explanation of existing data", sampling.explanation, required=False),
        Question("q10.question", _SAMPLING, "Data collection procedures", sampling.procedures),
        Question("q11", _SAMPLING, "Sample size", sampling.sample_size),
        Question("q12", _SAMPLING, "Sample size rationale", sampling.rationale, required=False),
        Question("q13", _SAMPLING, "Stopping rule", sampling.stopping_rule, required=False),
        Question("q14.question", _VARIABLES, "Manipulated variables", design_plan.manipulated, required=False),
        Question("q15.question", _VARIABLES, "Measured variables", design_plan.measured),
        Question("q16.question", _VARIABLES, "Indices", design_plan.indices, required=False),
        Question("q17.question", _ANALYSIS, "Statistical models", analysis_plan.statistical_models),
        Question("q18", _ANALYSIS, "Transformations", analysis_plan.transformations, required=False),
        Question("q19", _ANALYSIS, "Inference criteria", analysis_plan.inference_criteria, required=False),
        Question("q20", _ANALYSIS, "Data exclusion", analysis_plan.exclusion, required=False),
        Question("q21", _ANALYSIS, "Missing data", analysis_plan.missing_data, required=False),
        Question("q22", _ANALYSIS, "Exploratory analysis", analysis_plan.exploratory, required=False),
        Question("q23", "Other", "Other", analysis_plan.other, required=False),
    ),
)

AS_PREDICTED = Form(
    "aspredicted",
    "AsPredicted",
    "questions of version 2.00",
    "https://aspredicted.org",
    (
        Question("data", "", "1) Have any data been collected for this study already?", sampling.data_collected),
        Question(
            "hypothesis",
            "",
            "2) What's the main question being asked or hypothesis being tested in this study?",
            _main_question,
        ),
        Question(
            "dependent",
            "",
            "3) Describe the key dependent variable(s) specifying how they will be measured.",
            _dependent,
        ),
        Question("conditions", "", "4) How many and which conditions will participants be assigned to?", _conditions),
        Question(
            "analyses",
            "",
            "5) Specify exactly which analyses you will conduct to examine the main question/hypothesis.",
            _analyses,
        ),
        Question(
            "outliers",
            "",
            "6) Describe exactly how outliers will be defined and handled, and your precise rule(s) for excluding "
            "observations.",
            _exclusions,
        ),
        Question(
            "sample",
            "",
            "7) How many observations will be collected or what will determine sample size?",
            _sample,
        ),
        Question("other", "", "8) Anything else you would like to pre-register?", _anything_else, required=False),
        Question("name", "", "Name. Give a title for this AsPredicted pre-registration.", _title),
        Question("study_type", "", "Type of study", _experiment),
    ),
    long=3_200,
)

FORMS = {form.key: form for form in (OSF, AS_PREDICTED)}
