"""The root URL."""

import pytest
from django.urls import reverse


def test_the_root_url_redirects_to_the_studies(client):
    response = client.get("/")
    assert response.status_code == 302
    assert response.headers["Location"] == reverse("study_list")
    assert client.head("/").status_code == 302
    assert client.post("/").status_code == 405


@pytest.mark.django_db
def test_visitors_who_are_not_signed_in_are_then_asked_to(client):
    response = client.get(reverse("home"), follow=True)
    assert response.status_code == 200
    assert response.request["PATH_INFO"] == reverse("sign_in")
