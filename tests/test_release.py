"""What a release is: one number everywhere, files that are whole, workflows that may do little."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

import saring

ROOT = Path(__file__).parents[1]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
ACTION = re.compile(r"uses: ([\w/-]+)@([0-9a-f]{40}) # v\d+\.\d+\.\d+$")


def text(*steps):
    return ROOT.joinpath(*steps).read_text("utf-8")


def actions(path):
    """What a workflow uses that is not ours."""
    return re.findall(r"uses: [^.].+", path.read_text("utf-8"))


def test_the_number_stands_once_in_the_code():
    assert "version" in tomllib.loads(text("pyproject.toml"))["project"]["dynamic"]
    stated = [
        path for path in (ROOT / "src").rglob("*.py") if re.search(r"^__version__ =", path.read_text("utf-8"), re.M)
    ]
    assert stated == [ROOT / "src" / "saring" / "__init__.py"]


def test_the_changelog_begins_with_it():
    first = re.search(r"^## (.+)$", text("CHANGELOG.md"), re.M)[1]
    assert first == "Unreleased" or re.fullmatch(rf"{re.escape(saring.__version__)} - \d{{4}}-\d\d-\d\d", first)


def tag(*words):
    return subprocess.run(
        [sys.executable, ROOT / ".ci" / "tag.py", *words], capture_output=True, text=True, check=False
    )


def test_a_tag_is_the_version_and_the_first_heading_of_the_changelog():
    assert "tag v9.9, " in tag("v9.9").stderr and tag("v9.9").returncode == 1
    told = tag(f"v{saring.__version__}", "--notes")
    if "## Unreleased" in text("CHANGELOG.md"):
        assert "changelog vUnreleased" in told.stderr
    else:
        assert (told.returncode, told.stderr) == (0, "") and "### Added" in told.stdout


def test_readme_names_the_wheel_of_this_version():
    assert {*re.findall(r"saring-([\d.]+)-py3-none-any\.whl", text("README.md"))} == {saring.__version__}


def test_it_can_be_cited():
    cited = yaml.safe_load(text("CITATION.cff"))
    assert {"cff-version", "message", "title", "authors", "license"} <= set(cited)
    assert cited["license"] == tomllib.loads(text("pyproject.toml"))["project"]["license"]
    assert "version" not in cited


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_may_read_and_no_more_unless_a_job_says_so(path):
    flow = yaml.safe_load(path.read_text("utf-8"))
    assert flow["permissions"] == {}
    for name, job in flow["jobs"].items():
        assert job["permissions"].get("contents", "read") == "read" or name == "release"
        assert "uses" in job or job["timeout-minutes"] <= 120


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_actions_are_pinned_by_commit_and_say_their_version(path):
    used = actions(path)
    assert used and [line for line in used if not ACTION.fullmatch(line)] == []


def test_an_action_has_one_commit_in_all_workflows():
    pins = [ACTION.fullmatch(line) for path in WORKFLOWS for line in actions(path)]
    assert len({pin[1] for pin in pins}) == len({pin[0] for pin in pins})


def test_workflows_run_on_every_python_that_the_package_names():
    minors = {*re.findall(r":: (3\.\d+)", text("pyproject.toml"))}
    matrix = yaml.safe_load(text(".github", "workflows", "ci.yml"))["jobs"]["installed"]["strategy"]["matrix"]
    assert {*matrix["python"]} == minors
    trial = re.search(r"MINORS = \((.+)\)", text(".ci", "installed.py"))[1]
    assert {f"3.{minor}" for minor in trial.split(", ")} == minors


def test_the_image_runs_as_nobody_in_particular_and_says_how_it_is():
    image = text("Dockerfile")
    assert re.search(r"^USER [1-9]\d*$", image, re.M) and "HEALTHCHECK" in image
    assert re.search(r'^(ENTRYPOINT|CMD) \["saring"', image, re.M)
    assert all(re.search(r":[\w.-]+|@sha256:", line) for line in re.findall(r"^FROM (\S+)", image, re.M))
