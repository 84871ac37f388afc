"""Sentences about a deposit that several formats hold, and its citation; English."""

from collections.abc import Iterator

from config.deposits.description import Column, Creator, Deposit, File, Role
from config.deposits.licences import known_licence

SIMULATED = "Nobody answered: every answer in these data is a simulation's."


def abstract(deposit: Deposit) -> str:
    """Return what the study is, and first of all that it is a simulation, if it is."""
    return f"{SIMULATED}\n\n{deposit.description}" if deposit.simulated else deposit.description


def titled(deposit: Deposit) -> str:
    """Return the title; of a simulation with the word in it, as many lists of data show nothing else."""
    return f"{deposit.title} (simulated)" if deposit.simulated else deposit.title


def licence_address(deposit: Deposit) -> str:
    """Return where the licence can be read; empty if it is not known."""
    known = known_licence(deposit.licence)
    return deposit.licence_address or (known.address if known else "")


def licence_sentence(deposit: Deposit) -> str:
    """Say under which licence the data are, and that some files have their own."""
    address = licence_address(deposit)
    stated = f"Licence: {deposit.licence}" + (f" ({address})" if address else "")
    own = any(file.licence for file in deposit.files)
    return f"{stated}; some files have a licence of their own, named beside them." if own else f"{stated}."


def counted(number: int, one: str, more: str) -> str:
    """Return a number with its noun: "1 clip", "3 clips"."""
    return f"{number} {one if number == 1 else more}"


def how_collected(deposit: Deposit) -> str:
    """Say in one paragraph how the answers came about."""
    people = counted(deposit.n_participants, "person", "people")
    answers = counted(deposit.n_answers, "answer", "answers")
    clips = counted(deposit.n_clips, "clip", "clips")
    who = f"A simulation of {people}" if deposit.simulated else f"{people}, as analysed,"
    when = ""
    if deposit.collected:
        first, last = deposit.collected
        when = f"; answers were given on {first}" if first == last else f"; answers were given from {first} to {last}"
    conditions = ", ".join(condition.label for condition in deposit.conditions)
    return (
        f"{who} answered about images of {clips} of music; who answers is not told how an image was made. "
        f"The analysis rests on {answers}{when}. Conditions: {conditions}. The question: {deposit.question}"
    )


def meaning_with_values(column: Column) -> str:
    """Return what a column means, and each value that its cells may hold."""
    values = "; ".join(f"{value} = {meaning}" for value, meaning in column.values.items())
    return f"{column.meaning.rstrip('.')}. Values: {values}." if values else column.meaning


def about_people(deposit: Deposit) -> list[tuple[str, str]]:
    """Return (heading, paragraph) of what the researchers said about the people and their treatment."""
    paragraphs = {
        "Population": deposit.population,
        "Recruitment": deposit.recruitment,
        "Compensation": deposit.compensation,
        "Ethics": deposit.ethics,
        "Consent": deposit.consent,
        "Demographics": deposit.demographics,
        "Exclusions": deposit.exclusions,
    }
    return [(heading, text) for heading, text in paragraphs.items() if text]


def statements(deposit: Deposit) -> list[str]:
    """Return what every format has to say and few have a field for: licence, plan, contact, limits, personal data."""
    return list(_statements(deposit))


def _statements(deposit: Deposit) -> Iterator[str]:
    if deposit.simulated:
        yield SIMULATED
    yield licence_sentence(deposit)
    if deposit.plan_digest:
        yield f"SHA-256 of the plan as fixed before the first answer: {deposit.plan_digest}"
    if deposit.log_head:
        yield f"Head of the study's log: {deposit.log_head}"
    if deposit.contact:
        yield f"Contact: {deposit.contact}"
    yield from (f"Limit: {limit}" for limit in deposit.limits)
    yield from (f"Personal data: {sentence}" for sentence in deposit.personal)


def citation(deposit: Deposit) -> str:
    """Return the deposit as a line of a list of references (APA 7: names, year, title, version, publisher, address)."""
    names = _names(deposit.creators)
    made_by = [part for part in (deposit.publisher, deposit.address) if part]
    title = f"{titled(deposit)} (Version {deposit.version}) [Data set]"
    return ". ".join([f"{names} ({deposit.published.year})", title, *made_by])


def _names(creators: tuple[Creator, ...]) -> str:
    names = [f"{one.family}, {one.given}" if one.given else one.family for one in creators]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])}, & {names[-1]}"


def bibtex(deposit: Deposit) -> str:
    """Return the deposit as an entry for BibLaTeX, every field's special characters escaped."""
    fields = {
        "author": " and ".join(
            f"{_tex(one.family)}, {_tex(one.given)}" if one.given else f"{{{_tex(one.family)}}}"
            for one in deposit.creators
        ),
        "title": f"{{{_tex(titled(deposit))}}}",
        "year": str(deposit.published.year),
        "version": deposit.version,
        "publisher": _tex(deposit.publisher),
        "url": deposit.address,
    }
    lines = [f"  {name} = {{{value}}}," for name, value in fields.items() if value]
    return "\n".join([f"@dataset{{{deposit.slug}-{deposit.published.year},", *lines, "}"])


_TEX = {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}


def _tex(text: str) -> str:
    """Return text as LaTeX on one line."""
    escaped = (_TEX.get(letter) or (f"\\{letter}" if letter in "{}$%&#_" else letter) for letter in text)
    return " ".join("".join(escaped).split())


def shown_files(deposit: Deposit) -> tuple[File, ...]:
    """Return the files but for images and sounds, which come in hundreds."""
    return tuple(file for file in deposit.files if file.role not in (Role.IMAGE, Role.SOUND))
