"""A model for worker processes, which find it here, without what they are not given."""

import os
import signal
import time
from dataclasses import dataclass

from saring.article import Prediction


@dataclass(frozen=True)
class FragileModel:
    """A model that does what texts say: end its process, take long, or raise."""

    topics = ("economy",)
    model_version = "0"

    def predict(self, records, *, keep_links, scored_at=None):
        for text in [record.text for record in records if not record.error]:
            if text == "mati":
                os.kill(os.getpid(), signal.SIGKILL)
            while text == "lama":
                time.sleep(0.01)
            if text == "galat":
                raise RuntimeError("rusak")
        return [Prediction(r.id, error=r.error, scored_at=scored_at, model_version="0") for r in records]
