"""The cost of sentences on the pages, and the services that the settings page may choose."""

import pytest
from django.urls import reverse

from generation.settings_model import settings_of
from generation.templatetags.generation import money
from tests.generation.console.test_pages import form_data
from tests.generation.studies import generate


def test_the_page_shows_an_estimate_before_and_the_count_after(with_service, client, server):
    study = with_service()
    text = client.get(reverse("generation_run", args=[study.slug])).content.decode()
    assert "Still to write: 6 calls" in text
    assert "so far: 0 calls" in text
    run = generate(study)
    asked = len(server.requests)
    assert 0 < asked <= 6
    assert (run.totals["calls"], run.totals["input_tokens"]) == (asked, 200 * asked)
    text = client.get(reverse("generation_run", args=[study.slug])).content.decode()
    assert "Still to write: 0 calls" in text
    assert f"so far: {asked} calls, {200 * asked} tokens read, {20 * asked} written" in text


def test_a_study_of_the_template_writer_shows_no_cost(study, client):
    assert "language model" not in client.get(reverse("generation_run", args=[study.slug])).content.decode()


def test_no_page_can_send_tags_elsewhere(study, client):
    data = form_data(
        client,
        study,
        writer="openai",
        **{"writer-openai-model": "m", "writer-openai-base_url": "https://evil.example/v1"},
    )
    response = client.post(reverse("generation_settings", args=[study.slug]), data)
    assert response.status_code == 422
    assert "not allowed here" in str(response.context["form"].errors["writer-openai-base_url"])
    assert settings_of(study).writer.kind == "template"


@pytest.mark.parametrize(
    ("sum_", "shown"),
    [(0, "0.00"), (0.0065, "0.0065"), (0.00012, "0.00012"), (0.1, "0.10"), (12.345, "12.35")],
)
def test_small_sums_are_not_rounded_to_nothing(sum_, shown):
    assert money(sum_) == shown
