"""The report in words, tables and figures, made from the analysis JSON and a `ReportContext` alone.

Anybody with the JSON of `manage.py analyze` can make the report again: no module here touches the database.
Layers: files, contents, tables and figures, text, context.
"""

from analysis.report.context import ClipView, ConditionView, ReportContext
from analysis.report.files.folder import write_report
from analysis.report.files.html import render_report

__all__ = ["ClipView", "ConditionView", "ReportContext", "render_report", "write_report"]
