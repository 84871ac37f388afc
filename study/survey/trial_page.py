"""Render the trial page and the review from plain values alone.

The templates get the fields of `PageFacts` and `TrialFacts` or `ReviewFacts` and nothing else: no request, no user, no
row, so nothing leads from a page to a condition.
"""

from dataclasses import fields
from typing import Any

from django.template.loader import render_to_string

from study.survey.page_facts import PageFacts, ReviewFacts, TrialFacts


def render_trial(page: PageFacts, trial: TrialFacts) -> str:
    """The HTML of the trial page."""
    template = "survey/trial.html" if trial.asked is None else "survey/trial_asked.html"
    return render_to_string(template, page_context(page, trial))


def render_review(page: PageFacts, review: ReviewFacts) -> str:
    """The HTML of the review."""
    return render_to_string("survey/review.html", page_context(page, review))


def page_context(*facts: PageFacts | TrialFacts | ReviewFacts) -> dict[str, Any]:
    """The fields of all facts by name."""
    return {field.name: getattr(own, field.name) for own in facts for field in fields(own)}
