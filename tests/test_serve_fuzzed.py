"""The API of `saring serve` asked whatever its own OpenAPI description allows, and whatever it does not."""

import subprocess
import sys

import orjson
import pytest
from test_serve import serving

pytest.importorskip("schemathesis", reason="needs schemathesis")

# Checks of schemathesis that hold: nothing breaks, and what is answered is what the description says.
CHECKS = (
    "not_a_server_error", "status_code_conformance", "content_type_conformance", "response_headers_conformance",
    "response_schema_conformance", "negative_data_rejection", "positive_data_acceptance", "unsupported_method",
    "missing_required_header",
)  # fmt: skip


# 413 for more articles than a request may have, which the description says by `maxItems`.
CONFIG = """
[checks.negative_data_rejection]
expected-statuses = ["400", "401", "403", "404", "405", "413", "415", "422"]
"""


@pytest.mark.slow
def test_it_answers_as_its_description_says(bundle_folder, tmp_path):
    config = tmp_path / "schemathesis.toml"
    config.write_text(CONFIG)
    with serving(tmp_path, bundle_folder) as server:
        description = f"http://127.0.0.1:{server.port}/openapi.json"
        command = [
            sys.executable, "-m", "schemathesis.cli", "--config-file", config, "run", description, "--checks", ",".join(CHECKS), "--no-color",
            "--max-examples", "40", "--generation-deterministic",
        ]  # fmt: skip
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
        assert server.ask("GET", "/readyz")[0] == 200


def test_the_description_is_whole(bundle_folder, tmp_path):
    with serving(tmp_path, bundle_folder) as server:
        description = orjson.loads(server.ask("GET", "/openapi.json")[2])
    assert description["openapi"].startswith("3.1")
    assert set(description["paths"]) == {"/healthz", "/readyz", "/v1/model", "/v1/predict", "/v1/clean"}
    row = description["components"]["schemas"]["Prediction"]["properties"]
    assert list(row)[:2] == ["id", "title"] and "p_economy" in row and row["error"]["description"]
