"""A model's version is that of its files: whoever makes another model cannot keep the old name."""

import hashlib
import json
import shutil

import pytest

from saring import load
from saring.errors import BundleError


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize("field", ["model_version", "thresholds"])
def test_a_card_whose_checksum_fits_but_not_its_version_is_refused(bundle_folder, tmp_path, field):
    folder = shutil.copytree(bundle_folder, tmp_path / "b")
    card, sums = folder / "card.json", folder / "checksums.json"
    before, value = digest(card), json.loads(card.read_bytes())
    value[field] = "0" * 12 if field == "model_version" else dict.fromkeys(value[field], 0.25)
    card.write_text(json.dumps(value), encoding="utf-8")
    assert sums.read_text().count(before) == 1
    sums.write_text(sums.read_text().replace(before, digest(card)))
    with pytest.raises(BundleError, match=r"card\.json: model_version is not that of the files"):
        load(folder)
