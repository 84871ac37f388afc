"""Check ballots, as they are in the database now: their digests, and whether the instrument can give them."""

import json
from collections.abc import Mapping
from typing import Any

from study.ballots.receipts import verify_ballot
from study.ballots.table import CONTENT, ballots_by_person, columns_of, counted_kind
from study.instruments.of_study import instrument_of, is_classic
from study.instruments.possible import content_fault
from study.instruments.questions import Instrument
from study.instruments.reading import InstrumentRefused
from study.models import Ballot, Study, Trial
from study.verification.findings import Findings


def check_ballots(study: Study, found: Findings) -> None:
    """Check every ballot against its digest, and its content against the study's instrument."""
    try:
        instrument = instrument_of(study)
    except InstrumentRefused as error:
        found.faults.append(f"Ballots cannot be checked: {error}")
        return
    count, faults, columns = 0, _contents_unasked(study), columns_of(study)
    kinds, stages = (counted_kind(study),), Study.Stage.values
    by_person = ballots_by_person(study, sealed=False, kinds=kinds, trial_kinds=Trial.Kind.values, stages=stages)
    for person, rows in by_person:
        for values in rows:
            count, row = count + 1, dict(zip(columns, values, strict=True))
            if not verify_ballot(row):
                faults.append(f"Ballot {person.code}, trial {row['trial']}: it does not agree with its digest.")
            if CONTENT in row and (fault := _fault_of_row(row, instrument)):
                faults.append(f"Ballot {person.code}, trial {row['trial']}: {fault}.")
    found.add_faults(faults)
    found.checked.append(f"digests of {count} ballots")


def _contents_unasked(study: Study) -> list[str]:
    """Return a fault if ballots of a study without an instrument hold answers to further questions."""
    if not is_classic(study):
        return []
    count = Ballot.objects.filter(trial__participant__study=study).exclude(content={}).count()
    return [f"{count} ballots have answers to questions that the study does not ask."] if count else []


def _fault_of_row(row: Mapping[str, Any], instrument: Instrument) -> str:
    """Return why a row of the unsealed ballot table cannot be an answer to the instrument; empty if it can."""
    return content_fault(
        instrument,
        json.loads(row["content"]) if row["content"] else {},
        shown=str(row["order"]).split(";"),
        first=row["first"] or None,
        second=row["second"] or None,
        none_fits=bool(row["none_fits"]),
    )
