"""The page about a model says what its card says."""

import pytest

from saring import store
from saring.evaluation.reports import Report, model_card


@pytest.fixture(scope="module")
def card(bundle_folder):
    return dict(store.load(bundle_folder).card)


def test_every_figure_of_the_card_stands_in_the_page(card):
    page = model_card(card)
    for stored in card["metrics"].values():
        report = Report.from_json(stored)
        assert f"| {report.name} | {report.split} | {report.n:,} | {report.macro_f1.value:.3f}" in page
    for name, value in card["thresholds"].items():
        assert f"- {name}: {value:.4g}" in page


def test_the_page_names_version_licence_and_data(card):
    page = model_card(card)
    assert page.startswith(f"# {card['name']}\n")
    assert card["model_version"] in page
    assert f"Licence: {card['licence']}." in page
    assert all(f"`{source}`" in page for source in card["sources"])
    assert f"{card['data']['articles']:,} articles" in page


def test_use_and_limits_are_those_of_the_settings(card):
    about = "## Intended use\n\nNews.\n\n## Limits\n\n- Few."
    assert about in model_card(card | {"about": about})
    assert "Intended use" not in model_card(card | {"about": ""})


def test_protocols_are_explained_where_they_were_followed(card):
    page = model_card(card)
    assert "**test**" in page
    assert "**later-time**" not in page
