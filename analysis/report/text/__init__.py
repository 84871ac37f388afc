"""The words of the report: the answer, the methods, the warnings, and how numbers are printed."""
