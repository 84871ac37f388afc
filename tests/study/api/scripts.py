"""Somebody's script: requests with a token, as curl sends them."""

from datetime import timedelta
from typing import Any

from django.test import Client
from django.urls import reverse
from django.utils import timezone

from study.models import Study
from study.setup.api_tokens import make_token


def token_for(user: Any, study: Study) -> str:
    """Return a new token of this person."""
    return make_token(study, "test", timezone.localdate() + timedelta(days=1), actor=user)[1]


def ask(token: str, study: Study | str, name: str = "api_study", *, query: str = "", method: str = "get") -> Any:
    """Request an address of the API with a token, without any cookie."""
    slug = study if isinstance(study, str) else study.slug
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return getattr(Client(), method)(reverse(name, args=[slug]) + query, headers=headers)
