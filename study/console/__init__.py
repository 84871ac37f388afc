"""The researchers' pages about the study itself, a module for each page.

May import the survey, the set-up and every room below them; doors: `urls`, and `common.study_page` for pages of other
apps.
"""
