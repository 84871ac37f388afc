"""The items of the reporting checklists.

From the checklist for crowdsourcing experiments of Ramírez et al. (CSCW 2021), all 37 items in their order; the Human
Evaluation Data Sheet HEDS 3.0 (Belz and Thomson 2024), the questions that can be answered here, by their numbers; and
what Otani et al. (CVPR 2023) ask of human evaluations of images. Titles of the first two are theirs.
"""

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True)
class Item:
    """One item of a checklist.

    Attributes:
        number: as in the checklist.
        section: as in the checklist; empty if it has none.
        title: translated lazily.
        fact: key of the fact that the study itself supplies (`checklist_facts`).
        asks: keys of the researcher's answers that belong to the item (`reporting_answers.FIELDS`).
        field: name of the question in the HEDS form.
        only_if_known: whether the item is left out if the study has no answer: it is about a form that was not used.
    """

    number: str
    section: str
    title: Any
    fact: str = ""
    asks: tuple[str, ...] = ()
    field: str = ""
    only_if_known: bool = False


_DESIGN, _CROWD, _TASK = "Experimental design", "Crowd", "Task"
_QUALITY, _OUTCOME, _REQUESTER = "Quality control", "Outcome", "Requester"

RAMIREZ: tuple[Item, ...] = (
    Item("1", _DESIGN, _("Input dataset"), "clips", ("dataset",)),
    Item("2", _DESIGN, _("Allocation to experimental conditions"), "allocation"),
    Item("3", _DESIGN, _("Experimental design to task mapping"), "mapping"),
    Item("4", _DESIGN, _("Execution of experimental conditions"), "execution"),
    Item("5", _DESIGN, _("Execution timeframe"), "dates"),
    Item("6", _DESIGN, _("Pilots"), "pilots"),
    Item("7", _DESIGN, _("Returning workers"), "returning"),
    Item("8", _CROWD, _("Target population"), "", ("population",)),
    Item("9", _CROWD, _("Sampling mechanism"), "", ("recruitment",)),
    Item("10", _TASK, _("Task interface"), "interface"),
    Item("11", _TASK, _("Task interface source"), "", ("source_link",)),
    Item("12", _TASK, _("Instructions"), "instructions"),
    Item("13", _TASK, _("Reward strategy"), "pay", ("reward",)),
    Item("14", _TASK, _("Time allotted"), "time"),
    Item("15", _QUALITY, _("Rejection criteria"), "rejection"),
    Item("16", _QUALITY, _("Number of votes per item"), "ratings"),
    Item("17", _QUALITY, _("Aggregation method"), "aggregation"),
    Item("18", _QUALITY, _("Training"), "training"),
    Item("19", _QUALITY, _("In-task checks"), "in_task"),
    Item("20", _QUALITY, _("Post-task checks"), "post_task"),
    Item("21", _QUALITY, _("Dropouts prevention mechanisms"), "dropouts_prevention"),
    Item("22", _OUTCOME, _("Number of participants"), "participants"),
    Item("23", _OUTCOME, _("Number of contributions"), "contributions"),
    Item("24", _OUTCOME, _("Excluded participants"), "excluded"),
    Item("25", _OUTCOME, _("Discarded data"), "discarded"),
    Item("26", _OUTCOME, _("Dropout rate"), "drop_out"),
    Item("27", _OUTCOME, _("Participant demographics"), "", ("demographics",)),
    Item("28", _OUTCOME, _("Data processing"), "processing"),
    Item("29", _OUTCOME, _("Output dataset"), "data", ("data_link",)),
    Item("30", _REQUESTER, _("Platform(s) used"), "platform"),
    Item("31", _REQUESTER, _("Implemented features"), "features"),
    Item("32", _REQUESTER, _("Fair compensation"), "pay", ("fairness",)),
    Item("33", _REQUESTER, _("Requester–worker interactions"), "", ("interaction",)),
    Item("34", _REQUESTER, _("Privacy and data treatment"), "privacy", ("privacy",)),
    Item("35", _REQUESTER, _("Informed consent"), "consent"),
    Item("36", _REQUESTER, _("Participation awareness"), "awareness"),
    Item("37", _REQUESTER, _("Ethical approvals"), "ethics", ("ethics",)),
)

# Prefixes of field names in the HEDS form.
_SAMPLE = "heds-sample_evaluators_design-sample-"
_EVALUATORS = "heds-sample_evaluators_design-evaluators-"
_EXPERIMENT = "heds-sample_evaluators_design-experimental_design-"
_CRITERION = "heds-criteria-criterion-"

HEDS: tuple[Item, ...] = (
    Item("1.1.1", "1", _("Main reference"), "", ("paper",), "heds-paper_and_resources-paper-link"),
    Item("1.2", "1", _("Resources used"), "", ("data_link",), "heds-paper_and_resources-resources-links"),
    Item(
        "1.3.2",
        "1",
        _("Contact author"),
        "contact",
        ("contact",),
        "heds-paper_and_resources-names_and_affiliations-contact_author-name",
    ),
    Item("2.1", "2", _("Type of input"), "input", (), "heds-system-input_types"),
    Item("2.2", "2", _("Type of output"), "output", (), "heds-system-output_types"),
    Item("3.1.1", "3", _("Outputs evaluated per system"), "outputs", (), _SAMPLE + "number_of_system_outputs"),
    Item("3.1.2", "3", _("How outputs are selected"), "selection", ("dataset",), _SAMPLE + "system_output_selection"),
    Item("3.1.3.1", "3", _("Power analysis"), "power", ("power",), _SAMPLE + "statistical_power-method"),
    Item("3.2.1", "3", _("Number of evaluators"), "evaluators", (), _EVALUATORS + "number_of_evaluators"),
    Item("3.2.2.1", "3", _("Domain experts"), "", ("expertise",), _EVALUATORS + "evaluators-expertise"),
    Item("3.2.2.2", "3", _("Payment"), "pay", ("reward",), _EVALUATORS + "evaluators-payment"),
    Item("3.2.2.3", "3", _("Known to the authors"), "", ("acquaintance",), _EVALUATORS + "evaluators-known_to_authors"),
    Item("3.2.3", "3", _("Recruitment"), "", ("recruitment",), _EVALUATORS + "recruitment_method"),
    Item("3.2.4", "3", _("Training or practice"), "training", (), _EVALUATORS + "training_practice"),
    Item("3.2.5", "3", _("Other characteristics"), "languages", ("demographics",), _EVALUATORS + "characteristics"),
    Item("3.3.1", "3", _("Preregistration"), "preregistered", (), _EXPERIMENT + "preregistered"),
    Item("3.3.2", "3", _("Medium of the responses"), "platform", (), _EXPERIMENT + "collection_method"),
    Item("3.3.3.1", "3", _("Quality assurance"), "in_task", (), _EXPERIMENT + "quality_assurance-method"),
    Item(
        "3.3.3.2",
        "3",
        _("Methods of quality assurance"),
        "post_task",
        (),
        _EXPERIMENT + "quality_assurance-description",
    ),
    Item(
        "3.3.4.1",
        "3",
        _("Where the interface can be seen"),
        "interface",
        ("source_link",),
        _EXPERIMENT + "what_evaluators_see-link",
    ),
    Item("3.3.4.2", "3", _("What evaluators are shown"), "clips", (), _EXPERIMENT + "what_evaluators_see-description"),
    Item("3.3.5", "3", _("Freedom of when and how fast"), "time", (), _EXPERIMENT + "evaluator_freedom"),
    Item("3.3.6", "3", _("Questions and feedback"), "", ("interaction",), _EXPERIMENT + "evaluators_can_ask_questions"),
    Item("3.3.7", "3", _("Conditions of evaluation"), "", ("population",), _EXPERIMENT + "experimental_conditions"),
    Item(
        "4.2.1",
        "4",
        _("Objective or subjective"),
        "subjective",
        (),
        _CRITERION + "evaluation_mode-objective_or_subjective",
    ),
    Item("4.2.2", "4", _("Absolute or relative"), "relative", (), _CRITERION + "evaluation_mode-absolute_or_relative"),
    Item("4.3.3", "4", _("Size of the rating instrument"), "scale_size", only_if_known=True),
    Item("4.3.4", "4", _("Possible values of the rating instrument"), "scale_values", only_if_known=True),
    Item("4.3.5", "4", _("How the rating instrument is shown"), "scale_form", only_if_known=True),
    Item("4.3.6", "4", _("Task instead of a rating instrument"), "instrument"),
    Item("4.3.7", "4", _("Verbatim question"), "question", (), _CRITERION + "response_elicitation-verbatim_question"),
    Item("4.3.9", "4", _("How responses are aggregated"), "aggregation"),
    Item("4.3.10", "4", _("Effect size and significance"), "methods"),
    Item("4.3.11", "4", _("Agreement between evaluators"), "alpha"),
    Item("4.3.12", "4", _("Agreement within evaluators"), "retest"),
    Item("5.1", "5", _("Ethics committee"), "ethics", ("ethics",), "heds-ethics-review_body"),
    Item("5.2", "5", _("Personal data"), "privacy", (), "heds-ethics-personal_data"),
    Item("5.4", "5", _("Impact assessments"), "", ("privacy",), "heds-ethics-impact_assessments"),
)

OTANI: tuple[Item, ...] = (
    Item("a", "", _("Qualification of the raters"), "", ("population",)),
    Item("b", "", _("Number of raters"), "participants"),
    Item("c", "", _("Ratings per sample"), "ratings"),
    Item("d", "", _("Question and scale"), "instrument"),
    Item("e", "", _("Interface and instructions"), "interface"),
    Item("f", "", _("Krippendorff's α for each question"), "alpha"),
    Item("g", "", _("Median working time"), "work_time"),
    Item("h", "", _("Cost against a stated wage"), "cost", ("reward",)),
)

CHECKLISTS: tuple[tuple[str, tuple[Item, ...]], ...] = (
    ("Ramírez et al. 2021", RAMIREZ),
    ("HEDS 3.0", HEDS),
    ("Otani et al. 2023", OTANI),
)
