"""Check a study's stages and versions against the log; those of single people are checked with them (`people`)."""

from study.models import Study
from study.verification.findings import Findings
from study.verification.log_facts import LogFacts


def check_stages(study: Study, facts: LogFacts, found: Findings) -> None:
    """Compare the current stage and version, and from which number on each holds, with the entries that began them."""
    found.faults += [
        f"Log: entry {number} begins no stage and no version that there is." for number in facts.unreadable
    ]
    current = next(reversed(facts.begun), Study.Stage.MAIN)
    if study.stage != current:
        found.faults.append(f"The study is in the stage {study.stage}; by its log it is in {current}.")
    for stage, fact in study.stages.items():
        # The main stage from the opening on has no entry of its own.
        stated = {"after": fact.get("after"), "target": fact.get("target")}
        if stated != facts.begun.get(stage, {"after": 0, "target": None} if stage == Study.Stage.MAIN else None):
            found.faults.append(f"The stage {stage} is not what the log says of it.")
    missing = {stage for _after, stage in facts.stages} - {Study.Stage.MAIN} - study.stages.keys()
    found.faults += [f"The stage {stage} has begun by the log, and the study has none." for stage in sorted(missing)]
    if study.version != facts.version:
        found.faults.append(f"The study has the version {study.version}; by its log it is {facts.version}.")
    if facts.versions:
        found.checked.append(f"the versions, against the log; the newest is {facts.version}")
    if facts.stages or study.stages:
        found.checked.append(f"the stages, against the log; the current one is {current}")
