from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from study.models import Study
from tests.study.console.question_pages import OWN_LAYOUT, Page


@pytest.fixture
def page(draft: Study, as_user: Callable[[Any], Client]) -> Page:
    """The pages of questions of the draft, to its owner."""
    return Page(as_user(draft.owner), draft)


@pytest.fixture
def built(page: Page) -> Page:
    """A draft with a question of every kind, in the layout of the page."""
    Study.objects.filter(pk=page.study.pk).update(questions_before=OWN_LAYOUT)
    page.study.refresh_from_db()
    return page
