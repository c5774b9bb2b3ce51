"""Pages in a real Chromium: nothing keeps people from reading them, wide or narrow, by day or night, and on paper."""

import pytest
from chromium import NARROW, WIDE, chromium, hindrances, opened, screenshot  # noqa: F401 - a fixture

pytest.importorskip("jinja2", reason='needs the extra "train"')
pytest.importorskip("playwright", reason="needs Playwright")

from saring import store
from saring.html_reports.evaluation_report import evaluation_html


@pytest.fixture(scope="module")
def evaluation(bundle_folder, tmp_path_factory):
    path = tmp_path_factory.mktemp("pages") / "evaluation.html"
    path.write_text(evaluation_html(store.load(bundle_folder)), encoding="utf-8")
    return path.as_uri()


LOOKS = {"wide": {"viewport": WIDE}, "narrow": {"viewport": NARROW}, "dark": {"viewport": WIDE, "color_scheme": "dark"}}


@pytest.mark.parametrize("look", LOOKS)
def test_an_evaluation_can_be_read_by_all(chromium, evaluation, look):  # noqa: F811
    with opened(chromium, evaluation, **LOOKS[look]) as page:
        assert hindrances(page) == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        screenshot(page, f"evaluation-{look}")
