"""The bare address."""

import pytest
from django.urls import reverse


def test_the_bare_address_leads_to_the_studies(client):
    response = client.get("/")
    assert response.status_code == 302
    assert response.headers["Location"] == reverse("study_list")
    assert client.head("/").status_code == 302
    assert client.post("/").status_code == 405


@pytest.mark.django_db
def test_from_there_strangers_are_asked_to_sign_in(client):
    response = client.get(reverse("home"), follow=True)
    assert response.status_code == 200
    assert response.request["PATH_INFO"] == reverse("sign_in")
