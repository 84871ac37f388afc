"""Check an export's tables of what people selected before the opening, repaints and clips left out, against the log."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.conf import settings
from django.utils.translation import override

from config.bundles.chain_check import Chain, read_chain
from config.bundles.reading import CHAIN, CLIPS_LEFT_OUT, MAX_REPORTED, PAINTINGS, Bundle, naming
from study.setup.paintings import RepaintReason
from study.tables.spreadsheet import unescape_formula

NO_TABLES = (
    "images painted again and clips left out: this export has no tables of them. It is of an earlier version, or they "
    "were taken out"
)
# Seeds that the painter skipped, since it withheld an image, beyond the last one in the log.
_SKIPPED = 64
MAX_SEEDS = 100_000  # an entry that names a later one is meant to keep this check busy


@dataclass(frozen=True)
class Repaint:
    """An entry of the log by which a clip was sent to be painted again.

    Attributes:
        reason: in words of the language that the researcher used; these change with versions.
        key: of the reason; empty: an earlier version did not log it.
        seed: its number in the clip's sequence.
        images: names the images before; empty: there were none; None: an earlier version did not log it.
    """

    reason: str
    key: str
    seed: int | None
    images: str | None


def check_selection(bundle: Bundle) -> None:
    """Check that the log holds what the tables say, and that they leave out nothing that the log proves.

    Raises:
        Unreadable: a table or the log is not what an export holds there.
    """
    chain = read_chain(bundle)
    if chain is None or "analysis.json" not in bundle.members:
        return
    checks = {PAINTINGS: _check_paintings, CLIPS_LEFT_OUT: _check_left_out}
    tables = checks.keys() & bundle.members.keys()
    for name in sorted(tables, reverse=True):
        with naming(CHAIN, name):
            checks[name](bundle, chain)
    if len(tables) < len(checks) and any(entry["action"] in ("repainted", "clip left out") for entry in chain.whole):
        bundle.unchecked.append(NO_TABLES)


def _check_paintings(bundle: Bundle, chain: Chain) -> None:
    listed: dict[str, list[dict[str, str]]] = {}
    for row in bundle.rows(PAINTINGS):
        listed.setdefault(unescape_formula(row.get("clip") or ""), []).append(row)
    faults = [
        f"{PAINTINGS}: {clip} is missing; its images were painted here." for clip in _painted(bundle) - listed.keys()
    ]
    logged, is_copy = _repaints(chain), chain.last("copied") is not None
    is_older = any(type(entry["data"].get("clip")) is int for entry in chain.whole if entry["action"] == "repainted")
    seeds = _seeds(bundle) if logged else {}
    unsure, unworded, unlogged = 0, 0, False
    for clip, rows in listed.items():
        entries = logged.get(clip, [])
        gave = list(_gave_images(entries, _seed_number(bundle, seeds.get(clip), entries)))
        unsure += None in gave
        again = [row for row in rows if row.get("painting") != "1"]
        certain = [entry for entry, is_sure in zip(entries, gave, strict=True) if is_sure]
        possible = [entry for entry, is_sure in zip(entries, gave, strict=True) if is_sure is not False]
        is_logged = _is_part(again, possible, _may_agree)
        unlogged = unlogged or not is_logged
        unworded += is_logged and not all(any(agree(row, entry) for entry in possible) for row in again)
        if (
            [row.get("painting") for row in rows] != [str(number) for number in range(1, len(rows) + 1)]
            or not _is_part(certain, again, lambda entry, row: _may_agree(row, entry))
            or not (is_logged or is_copy or is_older)
        ):
            faults.append(f"{PAINTINGS}: how often and why {clip} was painted again is not what the log says.")
    bundle.faults += sorted(faults)[:MAX_REPORTED]
    bundle.checked.append(f"how often the images of {len(listed)} clips were painted, against the log")
    if unsure:
        bundle.unchecked.append(f"whether the last time that {unsure} clips were painted again gave other images")
    if unworded:
        bundle.unchecked.append(f"why {unworded} clips were painted again: the log has words that are no longer used")
    if unlogged and (is_older or is_copy):
        bundle.unchecked.append("images painted again before the study was copied, or by an earlier version")


def _painted(bundle: Bundle) -> set[str]:
    """Return the judged clips whose images were painted here."""
    if "stimuli.csv" not in bundle.members:
        return set()
    rows = bundle.rows("stimuli.csv")
    uploaded = {row.get("clip") for row in rows if row.get("painter") == "uploaded"}
    here = {row.get("clip") or "" for row in rows} - uploaded
    return {unescape_formula(clip) for clip in here & {row.get("clip") or "" for row in bundle.ballots}}


def _repaints(chain: Chain) -> dict[str, list[Repaint]]:
    """Return the repaints that were not undone, by clip."""
    found: dict[str, list[Repaint]] = {}
    deleted: dict[str, list[Repaint]] = {}
    for entry in chain.whole:
        data = entry["data"]
        names = [str(name) for name in data.get("clips") or [data.get("clip")]]
        if entry["action"] == "repainted":
            key, seed, images = str(data.get("reason_key", "")), data.get("seed_number"), data.get("images")
            found.setdefault(names[0], []).append(Repaint(entry["reason"], key, seed, images))
        elif entry["action"] == "decision undone" and data.get("decision") == "repainted":
            for name in names:
                if found.get(name):
                    found[name].pop()
        elif entry["action"] == "clip renamed" and names[0] in found:
            found[str(data.get("name"))] = found.pop(names[0])
        elif entry["action"] == "clip deleted":
            deleted[names[0]] = found.pop(names[0], [])
        elif entry["action"] == "clip restored":
            found[str(data.get("clip"))] = deleted.pop(names[0], [])
    return found


def _gave_images(entries: Sequence[Repaint], painted: int | None) -> Iterator[bool | None]:
    """Yield for each entry whether it gave other images; None if the log cannot tell.

    A run may have been cancelled or have failed: of several repaints of the same images only the last one gave others.

    `painted`: the number of the seed of the images as they are.
    """
    for place, entry in enumerate(entries):
        later = entries[place + 1 :]
        if entry.images is None:
            yield None
        elif not entry.images or any(other.images == entry.images for other in later):
            yield False
        elif later:
            yield True
        else:
            yield None if painted is None or entry.seed is None else painted >= entry.seed


def _seeds(bundle: Bundle) -> dict[str, tuple[int, str]]:
    """Return the seed of each clip's images, and the digest of its sound, by clip."""
    if "provenance.json" not in bundle.members:
        return {}
    stated = ((name.rpartition(" / ")[0], facts) for name, facts in bundle.json("provenance.json").items())
    return {
        clip: (facts["seed"], facts["audio_digest"])
        for clip, facts in stated
        if isinstance(facts, dict) and isinstance(facts.get("seed"), int) and isinstance(facts.get("audio_digest"), str)
    }


def _seed_number(bundle: Bundle, seed: tuple[int, str] | None, entries: Sequence[Repaint]) -> int | None:
    """Return the number of a seed in the clip's sequence; None if it is of another study's, of which this is a copy."""
    # Imported here because it loads NumPy, which the web process does without.
    from generation.painting.seeds import seed_sequence

    plan = bundle.study.get("plan")
    design: Mapping[str, Any] = plan.get("design") or {} if isinstance(plan, dict) else {}
    last = max((entry.seed for entry in entries if isinstance(entry.seed, int)), default=None)
    if seed is None or last is None or not isinstance(design.get("seed"), int) or not 0 <= last < MAX_SEEDS:
        return None
    sequence = seed_sequence(design["seed"], seed[1], last + _SKIPPED)
    return sequence.index(seed[0]) if seed[0] in sequence else None


def agree(row: Mapping[str, str], entry: Repaint) -> bool | None:
    """Return whether a row of the table has the reason of an entry of the log; None if no reason has its words now."""
    reason, note = row.get("reason") or "", unescape_formula(row.get("note") or "")
    if reason == RepaintReason.OTHER:
        return entry.key in ("", reason) and entry.reason[:200] == note
    words, _colon, noted = entry.reason.partition(": ")
    if noted != note or reason not in RepaintReason.values:
        return False
    if entry.key:
        return reason == entry.key
    meant = _reasons_by_words().get(words)
    return None if meant is None else reason in meant


def _may_agree(row: Mapping[str, str], entry: Repaint) -> bool:
    return agree(row, entry) is not False


@cache
def _reasons_by_words() -> dict[str, set[str]]:
    """Return the reasons by their words, in each language in which the log may hold them."""
    found: dict[str, set[str]] = {}
    for code, _name in settings.LANGUAGES:
        with override(code):
            for reason in RepaintReason:
                found.setdefault(str(reason.label), set()).add(reason.value)
    return found


def _is_part(few: Iterable[Any], many: Iterable[Any], agree: Any) -> bool:
    """Return whether each of `few` agrees with another one of `many`, in this order."""
    rest = iter(many)
    return all(any(agree(one, other) for other in rest) for one in few)


def _check_left_out(bundle: Bundle, chain: Chain) -> None:
    rows = bundle.rows(CLIPS_LEFT_OUT)
    stated = {
        unescape_formula(row.get("clip") or ""): unescape_formula(row.get("reason") or "")
        for row in rows
        if row.get("by") == "person"
    }
    logged, numbered = _left_out(bundle, chain)
    is_copy = chain.last("copied") is not None
    differing = [
        clip
        for clip in sorted(stated.keys() | logged.keys())
        if stated.get(clip) != logged.get(clip) and not (is_copy and clip not in logged)
    ]
    faults = [
        f"{CLIPS_LEFT_OUT}: whether and why {clip} was left out by hand is not what the log says."
        for clip in differing
        if stated.get(clip) not in numbered.values()
    ]
    bundle.faults += faults[:MAX_REPORTED]
    bundle.checked.append(f"{len(stated)} clips left out by hand, against the log")
    if len(differing) > len(faults) or any(numbered.values()):
        bundle.unchecked.append("which clips were left out by an earlier version: the log has only their numbers")
    if is_copy and stated.keys() - logged.keys():
        bundle.unchecked.append("clips left out before the study was copied")


def _left_out(bundle: Bundle, chain: Chain) -> tuple[dict[str, str | None], dict[int, str | None]]:
    """Return why clips were left out by hand, None if they were taken back in: by name, and of old entries by number.

    The export gives the numbers of judged clips alone, as the names of their images.
    """
    rows = bundle.rows("stimuli.csv") if "stimuli.csv" in bundle.members else []
    files = ((row.get("file") or "", unescape_formula(row.get("clip") or "")) for row in rows)
    names = {int(number): clip for file, clip in files if (number := file[7:].partition("-")[0]).isdecimal()}
    logged: dict[str, str | None] = {}
    numbered: dict[int, str | None] = {}
    deleted: dict[Any, str | None] = {}
    for entry in chain.whole:
        clip = entry["data"].get("clip")
        found: dict[Any, str | None] = numbered if type(clip) is int else logged
        if entry["action"] == "clip left out":
            found[clip] = entry["reason"][:200]  # as much of it as the table holds
        elif entry["action"] == "clip taken back in" and clip in names:
            numbered.pop(clip, None)
            logged[names[clip]] = None
        elif entry["action"] == "clip renamed":
            logged[str(entry["data"].get("name"))] = logged.pop(clip, None)
        elif entry["action"] == "clip deleted":
            deleted[clip] = found.get(clip)
            found[clip] = None
        elif entry["action"] == "clip restored":
            found[clip] = deleted.pop(clip, None)
        elif entry["action"] == "clip taken back in":
            found[clip] = None
    return logged, numbered
