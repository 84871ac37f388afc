"""The report: words, tables and figures made from the analysis JSON and nothing else.

Whoever holds the JSON of `analyze` can make the report again; no module here touches a database.
"""

from analysis.report.context import ClipView, ConditionView, ReportContext
from analysis.report.files.folder import write_report
from analysis.report.files.html import render_report

__all__ = ["ClipView", "ConditionView", "ReportContext", "render_report", "write_report"]
