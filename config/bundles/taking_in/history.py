"""The chain and the analysis of a closed study: read-only history of another installation."""

from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from typing import Any

from analysis.models import Analysis
from analysis.study_results.participant_flow import participant_flow
from config.bundles.chain_check import read_chain
from config.bundles.reading import CHAIN, Bundle, Unreadable
from config.bundles.taking_in.rows import ensure_storable, time_from
from config.bundles.whole import ANALYSIS, ANALYSIS_FIELDS
from study.ballots.table_state import table_state
from study.models import LogEntry, Study
from study.models.log import ChainHead


def add_chain(study: Study, bundle: Bundle) -> tuple[int, str]:
    """Add the entries of the bundle's chain, which was checked; return the number and the head of the last.

    Accounts are of the other installation: their names stay, as texts.
    """
    chain = read_chain(bundle)
    if chain is None or not chain.entries:
        raise Unreadable(f"{CHAIN} is missing or empty.")
    rows = _entries(study, chain.entries)
    while batch := list(islice(rows, 2000)):
        LogEntry.objects.bulk_create(batch)
    number = chain.entries[-1]["number"]
    ChainHead.objects.update_or_create(study=study, defaults={"number": number, "head": chain.head})
    return number, chain.head


def _entries(study: Study, entries: list[dict[str, Any]]) -> Iterator[LogEntry]:
    longest = {"actor": 150, "action": 60, "nonce": 32, "digest": 64, "head": 64}
    for entry in entries:
        where = f"{CHAIN}, entry {entry['number']}"
        ensure_storable(entry, where)
        if any(len(entry.get(name, "")) > length for name, length in longest.items()):
            raise Unreadable(f"{where}: a text in it is longer than any export's.")
        link = {name: entry[name] for name in ("number", "digest", "head")}
        if entry.get("erased") is True:
            yield LogEntry(study=study, at=None, action=entry["action"], erased=True, **link)
            continue
        texts = {name: entry[name] for name in ("action", "reason", "data", "nonce")}
        yield LogEntry(study=study, at=_time(where, entry["at"]), actor_name=entry["actor"], **texts, **link)


def _time(where: str, text: str) -> datetime:
    try:
        return time_from(text, "its time")
    except ValueError as error:
        raise Unreadable(f"{where}: {str(error)[:200]}.") from error


# Times have more than whole seconds elsewhere; steps before the trials are erased when their time is over; flags are
# judged again with what arrives.
_MAY_DIFFER = frozenset({"median_seconds", "further", "of_stages"})


def _is_flow_of(study: Study, flow: dict[str, Any]) -> bool:
    """Whether the stored flow is that of the people who were brought in, in all that cannot have changed since."""
    counted = participant_flow(study)
    return all(flow.get(name) == number for name, number in counted.items() if name not in _MAY_DIFFER)


def add_analysis(study: Study, bundle: Bundle) -> None:
    """Add the analysis, which was computed again from the ballots when the bundle was checked.

    Raises:
        Unreadable: it is not the one in the bundle's other files, or its flow is not that of the people.
    """
    if ANALYSIS not in bundle.members:
        return
    data = bundle.json(ANALYSIS)
    ensure_storable(data, ANALYSIS)
    if data.keys() != set(ANALYSIS_FIELDS) or not all(isinstance(data[name], dict) for name in ANALYSIS_FIELDS[:4]):
        raise Unreadable(f"{ANALYSIS} is not what an export holds there.")
    for name, file in (("result", "analysis.json"), ("plan", "plan.json"), ("versions", "versions.json")):
        if data[name] != bundle.json(file):
            raise Unreadable(f"{ANALYSIS}: its {name} is not that of {file}.")
    if data["flow"] and not _is_flow_of(study, data["flow"]):
        raise Unreadable(f"{ANALYSIS}: its flow of people is not that of the people in the bundle.")
    Analysis.objects.create(
        study=study,
        state=Analysis.State.READY,
        erasures=study.erasures,
        table_state=table_state(study),
        finished_at=study.closed_at,
        **data,
    )
