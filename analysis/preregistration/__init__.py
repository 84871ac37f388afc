"""Preregistrations: the texts of a study's plan in the order of the forms of OSF and AsPredicted, in English.

`document.preregistration(study, form)` writes one; `files.py` gives it as Markdown, DOCX or JSON. Nothing is invented:
what neither the study nor its researchers say is listed as missing.
"""
