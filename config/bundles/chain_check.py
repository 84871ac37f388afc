"""Check an export's hash chain, and that ballots, exclusions and plan are what the chain has fixed."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from config.bundles.chain_files import VERSION, readable_entry
from config.bundles.reading import CHAIN, COMMITMENTS, MALFORMED, MAX_REPORTED, Bundle, Unreadable, number_of
from study.ballots.commitments import ENDED, FINISHED
from study.ballots.receipts import commitment_of, covered_digest
from study.digests import entry_digest, next_head
from study.participants.exclusion import INCLUDED, LEFT_OUT
from study.participants.exclusion_rules import rule_from_json
from study.participants.withdrawal import WITHDREW
from study.published_heads.heads import Head, head_faults
from study.published_heads.without_conditions import WITHOUT_CONDITIONS
from study.tables.spreadsheet import unescape_formula
from study.verification.chain import ERASABLE

BY_RULE = "rule of the plan: "
NO_CHAIN = (
    "log, commitments and exclusions: this export has no chain.json. It is of an earlier version, or the file was "
    "taken out"
)
NO_HEADS = "whether the chain was made anew: give the heads that were published (--heads FILE, --head NUMBER:HEAD)"
_TEXTS = ("at", "actor", "action", "reason", "nonce")


@dataclass(frozen=True)
class Bound:
    """The ballots of a person as an entry of the chain has bound them."""

    code: str
    entry: int
    commitment: str
    finished: bool
    digest: str = ""  # of all digests that the commitment covers; empty in entries of the upgrade
    rules: tuple[str, ...] | None = None  # kinds of the plan's rules that leave the person out; None: unknown


@dataclass
class Chain:
    """The chain of an export. `entries` are as the file holds them, with the types checked."""

    slug: str
    entries: list[dict[str, Any]]
    head: str
    heads: dict[int, str] = field(default_factory=dict)

    @cached_property
    def whole(self) -> list[dict[str, Any]]:
        return [entry for entry in self.entries if "nonce" in entry]

    @cached_property
    def bound(self) -> dict[str, list[Bound]]:
        """Return the commitments by the person's code."""
        found: dict[str, list[Bound]] = {}
        for entry in self.whole:
            data, number = entry["data"], entry["number"]
            if entry["action"] == FINISHED:
                code, digest, rules = str(data.get("participant")), str(data.get("digest") or ""), data.get("rules")
                fixed = tuple(map(str, rules)) if isinstance(rules, list) else None
                bound = Bound(code, number, str(data.get("commitment")), finished=True, digest=digest, rules=fixed)
                found.setdefault(code, []).append(bound)
            elif entry["action"] == ENDED and isinstance(data.get("commitments"), dict):
                for code, commitment in data["commitments"].items():
                    found.setdefault(code, []).append(Bound(code, number, str(commitment), finished=False))
        return found

    @cached_property
    def exclusions(self) -> dict[str, str]:
        """Return the reasons of the people whom a researcher has left out, by code."""
        found: dict[str, str] = {}
        for entry in self.whole:
            code = str(entry["data"].get("participant"))
            if entry["action"] == LEFT_OUT:
                found[code] = entry["reason"]
            elif entry["action"] == INCLUDED:
                found.pop(code, None)
        return found

    @cached_property
    def withdrawn(self) -> set[str]:
        return {str(entry["data"].get("participant")) for entry in self.whole if entry["action"] == WITHDREW}

    def last(self, action: str) -> dict[str, Any] | None:
        return next((entry for entry in reversed(self.whole) if entry["action"] == action), None)


def read_chain(bundle: Bundle) -> Chain | None:
    """Return the export's chain, or None if it has none.

    Raises:
        Unreadable: the file is not what an export holds there.
    """
    if CHAIN not in bundle.members:
        return None
    if CHAIN not in bundle.parsed:
        bundle.parsed[CHAIN] = _chain_of(bundle.json(CHAIN))
    return bundle.parsed[CHAIN]


def _chain_of(data: dict[str, Any]) -> Chain:
    entries = data.get("entries")
    if data.get("version") != VERSION:
        raise Unreadable(f"{CHAIN} has version {data.get('version')!r}, which this Earsight does not know. Update it.")
    if not isinstance(entries, list) or not isinstance(data.get("head"), str):
        raise Unreadable(f"{CHAIN} is not what an export holds there.")
    for place, entry in enumerate(entries, start=1):
        if not _is_entry(entry):
            raise Unreadable(f"{CHAIN}: entry {place} is not what an export holds there.")
    heads = {entry["number"]: entry["head"] for entry in entries}
    return Chain(str(data.get("study")), entries, data["head"], heads)


def _is_entry(entry: Any) -> bool:
    if not isinstance(entry, dict) or type(entry.get("number")) is not int:
        return False
    if not all(isinstance(entry.get(name), str) for name in ("digest", "head")):
        return False
    if entry.get("hidden") is True:
        return set(entry) == {"number", "digest", "head", "hidden"}
    if entry.get("erased") is True:
        return set(entry) == {"number", "digest", "head", "erased", "action"} and isinstance(entry["action"], str)
    return isinstance(entry.get("data"), dict) and all(isinstance(entry.get(name), str) for name in _TEXTS)


def check_chain(bundle: Bundle, published: Iterable[Head]) -> None:
    """Check the chain itself: numbers, digests and heads, and that every published head is in it."""
    published = list(published)
    chain = read_chain(bundle)
    if chain is None:
        if published:
            bundle.faults.append(f"{CHAIN} is missing, although heads of this study were published: it was taken out.")
        elif _knew_a_chain(bundle):
            bundle.faults.append(f"{CHAIN} is missing, although other files name its entries: it was taken out.")
        bundle.unchecked.append(NO_CHAIN)
        return
    before, faults = "", []
    for place, entry in enumerate(chain.entries, start=1):
        if entry["number"] != place:
            faults.append(f"{CHAIN}: entry {place} has the number {entry['number']}: entries were removed or added.")
            break
        if (problem := _entry_fault(entry, bundle.is_sealed)) is not None:
            faults.append(f"{CHAIN}: entry {place} {problem}")
        if next_head(before, place, entry["digest"]) != entry["head"]:
            faults.append(f"{CHAIN}: the head of entry {place} does not follow from it and the head before.")
        before = entry["head"]
    faults += _erasure_faults(chain)
    if chain.head != before:
        faults.append(f"{CHAIN}: its head is not that of its last entry: entries were cut off or added.")
    slug = bundle.study.get("slug")
    if chain.slug != slug:
        faults.append(f"{CHAIN} is of the study {chain.slug}; this export is of {slug}.")
    if bundle.study.get("log") != [readable_entry(entry) for entry in chain.entries]:
        faults.append(f"study.json: its log is not that of {CHAIN}.")
    bundle.faults += faults[:MAX_REPORTED]
    bundle.checked.append(f"the log: a chain of {len(chain.entries)} entries, head {len(chain.entries)}:{chain.head}")
    if published:
        bundle.faults += head_faults(published, chain.heads)[:MAX_REPORTED]
        bundle.checked.append(f"{len(published)} published heads, up to entry {max(one.number for one in published)}")
    else:
        bundle.unchecked.append(NO_HEADS)


def _knew_a_chain(bundle: Bundle) -> bool:
    """Return whether other files of an export without a chain show that it had one."""
    log = bundle.study.get("log")
    stated = bundle.json(COMMITMENTS).values() if COMMITMENTS in bundle.members else ()
    entries = [*(log if isinstance(log, list) else ()), *stated]
    return any(isinstance(entry, dict) and entry.keys() & {"number", "entry"} for entry in entries)


def _entry_fault(entry: Mapping[str, Any], sealed: bool) -> str | None:
    if "hidden" in entry:
        return None if sealed else "is hidden, which only exports of sealed studies may do."
    if "erased" in entry:
        return (
            None
            if entry["action"].startswith(ERASABLE)
            else f"({entry['action']}) is erased, which is done to no such entry."
        )
    if sealed and entry["action"] not in WITHOUT_CONDITIONS:
        return f"({entry['action']}) is shown although the study is sealed."
    try:
        names = ("nonce", "number", "at", "actor", "action", "reason", "data")
        computed = entry_digest(*(entry[name] for name in names))
    except (ValueError, RecursionError):
        computed = ""
    return None if computed == entry["digest"] else f"({entry['action']}) was changed: its digest is another."


def _erasure_faults(chain: Chain) -> list[str]:
    """Find erased entries that no withdrawal explains."""
    erased = [entry for entry in chain.entries if "erased" in entry]
    withdrawals = [entry["number"] for entry in chain.whole if entry["action"] == WITHDREW]
    faults = [
        f"{CHAIN}: entry {entry['number']} is erased, and nobody withdrew after it."
        for entry in erased
        if entry["number"] > max(withdrawals, default=0)
    ]
    if len(finished := [entry for entry in erased if entry["action"] == FINISHED]) > len(withdrawals):
        faults.append(f"{CHAIN}: {len(finished)} people are erased, and only {len(withdrawals)} withdrew.")
    return faults


def digests_by_person(bundle: Bundle) -> dict[str, list[str]]:
    """Return the digests in ballots.csv by person."""
    found: dict[str, list[str]] = {}
    for row in bundle.ballots:
        found.setdefault(row.get("participant") or "", []).append(row.get("digest") or "")
    return found


def stated_commitments(bundle: Bundle) -> dict[str, dict[str, Any]] | None:
    """Return commitments.json by person; None if it is of an earlier version or missing.

    Raises:
        Unreadable: it is not what an export holds there.
    """
    if COMMITMENTS not in bundle.members or CHAIN not in bundle.members:
        return None
    stated = bundle.json(COMMITMENTS)
    for code, row in stated.items():
        others = row.get("others") if isinstance(row, dict) else None
        if not isinstance(others, list) or not all(isinstance(digest, str) for digest in others):
            raise Unreadable(f"{COMMITMENTS}: what it holds for {code} is not what an export holds there.")
    return stated


def covered_digests(bundle: Bundle, stated: Mapping[str, Mapping[str, Any]]) -> dict[str, list[str]]:
    """Return all digests that each person's commitment has to cover, sorted."""
    ballots = digests_by_person(bundle)
    return {code: sorted([*ballots.get(code, ()), *row["others"]]) for code, row in stated.items()}


def check_commitments(bundle: Bundle) -> None:
    """Check that the ballots of everybody in the export are those that the chain has bound."""
    chain = read_chain(bundle)
    if chain is None:
        return
    people = bundle.participants if "participants.csv" in bundle.members else []
    faults = [
        f"participants.csv: {row.get('participant')} has finished, and the chain has no commitment of theirs."
        for row in people
        if row.get("status") == "completed" and not any(one.finished for one in chain.bound.get(row["participant"], ()))
    ]
    faults += [
        f"{CHAIN}: {code} has {len(found)} commitments ({', '.join(f'entry {one.entry}' for one in found)}), not one."
        for code, found in chain.bound.items()
        if len(found) > 1
    ]
    faults += _missing_people(chain, [row.get("participant") or "" for row in people])
    stated = stated_commitments(bundle)
    if stated is not None:
        faults += _binding_faults(bundle, chain, stated, {row.get("participant") for row in people})
    bundle.blame(faults, "people and their ballots")


def _missing_people(chain: Chain, codes: Iterable[str]) -> list[str]:
    """Find people who were removed: everybody has the next number, and who withdraws leaves an entry."""
    numbers = {number for code in codes if (number := number_of(code))}
    letter = next((code[0] for code in codes if code), "r")
    gone = sorted(set(range(1, max(numbers, default=0) + 1)) - numbers)
    known = {code for code in chain.bound if code[:1] == letter and code not in codes}
    missing = {f"{letter}{number:04d}" for number in gone[: 10 * MAX_REPORTED]} | known
    return [
        f"participants.csv: {code} is missing, and the chain has no withdrawal of theirs."
        for code in sorted(missing - chain.withdrawn)
    ]


def _binding_faults(
    bundle: Bundle, chain: Chain, stated: Mapping[str, Mapping[str, Any]], people: set[str | None]
) -> list[str]:
    faults, bound_people, only_by_receipt = [], 0, 0
    digests = covered_digests(bundle, stated)
    for code in sorted(digests_by_person(bundle).keys() - chain.bound.keys()):
        faults.append(f"ballots.csv: the ballots of {code} are bound by no entry of the chain: they were added.")
    for code, found in chain.bound.items():
        if code not in stated:
            if code in people:
                faults.append(f"{COMMITMENTS}: {code} is missing.")
            continue
        bound, row = found[-1], stated[code]
        if row.get("commitment") != bound.commitment or row.get("entry") != bound.entry:
            faults.append(f"{COMMITMENTS}: the commitment of {code} is not that of entry {bound.entry} of the chain.")
        if bound.digest:
            is_same = covered_digest(code, digests[code]) == bound.digest
        elif isinstance(row.get("secret"), str):
            is_same = commitment_of(row["secret"], code, digests[code]) == bound.commitment
        else:
            only_by_receipt += 1
            continue
        bound_people += 1
        if not is_same:
            faults.append(
                f"ballots.csv: the ballots of {code} are not those that entry {bound.entry} of the chain has bound: "
                "they were changed, removed or added."
            )
    faults += [
        f"{COMMITMENTS}: {code} has no entry in the chain." for code in sorted(stated.keys() - chain.bound.keys())
    ]
    if bound_people:
        bundle.checked.append(f"ballots of {bound_people} people, as the chain has bound them")
    if only_by_receipt:
        bundle.unchecked.append(
            f"ballots of {only_by_receipt} people who finished before an upgrade: only their receipts can tell"
        )
    return faults


def check_opening(bundle: Bundle) -> None:
    """Check that status and plan are those of the chain's entries."""
    chain = read_chain(bundle)
    if chain is None:
        return
    opened, closed, status = chain.last("opened"), chain.last("closed"), bundle.study.get("status")
    if (status == "draft") == (opened is not None):
        bundle.faults.append(f"study.json: the study is {status}, which is not what {CHAIN} says of its opening.")
    if (status == "closed") != (closed is not None):
        bundle.faults.append(f"study.json: the study is {status}, which is not what {CHAIN} says of its closing.")
    if opened is not None and opened["data"].get("plan_digest") != bundle.study.get("plan_digest"):
        bundle.faults.append(
            f"study.json: the digest of the plan is not that of entry {opened['number']}, at opening: it was changed."
        )


def check_exclusions(bundle: Bundle) -> None:
    """Check that who is left out follows from the chain's entries and the plan's rules."""
    chain = read_chain(bundle)
    if chain is None or "participants.csv" not in bundle.members:
        return
    plan = bundle.study.get("plan")
    known = None
    if isinstance(plan, dict):
        try:
            known = {str(rule_from_json(row)): str(row["kind"]) for row in plan.get("exclusions") or []}
        except MALFORMED as error:
            raise Unreadable("study.json: the plan's rules are not what an export holds there.") from error
    faults, people, unbound = [], 0, False
    for row in bundle.participants:
        people += 1
        if _is_screened_out(row, chain):
            continue
        code, reason = row.get("participant") or "", unescape_formula(row.get("exclusion_reason") or "")
        rules = _rules_in(reason, chain.exclusions.get(code, ""))
        fixed = chain.bound[code][-1].rules if code in chain.bound else None
        unbound = unbound or fixed is None
        if (
            rules is None
            or (row.get("excluded") == "1") != bool(reason)
            or (known is not None and not known.keys() >= set(rules))
            or (fixed is not None and len(rules) != len(fixed))
            or (fixed is not None and known is not None and [known[name] for name in rules] != list(fixed))
        ):
            faults.append(f"participants.csv: whether {code} is left out, and why, is not what chain and plan say.")
    bundle.faults += faults[:MAX_REPORTED]
    bundle.checked.append(f"who is left out, of {people} people")
    if unbound and known:
        bundle.unchecked.append("whether rules of the plan leave out more people who have not finished")


def _is_screened_out(row: Mapping[str, str], chain: Chain) -> bool:
    """Return whether the study did not ask somebody who counts for nothing: their reason is that of the screening."""
    is_out = row.get("status") == "screened_out" and row.get("excluded") == "0"
    return is_out and row.get("participant") not in chain.exclusions


def _rules_in(reason: str, by_hand: str) -> list[str] | None:
    """Return the rules in the reason why somebody is left out; None if there is more than rules and `by_hand`."""
    if not reason.startswith(by_hand):
        return None
    rest = reason.removeprefix(by_hand).removeprefix("; ") if by_hand else reason
    parts = rest.split(f"; {BY_RULE}") if rest else []
    if parts and not parts[0].startswith(BY_RULE):
        return None
    return [parts[0].removeprefix(BY_RULE), *parts[1:]] if parts else []
