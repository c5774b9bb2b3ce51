"""The page about a model says what its card says."""

import pytest
import yaml

from saring import store
from saring.evaluation.reports import Report, hub_card, model_card


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


def test_the_risk_of_answers_stands_in_the_page_where_training_measured_it(card):
    page, [topics] = model_card(card), [Report.from_json(r) for n, r in card["metrics"].items() if n == "topic.test"]
    risk, found = topics.risk_at(0.8), topics.answered
    assert f"| test | {risk:.3f} |" in page and f"| {found.coverage:.1%} | {found.risk.value:.3f} |" in page
    assert found.threshold == card["thresholds"]["abstain"]


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


# What hubs of models read: YAML before the page.


def metadata(card):
    _, front, page = hub_card(card).split("---\n", 2)
    assert page == f"\n{model_card(card)}"
    return yaml.safe_load(front)


def test_a_hub_is_told_language_library_and_task(card):
    told = metadata(card)
    assert (told["language"], told["library_name"], told["pipeline_tag"]) == ("id", "saring", "text-classification")
    assert set(told["metrics"]) == {"f1", "accuracy", "roc_auc"} and "clickbait" in told["tags"]


def test_a_hub_is_told_the_figures_of_the_card(card):
    [index] = metadata(card)["model-index"]
    assert index["name"] == card["name"] and len(index["results"]) == len(card["metrics"])
    for result, stored in zip(index["results"], card["metrics"].values(), strict=True):
        report = Report.from_json(stored)
        values = {metric["type"]: metric["value"] for metric in result["metrics"]}
        assert result["dataset"]["split"] == report.split and report.subset in result["dataset"]["name"]
        assert values["f1"] == round(report.macro_f1.value, 3) and values["accuracy"] == round(report.accuracy.value, 3)
        assert ("roc_auc" in values) == (report.auc is not None)


def test_a_licence_that_hubs_have_no_word_for_is_named(card):
    assert metadata(card | {"licence": "CC BY 4.0 (both corpora)"})["license"] == "cc-by-4.0"
    told = metadata(card | {"licence": 'that of "my" data: none'})
    assert (told["license"], told["license_name"]) == ("other", 'that of "my" data: none')


def test_data_that_hubs_have_are_linked(card):
    assert metadata(card | {"sources": ["articles.jsonl", "click-id.jsonl"]})["datasets"] == ["id_clickbait"]
    assert "datasets" not in metadata(card | {"sources": ["mine.jsonl"]})
