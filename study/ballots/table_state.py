"""Whether the ballot table of a study has changed, told without reading the table."""

from django.db.models import Count, Sum

from study.ballots.table import columns_of, kinds_of
from study.digests import canonical_digest
from study.models import Stimulus, Study


def table_state(study: Study) -> str:
    """A digest that is another one whenever the study's ballot table may be another one.

    It covers what the table is made of, and of people how often theirs has changed: `Participant.changes` rises with
    each answer to a trial, in its transaction, and with each change of status, answers to questions, flags and
    exclusions. The numbers only rise and no row of a person is ever deleted, so their sum never returns to an earlier
    value. Two states may be given for one table, if something was changed and changed back.

    A change by hand in the database is not noticed. `verify` names it: ballots, answers and exclusions are bound by
    the log; and an export reads the whole table and compares its digest with that of the analysis.
    """
    people = study.participants.filter(kind__in=kinds_of(study)).aggregate(n=Count("pk"), changes=Sum("changes"))
    stimuli = Stimulus.objects.filter(clip__study=study).order_by("pk")
    return canonical_digest(
        [
            columns_of(study),
            kinds_of(study),
            [study.questions_before, study.questions_after],
            list(study.conditions.order_by("pk").values_list("pk", "key")),
            list(study.clips.order_by("pk").values_list("pk", "name", "number")),
            list(stimuli.values_list("pk", "clip", "condition")),
            [people["n"], people["changes"]],
        ]
    )
