"""The report in each file format; all formats show the same contents (`analysis.report.contents`)."""
