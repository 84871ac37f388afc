"""Check an export's stages: of which one somebody is, their number and the chain say."""

from collections.abc import Iterator
from typing import Any

from config.bundles.chain_check import Chain, read_chain
from config.bundles.reading import BALLOTS, CHAIN, MATCH_CONTROL, OTHER_STAGES, Bundle, Unreadable, number_of
from study.models import StudyStage
from study.participants.number_ranges import Starts, part_of
from study.participants.study_stages import BEGUN, stage_starts

MAIN = str(StudyStage.MAIN)


def check_stages(bundle: Bundle) -> None:
    """Check that stages, people and tables of each stage are those that the chain has fixed."""
    chain = read_chain(bundle)
    starts = _starts_in(chain) if chain is not None else []
    stated = bundle.study.get("stages")
    if chain is None:
        if stated:
            bundle.unchecked.append("who belongs to which stage: this export has no chain")
        return
    faults = [*_course_faults(bundle, starts), *_people_faults(bundle, starts), *_table_faults(bundle, starts)]
    bundle.blame(faults, "stages")
    if starts or stated:
        bundle.checked.append("who belongs to which stage, by the chain")


def _starts_in(chain: Chain) -> Starts:
    starts: Starts = []
    for entry in chain.whole:
        if entry["action"] == BEGUN:
            try:
                starts = stage_starts(starts, entry["data"])
            except ValueError as error:
                raise Unreadable(f"{CHAIN}: entry {entry['number']} begins no stage that there is.") from error
    return starts


def _course_faults(bundle: Bundle, starts: Starts) -> Iterator[str]:
    stated = bundle.study.get("stages") or {}
    if not isinstance(stated, dict) or not all(isinstance(fact, dict) for fact in stated.values()):
        raise Unreadable("study.json: its stages are not what an export holds there.")
    current = starts[-1][1] if starts else MAIN
    if bundle.study.get("stage", MAIN) != current:
        yield f"study.json: the stage is {bundle.study.get('stage')}; by the chain it is {current}."
    begun = {stage: after for after, stage in starts}
    for stage, fact in stated.items():
        if fact.get("after") != begun.get(stage, 0 if stage == MAIN else fact.get("after")):
            yield f"study.json: the stage {stage} did not begin after person {fact.get('after')} by the chain."
    for stage in sorted(begun.keys() - {MAIN} - stated.keys()):
        yield f"study.json: the stage {stage} is missing, and has begun by the chain."


def _stage_of(code: Any, starts: Starts) -> str:
    stage: str = part_of(number_of(code), starts, MAIN)
    return stage


def _people_faults(bundle: Bundle, starts: Starts) -> Iterator[str]:
    if "participants.csv" not in bundle.members:
        return
    for row in bundle.participants:
        code, expected = row.get("participant"), _stage_of(row.get("participant"), starts)
        stated = row.get("stage")
        if stated != expected and not (stated is None and not bundle.study.get("stages") and expected == MAIN):
            yield f"participants.csv: {code} is of the stage {stated}; by the chain they began in {expected}."


def _table_faults(bundle: Bundle, starts: Starts) -> Iterator[str]:
    for table in (BALLOTS, MATCH_CONTROL):
        for name in bundle.tables_of(table):
            if name not in bundle.members:
                continue
            stage = next((stage for stage in OTHER_STAGES if name.endswith(f"_{stage}.csv")), MAIN)
            wrong = {
                code
                for row in bundle.each_row(name)
                if _stage_of(code := row.get("participant") or "", starts) != stage
            }
            for code in sorted(wrong):
                yield f"{name}: {code} began in the stage {_stage_of(code, starts)}, and belongs to another table."
