"""Check receipts against an export: each alone proves or disproves the answers of the person who holds it."""

from collections.abc import Iterable, Mapping

from config.bundles.chain_check import Bound, Chain, covered_digests, digests_by_person, read_chain, stated_commitments
from config.bundles.reading import COMMITMENTS, Bundle
from study.ballots.receipts import binds, commitment_of, covered_digest, find_receipt, secret_of, states


def check_receipts(bundle: Bundle, receipts: Iterable[str]) -> None:
    """Find the person of each receipt, and compare their ballots in the export with what the receipt states."""
    receipts = list(receipts)
    if not receipts:
        return
    chain = read_chain(bundle)
    if chain is None and COMMITMENTS not in bundle.members:
        bundle.faults.append("This export was made while the study was sealed: receipts cannot be found in it.")
    stated = stated_commitments(bundle) if chain is not None else None
    digests = covered_digests(bundle, stated) if stated is not None else None
    for receipt in receipts:
        if chain is not None:
            _check(bundle, chain, digests, receipt)
        elif binds(receipt) and COMMITMENTS in bundle.members:
            bundle.faults.append(
                f"Receipt {receipt} states a commitment, and this export has no chain of commitments: it was taken out."
            )
        elif COMMITMENTS in bundle.members:
            _find_in_earlier_export(bundle, receipt)


def _check(bundle: Bundle, chain: Chain, covered: Mapping[str, list[str]] | None, receipt: str) -> None:
    """Check one receipt; `covered`: all digests of each person, None while the study is sealed."""
    people = [found[-1] for found in chain.bound.values()]
    digests = covered or {}
    if not binds(receipt):
        secret = secret_of(receipt)
        for person in people:
            code = person.code
            if code in digests and commitment_of(secret, code, digests[code]) == person.commitment:
                bundle.checked.append(
                    f"receipt {receipt}: {code}, {_count(bundle, person)} ballots, as they were at the upgrade; a "
                    "receipt of 24 letters proves nothing about the time before"
                )
                return
        bundle.faults.append(
            f"Receipt {receipt}: no participant of this export has it, or their ballots were changed. Check it letter "
            "by letter."
        )
        return
    one = next((bound for bound in people if states(receipt, bound.commitment)), None)
    if one is None:
        bundle.faults.append(
            f"Receipt {receipt}: the chain of this export holds no commitment that it states. If each letter is right "
            "and its holder has not withdrawn, the answers that it was given for are not in this export any more."
        )
    elif covered is None:
        bundle.checked.append(f"receipt {receipt}: {one.code}, entry {one.entry} of the chain")
        bundle.unchecked.append(f"the ballots of {one.code}: their digests are hidden while the study is sealed")
    elif one.code not in digests:
        bundle.faults.append(f"Receipt {receipt}: the ballots of {one.code}, bound by entry {one.entry}, are missing.")
    elif commitment_of(secret_of(receipt), one.code, digests[one.code]) == one.commitment:
        bundle.checked.append(f"receipt {receipt}: {one.code}, {_count(bundle, one)} ballots, all as cast")
    elif covered_digest(one.code, digests[one.code]) == one.digest:
        bundle.faults.append(
            f"Receipt {receipt}: its second half is that of {one.code}, its first half is not. Check those 16 letters."
        )
    else:
        bundle.faults.append(
            f"Receipt {receipt} is that of {one.code}, and disproves this export: the ballots of {one.code} in it are "
            "not those that were given; some were changed, removed or added."
        )


def _count(bundle: Bundle, one: Bound) -> int:
    return sum(row.get("participant") == one.code for row in bundle.ballots)


def _find_in_earlier_export(bundle: Bundle, receipt: str) -> None:
    commitments = {code: text for code, text in bundle.json(COMMITMENTS).items() if isinstance(text, str)}
    digests = digests_by_person(bundle)
    if (found := find_receipt(receipt, digests, commitments)) is None:
        bundle.faults.append(f"Receipt {receipt}: no participant of this export has it, or their ballots were changed.")
    else:
        bundle.checked.append(f"receipt {receipt}: {found}, {len(digests[found])} ballots, all as cast")
