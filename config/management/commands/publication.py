"""`manage.py publication VERB …`: what a study's deposit says, what might point to a person, the deposit, its check."""

from dataclasses import asdict
from typing import Any

from config.deposits.console.choices import Choice, choices_of, decide
from config.deposits.console.jobs import KINDS, ask_for, undecided
from config.deposits.facts import facts_from, facts_to_json, publication_facts, save_publication_facts
from config.deposits.tables.study_tables import Tables
from config.deposits.writing import found_in, hindrances
from config.deposits.written_texts import is_written_text
from study.access import Access, Right
from study.errors import StudyError
from study.management.scripted.command import Given, ScriptedCommand, Verb, argument
from study.management.scripted.forms import VALUES, values_of

_LISTS = ("keywords", "funding")
_DECIDED = ("left_out", "kept")  # by `choose`, which knows the findings


def facts(access: Access, given: Given) -> dict[str, Any]:
    study, values = access.study, values_of(given)
    stored = publication_facts(study)
    if not values:
        missing = [one.message for one in hindrances(study)]
        return {"values": facts_to_json(stored) | {"version": stored.version}, "missing": missing}
    if not_here := [name for name in _DECIDED if name in values]:
        values = {name: value for name, value in values.items() if name not in _DECIDED}
        if not values:
            raise StudyError(f"{', '.join(not_here)}: say it with `publication choose`.")
    for name in _LISTS:
        if isinstance(values.get(name), str):
            values[name] = [part.strip() for part in values[name].split(";")]
    save_publication_facts(study, facts_from(facts_to_json(stored) | values), actor=access.user)
    return {"done": "Saved.", "changed": sorted(values)}


def findings(access: Access, given: Given) -> dict[str, Any]:
    """Look now, in this process: the study as a worker sees it."""
    stored = publication_facts(access.study)
    decided = dict.fromkeys(stored.left_out, Choice.LEAVE_OUT) | dict.fromkeys(stored.kept, Choice.KEEP)
    rows = [asdict(finding) for finding in found_in(undecided(access.study))]
    for row in rows:
        row["key"] = row.pop("accept_as")
        row["choice"] = str(decided.get(row["key"], Choice.OPEN))
    return {"findings": rows, "columns": Tables(access.study).can_be_left_out()}


def choose(access: Access, given: Given) -> dict[str, Any]:
    chosen = {key: choice for choice, name in _CHOICES for key in given[name] or ()}
    if not chosen:
        raise StudyError("Name findings with --keep, --leave-out or --undecide; `publication findings` lists them.")
    known = {row.key for row in choices_of(access.study)}
    if chosen.keys() - known:
        known |= {finding.accept_as for finding in found_in(undecided(access.study))}
    if unknown := [key for key in chosen if key not in known and not is_written_text(key)]:
        raise StudyError(f"There is no finding '{unknown[0]}': `publication findings` lists them.")
    decide(access.study, chosen, actor=access.user)
    return {"done": "Saved.", "chosen": {key: str(choice) for key, choice in chosen.items()}}


_CHOICES = ((Choice.KEEP, "keep"), (Choice.LEAVE_OUT, "leave_out"), (Choice.OPEN, "undecide"))


def ask(access: Access, given: Given) -> dict[str, Any]:
    job = ask_for(access.study, given["what"], actor=access.user)
    return {"done": "A worker does it; the page “Publish” has what comes of it.", "job": job.pk, "state": job.state}


class Command(ScriptedCommand):
    help = (
        "Say what a study's deposit needs: who made the data, what may go; ask a worker for the deposit and its check."
    )
    examples = (
        "facts my-study --as mina --json",
        'facts my-study publisher=Zenodo "keywords=music; images" --as mina',
        "choose my-study --leave-out participants.csv:before_city --as mina",
        "ask my-study deposit --as mina",
    )
    verbs = (
        Verb(
            "facts",
            "print or change who made the data and what they belong to; lists as JSON by --from",
            Right.LOOK,
            facts,
            VALUES,
            ("study_publish",),
            Right.EDIT,
        ),
        Verb("findings", "look now what might point to a person, and print it", Right.DATA, findings),
        Verb(
            "choose",
            "decide about findings, each named by its key",
            Right.EDIT,
            choose,
            (
                argument("--keep", "it was read, and stays", nargs="+", metavar="KEY"),
                argument("--leave-out", "the column is left out", nargs="+", metavar="KEY"),
                argument("--undecide", "nothing is decided about it any more", nargs="+", metavar="KEY"),
            ),
            ("publication_choices",),
        ),
        Verb(
            "ask",
            "have a worker look for findings, make the deposit, or analyse the deposit again",
            Right.DATA,
            ask,
            (argument("what", ", ".join(KINDS), choices=tuple(KINDS)),),
            ("deposit_work findings", "deposit_work deposit", "deposit_work reproduction"),
        ),
    )
