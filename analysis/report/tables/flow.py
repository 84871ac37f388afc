"""The flow of people as a table: what its figure draws, to be read aloud and searched."""

from collections.abc import Iterator, Sequence

from django.utils.translation import gettext as _

from analysis.report.context import ReportContext, Stage
from analysis.report.tables.text_table import TextTable


def flow_table(context: ReportContext) -> TextTable:
    """The people at each stage, each after those who left on the way to it; other stages of the study below."""
    rows = [*_rows(context.flow)] if context.flow else []
    for other in context.other_flows:
        rows += [[other.name, "", ""], *_rows(other.flow)]
    flags = any(row[1] for row in rows)
    note = _("−: left on the way to the next line. Flags are of the people above them, who stay.") if flags else ""
    return TextTable(
        key="flow",
        title=_("People at each stage"),
        header=[_("Stage or reason"), _("Flag"), _("People")] if flags else [_("Stage or reason"), _("People")],
        rows=rows if flags else [[row[0], row[2]] for row in rows],
        note=note,
        left=(1,) if flags else (),
    )


def _rows(flow: Sequence[Stage]) -> Iterator[list[str]]:
    for stage in flow:
        yield from ([f"− {reason}", "", f"{people:,}"] for reason, people in stage.left)
        yield [stage.label, "", f"{stage.people:,}"]
        yield from (["", flag, people] for flag, people in stage.flags)
