"""Check an export's versions: under which one somebody began, their number and the chain say."""

from collections.abc import Iterator, Mapping
from typing import Any

from config.bundles.chain_check import Chain, read_chain
from config.bundles.reading import CHAIN, Bundle, Unreadable, number_of
from study.participants.number_ranges import Starts, part_of
from study.participants.study_versions import MADE, version_starts


def check_versions(bundle: Bundle) -> None:
    """Check that the newest version and those of people are what the chain has fixed."""
    chain = read_chain(bundle)
    stated = bundle.study.get("version", 1)
    if chain is None:
        if stated != 1:
            bundle.unchecked.append("who began under which version: this export has no chain")
        return
    newest, starts = _versions_in(chain)
    faults = [*_people_faults(bundle, starts, newest)]
    if stated != newest:
        faults.insert(0, f"study.json: the version is {stated}; by the chain it is {newest}.")
    bundle.blame(faults, "versions")
    if newest > 1:
        bundle.checked.append("who began under which version, by the chain")


def _versions_in(chain: Chain) -> tuple[int, Starts]:
    newest, starts = 1, Starts()
    for entry in chain.whole:
        if entry["action"] == MADE:
            try:
                starts = version_starts(starts, entry["data"])
            except ValueError as error:
                raise Unreadable(f"{CHAIN}: entry {entry['number']} makes no version that there is.") from error
            newest = entry["data"]["version"]
    return newest, starts


def _people_faults(bundle: Bundle, starts: Starts, newest: int) -> Iterator[str]:
    if "participants.csv" not in bundle.members:
        return
    for row in bundle.participants:
        code = row.get("participant") or ""
        expected, stated = str(part_of(number_of(code), starts, 1)), row.get("study_version")
        if stated != expected and not (stated is None and newest == 1):
            yield f"participants.csv: {code} is of the version {stated}; by the chain they began under {expected}."


def version_of_people(rows: list[dict[str, str]]) -> Mapping[str, Any]:
    """The version of each person by participants.csv; empty if it names none."""
    return {row["participant"]: row["study_version"] for row in rows if row.get("study_version")}
