"""Where the files of a deposit are: folders and names by the rules of Psych-DS, which the other formats take over.

Psych-DS asks for tables in `data/` whose names are keywords with values and end in `_data.csv`; `description` is its
keyword for what a file holds. It knows `materials`, `results`, `analysis` and `documentation` beside it, and warns of
a deposit without them. Source: https://psychds-docs.readthedocs.io, schema of the validator 1.5.
"""

import re


def table_path(name: str) -> str:
    """Return where the table of this name is, as "data/description-ballots_data.csv".

    Raises:
        ValueError: `name` has anything but letters and digits, which Psych-DS does not take.
    """
    if not re.fullmatch("[A-Za-z0-9]+", name):
        raise ValueError(f"A table of a deposit is called by letters and digits alone, not “{name}”.")
    return f"data/description-{name}_data.csv"


def table_name(path: str) -> str:
    """Return the name of the table at `path`: "ballots"; of a table elsewhere its file name without the ending."""
    found = re.fullmatch(r"data/description-([A-Za-z0-9]+)_data\.csv", path)
    return found[1] if found else path.rsplit("/", 1)[-1].rsplit(".", 1)[0]


def of_stage(path: str, stage: str) -> str:
    """Return where the table of another stage is: "data/description-ballotsfollowup_data.csv"; `path`: of the main."""
    return table_path(table_name(path) + stage.replace("_", ""))


def name_of(path: str) -> str:
    """Return the name of a table in keys of findings and of what is left out: "participants.csv"."""
    return f"{table_name(path)}.csv"


BALLOTS = table_path("ballots")
ANSWERS = table_path("answers")
PARTICIPANTS = table_path("participants")
STIMULI = table_path("stimuli")
CLIPS = table_path("clips")
MATCH_CONTROL = table_path("matchcontrol")
PAINTINGS = table_path("paintings")
CLIPS_LEFT_OUT = table_path("clipsleftout")

CODEBOOK = "documentation/codebook.csv"
PLAN = "documentation/plan.json"
STUDY = "documentation/study.json"
INTERFACE = "documentation/interface"
PROVENANCE = "materials/provenance.json"
IMAGES = "materials/images"
SOUNDS = "materials/sounds"
ANALYSIS = "results/analysis.json"
VERSIONS = "results/versions.json"
RESULTS = "results"
REPORT = "results/report.pdf"
LICENCE = "LICENSE.txt"
SUMS = "SHA256SUMS"
