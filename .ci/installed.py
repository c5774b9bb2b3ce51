"""Install what a release is made of into bare environments, cut the network, and ask for answers.

python .ci/installed.py dist/saring-*.whl dist/saring-*.tar.gz [--python PYTHON ...] [--extras each|all|none] [--newest]

Each file goes into an environment of its own, for each Python of this machine that saring runs on: bare, and with
``[all]``; ``--extras each`` takes each extra alone, too. There, outside the clone and without a network, saring
predicts; what an extra brings works where it is installed, and names it where it is not (tried bare and with all).
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).resolve().parents[1]
ARTICLES = ROOT / "tests" / "articles"
MINORS = (11, 12, 13, 14)
NOT_FOR_USERS = {"dev", "notebooks"}  # their packages are those of `make setup`
SIDE_BY_SIDE = 3  # environments: while one waits for the network or the disk, another computes
MISSING = "needs an optional part"

# Brings up the loopback interface of a new network namespace, which `saring serve` listens at, and becomes the command.
LOOPBACK = """import fcntl, os, socket, struct, sys
fcntl.ioctl(socket.socket(), 0x8914, struct.pack("16sh", b"lo", 0x41))
os.execv(sys.argv[1], sys.argv[1:])"""

SERVE = """import json, subprocess, urllib.request
server = subprocess.Popen(["saring", "serve", "--port", "0", "--workers", "1"], stdout=subprocess.PIPE, text=True)
try:
    address = server.stdout.readline().split()[-1].rstrip("/")
    body = json.dumps({"articles": [{"text": "Rupiah menguat."}]}).encode()
    asked = urllib.request.Request(address + "/v1/predict", body, {"Content-Type": "application/json"})
    print(urllib.request.urlopen(asked, timeout=60).read().decode())
finally:
    server.terminate()
    server.wait()
"""


@dataclass(frozen=True)
class Trial:
    """A command that an extra makes work."""

    words: tuple[str, ...]
    shows: str  # in what it prints or writes to `out.*`, where the extra is installed
    without: str | None = MISSING  # the same where it is not; None: nothing is promised


def python(code: str) -> tuple[str, ...]:
    """Return the words that run a line of Python."""
    return ("python", "-c", code)


TRIALS = {
    "html": Trial(("saring", "clean", "page.html", "--out", "out.jsonl"), "pelatih"),
    "warc": Trial(python("import brotli, saring.io.crawled; print(brotli.__name__)"), "brotli", None),
    "excel": Trial(("saring", "clean", "rows.xlsx", "--out", "out.jsonl"), "Rupiah menguat"),
    "fix": Trial(("saring", "clean", "prmn.txt", "--fix-text", "--out", "out.jsonl"), "gencatan"),
    "fast": Trial(
        python("from saring.kernel.scoring import prepare; print('compiled', prepare())"),
        "compiled True", "compiled False",
    ),
    "remote": Trial(
        python("from saring.io.addresses import Address; print(Address('s3://bucket/key').located())"), "bucket/key"
    ),
    "report": Trial(("saring", "report", "rows.jsonl", "--out", "out.html"), "<html"),
    "serve": Trial(python(SERVE), '"topic"', None),
    "train": Trial(python("import mlflow, pandas, saring.tracking.runs; print(mlflow.__version__)"), "3.", None),
    "datatrove": Trial(python("from saring.integrations.datatrove import TeaserCleaner as T; print(T.name)"), "saring"),
    "spark": Trial(python("import pyspark, saring.spark; print(saring.spark.score)"), "function score", None),
}  # fmt: skip


def pythons() -> Iterator[Path]:
    """Yield a Python of each minor version that saring runs on and this machine has."""
    for minor in MINORS:
        name = f"python3.{minor}"
        homes = sorted(Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")).glob(f"versions/3.{minor}.*/bin"))
        found = [
            Path(path) for path in (shutil.which(name), f"/usr/bin/{name}", *(home / name for home in homes)) if path
        ]
        if python := next((path for path in found if works(path, minor)), None):
            yield python
        else:
            print(f"python 3.{minor}: not on this machine, left out", flush=True)


def works(python: Path, minor: int) -> bool:
    """Say whether a file is a Python of a version; a shim of pyenv may be none."""
    if not python.exists():
        return False
    done = subprocess.run(
        [python, "-c", "import sys, venv, ensurepip; print(sys.version_info.minor)"], capture_output=True, check=False
    )
    return done.stdout.strip() == str(minor).encode()


def isolation() -> list[str]:
    """Return the words that run a command without a network, none where this machine lets nobody do so."""
    for words in (["unshare", "-n"], ["sudo", "-n", "-E", "unshare", "-n"], ["unshare", "-r", "-n"]):
        if shutil.which(words[0]) and not subprocess.run([*words, "true"], capture_output=True, check=False).returncode:
            return [*words, sys.executable, "-c", LOOPBACK]
    print("note: no network namespace can be made here; the network stays", flush=True)
    return []


def metadata(file: Path) -> str:
    """Return what an index would be told about a wheel or an sdist."""
    if file.suffix == ".whl":
        with zipfile.ZipFile(file) as wheel:
            return wheel.read(next(name for name in wheel.namelist() if name.endswith(".dist-info/METADATA"))).decode()
    with tarfile.open(file) as sdist:
        member = sdist.extractfile(f"{file.name.removesuffix('.tar.gz')}/PKG-INFO")
        assert member is not None
        return member.read().decode()


def extras_of(file: Path) -> set[str]:
    """Return the extras of a wheel or an sdist; each needs an entry in `TRIALS`."""
    extras = {*re.findall(r"^Provides-Extra: (\S+)$", metadata(file), re.M)} - NOT_FOR_USERS - {"all"}
    if untried := extras - set(TRIALS):
        names = ", ".join(sorted(untried))
        sys.exit(f"{file.name}: extras without a trial: {names}; add them to TRIALS of {Path(__file__).name}")
    return extras


def packages(file: Path) -> dict[str, set[str]]:
    """Return the packages of each extra, with those of the extras that it takes in, as `all` does."""
    pattern = r"^Requires-Dist: ([\w.-]+)(?:\[([\w,-]+)\])?.*extra == [\"']([\w-]+)"
    lines = re.findall(pattern, metadata(file), re.M)
    own: dict[str, set[str]] = {}
    for name, _, extra in lines:
        own.setdefault(extra, set()).add(name.lower())
    taken_in = {extra: taken.split(",") for name, taken, extra in lines if name == "saring"}
    return {extra: names.union(*(own[other] for other in taken_in.get(extra, []))) for extra, names in own.items()}


def parts(file: Path, extra: str) -> set[str]:
    """Return the extras that one brings: whose packages are all among its own."""
    brought = packages(file)
    return {other for other in extras_of(file) if brought[other] <= brought[extra]} if extra else set()


def install(file: Path, python: Path, extras: str, home: Path, *, newest: bool) -> Path:
    """Return the folder of programs of a new environment with a wheel or an sdist."""
    wanted = f"{file}[{extras}]" if extras else str(file)
    held = [] if newest else ["-c", str(ROOT / "constraints.txt")]
    if shutil.which("uv"):
        run(["uv", "venv", "--quiet", "--python", str(python), str(home)])
        run(["uv", "pip", "install", "--quiet", "--python", str(home / "bin" / "python"), *held, wanted])
    else:
        run([str(python), "-m", "venv", str(home)])
        run([str(home / "bin" / "python"), "-m", "pip", "install", "-qq", "--disable-pip-version-check", *held, wanted])
    return home / "bin"


def run(words: list[str]) -> None:
    """Run a command that must succeed."""
    subprocess.run(words, check=True)


OOXML = "http://schemas.openxmlformats.org"
WORKBOOK = {
    "[Content_Types].xml": f"""<Types xmlns="{OOXML}/package/2006/content-types"><Default Extension="xml"
        ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/></Types>""",
    "_rels/.rels": f"""<Relationships xmlns="{OOXML}/package/2006/relationships"><Relationship Id="r0"
        Type="{OOXML}/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>""",
    "xl/workbook.xml": f"""<workbook xmlns="{OOXML}/spreadsheetml/2006/main"
        xmlns:r="{OOXML}/officeDocument/2006/relationships"><sheets><sheet name="a" sheetId="1" r:id="r1"/></sheets>
        </workbook>""",
    "xl/_rels/workbook.xml.rels": f"""<Relationships xmlns="{OOXML}/package/2006/relationships"><Relationship Id="r1"
        Type="{OOXML}/officeDocument/2006/relationships/worksheet" Target="worksheets/a.xml"/></Relationships>""",
    "xl/worksheets/a.xml": f"""<worksheet xmlns="{OOXML}/spreadsheetml/2006/main"><sheetData>
        <row r="1"><c r="A1" t="inlineStr"><is><t>isi</t></is></c></row>
        <row r="2"><c r="A2" t="inlineStr"><is><t>Rupiah menguat terhadap dolar AS.</t></is></c></row>
        </sheetData></worksheet>""",
}


def ask(programs: Path, cut: list[str], words: Iterable[str], folder: Path) -> str:
    """Return what a command of the environment printed and wrote, run outside the clone without a network."""
    for old in folder.glob("out.*"):
        old.unlink()
    program, *rest = words
    env = {"PATH": f"{programs}:/usr/bin:/bin", "HOME": str(folder), "LC_ALL": "C.UTF-8"}
    done = subprocess.run(
        [*cut, str(programs / program), *rest],
        cwd=folder,
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return done.stdout + "".join(path.read_text("utf-8") for path in folder.glob("out.*") if path.is_file())


def faults(
    file: Path, programs: Path, cut: list[str], extras: set[str], tried: set[str], folder: Path
) -> Iterator[str]:
    """Yield what an environment does not do as promised, where the extras that it has and those it lacks are tried."""
    for name in ("prmn.txt", "page.html"):
        shutil.copy(ARTICLES / name, folder)
    with zipfile.ZipFile(folder / "rows.xlsx", "w") as workbook:
        for name, content in WORKBOOK.items():
            workbook.writestr(name, content)
    home = str(programs.parent)
    for words in (("saring", "predict", "prmn.txt"), ("python", "-m", "saring", "predict", "prmn.txt")):
        shown = ask(programs, cut, words, folder)
        if "topic: international_politics" not in shown or home not in shown or "comes with saring" not in shown:
            yield f"{' '.join(words)}: {shown}"
    version = re.search(r"^Version: (.+)$", metadata(file), re.M)
    if version is None or ask(programs, cut, ("saring", "--version"), folder) != f"saring {version[1]}\n":
        yield "saring --version is not that of the file"
    rows = ask(programs, cut, ("saring", "score", "prmn.txt", "--out", "rows.jsonl", "--overwrite"), folder)
    if "1 done" not in rows:
        yield f"saring score: {rows}"
    for extra, trial in TRIALS.items():
        expected = trial.shows if extra in extras else trial.without
        if expected and extra in tried and expected not in (shown := ask(programs, cut, trial.words, folder)):
            yield f"extra {extra} {'installed' if extra in extras else 'missing'}: expected {expected!r}, found {shown}"


def main() -> int:
    """Return 0 where every environment does as promised."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--python", nargs="+", type=Path, help="(default: each of this machine)")
    parser.add_argument("--extras", choices=("none", "all", "each"), default="all")
    parser.add_argument("--newest", action="store_true", help="newest packages, not those of constraints.txt")
    options = parser.parse_args()
    cut = isolation()
    failed = 0

    def trial(python: Path, file: Path, extra: str) -> tuple[str, list[str]]:
        with TemporaryDirectory() as folder:
            programs = install(file, python, extra, Path(folder, "env"), newest=options.newest)
            work = Path(folder, "work")
            work.mkdir()
            installed = parts(file, extra)
            tried = installed if extra in TRIALS else extras_of(file)  # what is missing is told by the other two
            name = f"{file.name}[{extra}]" if extra else file.name
            return f"{python}  {name}", list(faults(file, programs, cut, installed, tried, work))

    choices = {"none": [""], "all": ["", "all"]}
    asked = [
        (python, file, extra)
        for python in options.python or list(pythons())
        for file in map(Path.resolve, options.files)
        for extra in choices.get(options.extras, ["", "all", *sorted(extras_of(file))])
    ]
    with ThreadPoolExecutor(SIDE_BY_SIDE) as side_by_side:
        for name, wrong in side_by_side.map(trial, *zip(*asked, strict=True)):
            failed += bool(wrong)
            print(f"{'FAILED' if wrong else 'passed'}  {name}", *wrong, sep="\n    ", flush=True)
    print(
        f"{'some environments failed' if failed else 'every environment answered'} "
        f"({'network cut' if cut else 'network not cut'})"
    )
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
