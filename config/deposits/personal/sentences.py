"""What a deposit's front page says of the people in it: what was looked for, left out and kept. English."""

from collections.abc import Collection, Iterable, Iterator

from config.deposits.personal.finding import About, Finding
from config.deposits.personal.small_groups import K

_LOOKED_FOR = (
    "All tables, texts and files were searched for what points to a person: names, addresses, numbers and ids, places, "
    "times finer than an hour, the order in which people came, and groups of fewer than {k} people by what others may "
    "know of them."
)
_LOOKED_AT = (About.IDENTIFIER, About.NAME, About.VALUE, About.TIME)


def personal_sentences(
    findings: Iterable[Finding], left_out: Collection[str], kept: Collection[str]
) -> tuple[str, ...]:
    """A sentence each.

    Args:
        findings: of the deposit as it is written, without what was left out.
        left_out: the keys of what was left out, "participants.csv:before_city".
        kept: the keys of what was kept although it was found.
    """
    return tuple(_sentences(list(findings), left_out, kept))


def _sentences(findings: list[Finding], left_out: Collection[str], kept: Collection[str]) -> Iterator[str]:
    yield _LOOKED_FOR.format(k=K)
    if left_out:
        yield f"Left out: {_by_table(left_out)}."
    found = {(one.about, one.accept_as) for one in findings if one.accept_as in kept}
    read = {key for about, key in found if about is About.WORDS}
    if read:
        yield f"People's own words that were read before they were published: {_by_table(read)}."
    if looked_at := {key for about, key in found if about in _LOOKED_AT} - read:
        yield f"Kept after a look, although form or name is that of something personal: {_by_table(looked_at)}."
    if any(about is About.ARRIVAL for about, _key in found):
        yield "The order of people, or what it can be computed from, is that in which they came."
    together = next((one for one in findings if one.about is About.TOGETHER), None)
    if together is None:
        yield f"No group of people by what others may know of them has fewer than {K}."
    else:
        columns = together.accept_as.partition(":")[2].replace("+", ", ")
        yield (
            f"{together.rows} of the people share their values of {columns} with fewer than {K - 1} others: do not try "
            "to find out who they are."
        )


def _by_table(keys: Iterable[str]) -> str:
    """ "ballots.csv: reason; participants.csv: before_city, before_name"."""
    tables: dict[str, list[str]] = {}
    for key in sorted(keys):
        table, _colon, column = key.partition(":")
        tables.setdefault(table, []).append(column.strip())
    return "; ".join(f"{table}: {', '.join(columns)}" for table, columns in tables.items())
