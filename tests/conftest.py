"""A slice of the embedded corpus, and bundles trained on it, which are made once for all test processes of a run."""

import os
from pathlib import Path

import orjson
import pytest
from hypothesis import settings
from joblib import parallel_config

# Laws are searched for counterexamples, not timed: a busy machine must not fail them.
settings.register_profile("saring", deadline=None)
settings.load_profile("saring")

# Answers differ in the last digit between scikit-learn and the kernel, which takes over once a process
# has asked for many rows: tests must not hang on what ran before them. test_kernel.py tests both.
os.environ.setdefault("SARING_COMPILED", "0")

EMBEDDED_CORPUS = Path(__file__).parents[1] / "data" / "corpus" / "articles.jsonl"
SHIPPED = Path(__file__).parents[1] / "models" / "id-news"
EVERY = 11  # all topics in both splits and some ninety publishers, trained on in four seconds


# Files whose tests wait for other programs: who takes them first leaves the many quick ones to the others.
SLOWEST = ("test_spark.py", "test_readme.py", "test_notebooks.py")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the slowest files; a file's tests stay in one process, which makes its fixtures once."""
    items.sort(key=lambda item: item.path.name not in SLOWEST)


ROOT = Path(__file__).parents[1]
OURS = ("models", "mlflow.db", "mlartifacts", "mlruns")  # of the checkout; the user's, not the tests'


@pytest.fixture(scope="session", autouse=True)
def _own_places(tmp_path_factory: pytest.TempPathFactory):
    """Models and an MLflow store of the tests' own; at the end the checkout's are as they were."""

    def held() -> dict[str, list[str]]:
        return {name: sorted(map(str, (ROOT / name).glob("**/*"))) for name in OURS if (ROOT / name).exists()}

    before = held()
    home = tmp_path_factory.mktemp("home")
    (home / "models").mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SARING_MODELS", str(home / "models"))
        patch.setenv("XDG_DATA_HOME", str(home))
        patch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{home / 'mlflow.db'}")
        yield
    assert held() == before, "a test wrote into the checkout"


@pytest.fixture(scope="session")
def embedded_corpus() -> Path:
    """Path of the whole corpus."""
    return EMBEDDED_CORPUS


@pytest.fixture(scope="session")
def small_corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Path of a corpus of 127 rows, enough to train something that works."""
    rows = EMBEDDED_CORPUS.read_bytes().splitlines(keepends=True)[::EVERY]
    path = tmp_path_factory.mktemp("corpus") / "small.jsonl"
    path.write_bytes(b"".join(rows))
    assert len({orjson.loads(row)["topic"] for row in rows}) == 4
    return path


def trained_once(corpus: Path, tmp_path_factory: pytest.TempPathFactory, name: str, **topic: float) -> Path:
    """Folder of a bundle that the first test process to ask for it trains; others wait for it."""
    from saring.atomic import in_turn
    from saring.config import LinkConfig, TopicConfig, TrainConfig
    from saring.experiment import train_files

    here = tmp_path_factory.getbasetemp()
    models = (here.parent if "PYTEST_XDIST_WORKER" in os.environ else here) / name
    # So small a model is often unsure, and what it would answer is what most tests look at.
    config = TrainConfig(folds=3, abstain_risk=1.0, topic=TopicConfig(**topic), link=LinkConfig(dimensions=20))
    # In one process: so small a corpus is trained on before worker processes have started.
    with in_turn(models.with_suffix(".lock")), parallel_config("sequential"):
        if not models.exists():
            train_files([corpus], models, config, log=False)
    [folder] = models.iterdir()
    return folder


@pytest.fixture(scope="session")
def bundle_folder(small_corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a bundle trained on the small corpus; do not write into it."""
    return trained_once(small_corpus, tmp_path_factory, "models")


@pytest.fixture(scope="session")
def other_bundle_folder(small_corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Another of the same rows, with a penalty on topics so strong that it answers otherwise."""
    return trained_once(small_corpus, tmp_path_factory, "other-models", C=0.01)


@pytest.fixture(scope="session")
def pipelines(small_corpus: Path):
    """The fitted scikit-learn pipeline of each task, by name: the definition of its answers."""
    from saring.config import LinkConfig, TrainConfig
    from saring.training.corpus import read_corpus
    from saring.training.fit import Fitted
    from saring.training.trainer import make_jobs

    config = TrainConfig(link=LinkConfig(dimensions=20))
    jobs = make_jobs(list(read_corpus(small_corpus)), config)
    return {job.task.name: Fitted.on(job.task, job.train, config).model for job in jobs}


@pytest.fixture(scope="session")
def shipped():
    """The model that comes with saring, opened as a user opens it."""
    from saring.predict import load

    return load(SHIPPED)
