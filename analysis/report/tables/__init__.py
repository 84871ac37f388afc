"""The tables of the report: rows of text made from the analysis JSON; `text_tables` puts them under headers."""
