"""Compare two exports of one study: what was added, and whether anything disappeared or changed.

The usual case is an export made while the study was sealed and one made afterwards. The older one shows conditions as
labels that differ by person; that each label of a person stands for one condition in the newer one is checked all the
same.
"""

import zipfile
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from analysis.study_results.report_files import REPORT_FILES
from config.bundles.chain_check import Chain, read_chain
from config.bundles.check import check_bundle
from config.bundles.content_diff import has_pairs, is_same_but_for_names, ranked_key_in, words_in
from config.bundles.reading import (
    CHAIN,
    CLIPS_LEFT_OUT,
    MATCH_CONTROL,
    MAX_FILES,
    MAX_REPORTED,
    PAINTINGS,
    Bundle,
    Unreadable,
)
from config.bundles.whole import SOUNDS
from study.verification.chain import ERASABLE

Row = Mapping[str, str]
_TIMES = ("answered_at", "received_at", "started_at", "completed_at")
_DURATIONS = ("seconds", "listened_seconds")
# What a newer export may say anew of a person who had finished, and of their ballots.
_JUDGED = ("excluded", "exclusion_reason", "flags", "language")
_HIDDEN_IF_SEALED = ("position_first", "position_second", "order", "reason", "nonce", "digest", "slot")
_LABELS = ("first", "second")
# Of study.json, once the study was opened. "" and null say nothing yet.
_FIXED = ("opened_at", "closed_at", "plan", "plan_digest", "simulated", "images_shown", "instrument")


@dataclass
class Difference:
    """What a newer export adds to an older one, what disappeared or changed, and what could not be compared."""

    added: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    unchecked: list[str] = field(default_factory=list)


@dataclass
class _Pair:
    """Two exports of one study, and what is found about them."""

    old: Bundle
    new: Bundle
    old_chain: Chain | None
    new_chain: Chain | None
    found: Difference

    def has_withdrawn(self, code: str) -> bool:
        """Return whether somebody of the older export has withdrawn, and so may be missing in the newer one."""
        return self.new_chain is not None and code in self.new_chain.withdrawn

    @cached_property
    def ended(self) -> set[str]:
        """Return the people whose ballots could change no more when the older export was made."""
        rows = self.old.participants
        completed = {row["participant"] for row in rows if row.get("status") == "completed"}
        return completed | (self.old_chain.bound.keys() if self.old_chain is not None else set())

    def faults(self, found: Iterable[str]) -> None:
        """Add faults of one kind, and of many only the first and their number."""
        faults = list(found)
        self.found.faults += faults[:MAX_REPORTED]
        if len(faults) > MAX_REPORTED:
            self.found.faults.append(f"{len(faults) - MAX_REPORTED} more of this kind.")


def verify_diff(older: Path, newer: Path) -> Difference:
    """Check both exports, then compare them.

    Raises:
        zipfile.BadZipFile: one is no zip.
    """
    found = Difference()
    with zipfile.ZipFile(older) as old_archive, zipfile.ZipFile(newer) as new_archive:
        old, new = Bundle(old_archive), Bundle(new_archive)
        for name, bundle in (("OLD", old), ("NEW", new)):
            if len(bundle.archive.infolist()) > MAX_FILES:
                found.faults.append(f"{name}: there are more than {MAX_FILES} files in it: this is no export.")
                return found
            check_bundle(bundle)
            found.faults += [f"{name}: {text}" for text in bundle.faults]
        try:
            _compare(old, new, found)
        except (Unreadable, KeyError) as error:
            missing = f"{error.args[0]} is missing." if isinstance(error, KeyError) else str(error)
            found.faults.append(f"The exports cannot be compared further: {missing}")
    return found


def _compare(old: Bundle, new: Bundle, found: Difference) -> None:
    one, other = old.study.get("slug"), new.study.get("slug")
    if one != other:
        found.faults.append(f"These are exports of two studies, {one} and {other}.")
        return
    pair = _Pair(old, new, read_chain(old), read_chain(new), found)
    if new.is_sealed and not old.is_sealed:
        found.faults.append("The older export is unsealed and the newer one is sealed. Give the older one first.")
        return
    _compare_chains(pair)
    if old.study.get("status") == "draft":
        found.unchecked.append("plan, clips and images: the older export is of a draft, which may change")
    else:
        _compare_study(pair)
        _compare_files(pair)
    _compare_people(pair)
    _compare_ballots(pair)
    if old.study.get("status") != "draft":
        _compare_table(pair, "stimuli.csv", ("clip", "condition", "image_digest"))
        _compare_table(pair, CLIPS_LEFT_OUT, ("clip", "by", "images", "reason"))
    for name in pair.old.tables_of(MATCH_CONTROL):
        _compare_table(pair, name, ("participant", "clip", "own"), only_ended=True)
    _compare_table(pair, PAINTINGS, ("clip", "painting", "reason", "note", "named"))
    _compare_table(
        pair, "late_answers.csv", ("participant", "trial", "clip", "first", "second", "none_fits", "content")
    )
    _compare_table(pair, "trials.csv", ("participant", "trial", "clip", "kind"))
    if old.is_sealed and not new.is_sealed:
        found.unchecked.append(
            "positions, orders, reasons and images: the older export is of the sealed study, which leaves them out"
        )


def _compare_chains(pair: _Pair) -> None:
    old, new = pair.old_chain, pair.new_chain
    if old is None:
        pair.found.unchecked.append("the log: the older export has no chain")
        return
    if new is None:
        pair.found.faults.append(f"{CHAIN} of the older export is missing in the newer one.")
        return
    if len(new.entries) < len(old.entries):
        pair.found.faults.append(
            f"{CHAIN}: the log had {len(old.entries)} entries and has {len(new.entries)}: the last were cut off, or "
            "the newer export was given first."
        )
    faults = []
    for before, after in zip(old.entries, new.entries, strict=False):
        if (before["digest"], before["head"]) != (after["digest"], after["head"]):
            faults.append(f"{CHAIN}: entry {before['number']}{_named(before)} is another one now.")
            break  # every head after it differs too
        if before == after or "hidden" in before:
            continue
        if "erased" in before or "erased" not in after:
            faults.append(f"{CHAIN}: entry {before['number']}{_named(before)} was changed.")
        elif not before["action"].startswith(ERASABLE) or str(before["data"].get("participant")) not in new.withdrawn:
            faults.append(
                f"{CHAIN}: entry {before['number']}{_named(before)} was erased, and its person did not withdraw."
            )
    pair.faults(faults)
    if not faults and (added := new.entries[len(old.entries) :]):
        pair.found.added.append(f"{len(added)} entries of the log")


def _named(entry: Mapping[str, object]) -> str:
    return f" ({entry['action']})" if "action" in entry else ""


def _compare_study(pair: _Pair) -> None:
    for name in _FIXED:
        before, after = pair.old.study.get(name), pair.new.study.get(name)
        if before not in (None, "") and before != after:
            pair.found.faults.append(f"study.json: {name} was changed.")


def _compare_files(pair: _Pair) -> None:
    """Compare what a study is made of: its images, how they were made, and its own files."""
    old, new = pair.old.members.keys(), pair.new.members.keys()
    has_images = any(name.startswith("images/") for name in new)
    left = (() if has_images else ("images/", "whole/")) + (
        () if any(name.startswith(SOUNDS) for name in new) else (SOUNDS,)
    )
    gone = {name for name in old - new - set(REPORT_FILES) if not name.startswith(left)}
    pair.faults(f"{name} of the older export is missing in the newer one." for name in sorted(gone))
    fixed = [name for name in old & new if name.startswith(("images/", "generation/")) or name == "provenance.json"]
    pair.faults(f"{name} was changed." for name in sorted(fixed) if pair.old.read(name) != pair.new.read(name))
    if not has_images and any(name.startswith("images/") for name in old):
        pair.found.unchecked.append("images: the newer export was made without them")


def _compare_people(pair: _Pair) -> None:
    before, after = ({row["participant"]: row for row in bundle.participants} for bundle in (pair.old, pair.new))
    faults = []
    for code, row in before.items():
        if code not in after:
            if not pair.has_withdrawn(code):
                faults.append(f"participants.csv: {code} is missing, and no entry of the log says that they withdrew.")
            continue
        if code in pair.ended and (changed := _changed(pair, row, after[code], ignored=_JUDGED)):
            faults.append(f"participants.csv: {', '.join(changed)} of {code} was changed.")
    pair.faults(faults)
    gone = sorted(before.keys() - after.keys())
    withdrawn = [code for code in gone if pair.has_withdrawn(code)]
    _add(pair, len(after.keys() - before.keys()), "participants")
    finished = sum(
        after[code]["status"] == "completed" != row["status"] for code, row in before.items() if code in after
    )
    _add(pair, finished, "participants who had begun and have finished since")
    if withdrawn:
        pair.found.added.append(f"withdrawals of {', '.join(withdrawn[:MAX_REPORTED])} ({len(withdrawn)})")
    for code, row in before.items():
        if code in after and row.get("excluded") != after[code].get("excluded"):
            state = "left out" if after[code].get("excluded") == "1" else "included again"
            pair.found.added.append(f"{code} is {state}: {after[code].get('exclusion_reason') or 'no reason'}")


def _changed(pair: _Pair, before: Row, after: Row, *, ignored: Iterable[str]) -> list[str]:
    """Return the columns of a row that say something else now.

    Newer exports give times to the hour and durations to the second; a sealed one leaves out what names conditions.
    """
    skipped = {*ignored, *(_HIDDEN_IF_SEALED if pair.old.is_sealed else ())}
    return [
        name
        for name, value in before.items()
        if name not in skipped
        and not (pair.old.is_sealed and not value)  # people's own words are left out too
        and not _same(name, value or "", after.get(name))
    ]


def _same(name: str, before: str, after: str | None) -> bool:
    if before == after:
        return True
    if after is None:
        return False
    if name in _TIMES:
        return before[:13] == after[:13] and bool(after)
    if name in _DURATIONS:
        try:
            return abs(float(before) - float(after)) <= 1
        except ValueError:
            return False
    return False


def _compare_ballots(pair: _Pair) -> None:
    before, after = (_by_trial(bundle.ballots) for bundle in (pair.old, pair.new))
    shared = [name for name in _BALLOT if name in next(pair.old.ballots, {})]
    is_unsealed = pair.old.is_sealed and not pair.new.is_sealed
    faults, revised = [], 0
    labels: dict[tuple[str, str], list[tuple[Row, Row]]] = {}  # rows in which a label means the same
    by_trial = has_pairs(pair.old.study)
    for (code, trial), row in before.items():
        if (now := after.get((code, trial))) is None:
            if not pair.has_withdrawn(code):
                faults.append(f"ballots.csv: the ballot of {code} in trial {trial} is missing.")
            continue
        old_row = {name: row[name] or "" for name in shared}
        changed = _changed(pair, old_row, now, ignored=(*_LABELS, "content") if is_unsealed else ())
        if is_unsealed:
            changed += [name for name in _LABELS if bool(row.get(name)) != bool(now.get(name))]
        if changed and code not in pair.ended:
            revised += 1
        elif changed:
            faults.append(f"ballots.csv: {', '.join(changed)} of {code} in trial {trial} was changed.")
        elif is_unsealed and code in pair.ended:
            labels.setdefault((code, trial if by_trial else ""), []).append((row, now))
    faults += [
        f"ballots.csv: the choices of {code} were changed: the same label stands for more than one condition."
        for (code, _trial), found in labels.items()
        if not _is_one_to_one((row.get(name) or "", now.get(name) or "") for row, now in found for name in _LABELS)
    ]
    if pair.old.study.get("instrument"):
        ranked, words = ranked_key_in(pair.new.study), words_in(pair.new.study)
        faults += [
            f"ballots.csv: the content of {code} was changed: no naming of the labels turns the older into the newer."
            for (code, _trial), found in labels.items()
            if not is_same_but_for_names(found, ranked=ranked, words=words)
        ]
    pair.faults(faults)
    new_ballots = after.keys() - before.keys()
    late = sorted({code for code, _trial in new_ballots} & pair.ended)
    pair.faults(f"ballots.csv: ballots of {code} were added after they had finished." for code in late)
    _add(pair, len(new_ballots), "ballots")
    _add(pair, revised, "ballots that people changed before they finished")


_BALLOT = (
    "clip",
    "repeat",
    "first",
    "second",
    "none_fits",
    "content",
    "knows_piece",
    "answered_at",
    *_DURATIONS,
    "position_first",
    "position_second",
    "order",
    "reason",
    "nonce",
    "digest",
)


def _by_trial(rows: Iterable[Row]) -> dict[tuple[str, str], Row]:
    return {(row["participant"], row["trial"]): row for row in rows}


def _is_one_to_one(pairs: Iterable[tuple[str, str]]) -> bool:
    """Return whether each label stands for one condition, and each condition for one label."""
    known = {pair for pair in pairs if any(pair)}
    return all(
        max(Counter(side).values(), default=1) == 1
        for side in ([label for label, _key in known], [key for _label, key in known])
    )


def _compare_table(pair: _Pair, name: str, columns: tuple[str, ...], *, only_ended: bool = False) -> None:
    """Compare the rows of a table by some columns; rows may be added, and those of people who withdrew removed.

    `only_ended`: other people's rows may have changed since the older export.
    """
    if name not in pair.old.members:
        return

    def counted(bundle: Bundle, keep: Callable[[str], bool]) -> Counter[tuple[str, ...]]:
        rows = bundle.rows(name) if name in bundle.members else []
        return Counter(
            tuple(row.get(column) or "" for column in columns) for row in rows if keep(row.get("participant") or "")
        )

    before = counted(pair.old, lambda code: not pair.has_withdrawn(code) and (code in pair.ended or not only_ended))
    after = counted(pair.new, lambda code: True)
    pair.faults(f"{name}: the row {', '.join(row)} is missing or was changed." for row in (before - after).elements())
    _add(pair, sum((after - before).values()), f"rows of {name}")


def _add(pair: _Pair, number: int, what: str) -> None:
    if number:
        pair.found.added.append(f"{number} {what}")
