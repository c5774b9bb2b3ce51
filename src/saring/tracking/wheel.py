"""A wheel of this very saring, which travels with a model: saring is on no index that a serving host could ask.

The files of the installed package are packed again, from a checkout as from a wheel: nothing is built, so it needs
neither setuptools nor a network, and takes a tenth of a second. The model that comes with saring stays out.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from importlib.metadata import Distribution, distribution, distributions
from io import BytesIO
from pathlib import Path, PurePosixPath
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import saring

_LEFT_OUT = ("shipped", "__pycache__")
_KEPT = ("METADATA", "entry_points.txt")  # of what is known of the package; the rest tells how it got here
_WHEEL = "Wheel-Version: 1.0\nGenerator: saring\nRoot-Is-Purelib: true\nTag: py3-none-any\n"


def write_wheel(folder: Path) -> Path:
    """Return the wheel that was written into `folder`: equal files give equal bytes.

    A digest of the files is in its name (as its build number): MLflow takes two environments whose requirements are
    called alike for one.
    """
    installed = _installed()
    info = f"saring-{installed.version}.dist-info"
    files = dict(sorted(_package())) | dict(_metadata(installed, info)) | {f"{info}/WHEEL": _WHEEL.encode()}
    rows = [f"{name},sha256={_digest(content)},{len(content)}" for name, content in files.items()]
    record = "\n".join([*rows, f"{info}/RECORD,,", ""]).encode()
    packed = BytesIO()
    with ZipFile(packed, "w", ZIP_DEFLATED) as file:
        for name, content in [*files.items(), (f"{info}/RECORD", record)]:
            entry = ZipInfo(name)  # which is of 1980, whenever it is packed
            entry.compress_type, entry.external_attr = ZIP_DEFLATED, 0o644 << 16
            file.writestr(entry, content)
    build = hashlib.sha256(record).hexdigest()[:12]
    path = folder / f"saring-{installed.version}-0{build}-py3-none-any.whl"
    path.write_bytes(packed.getvalue())
    return path


def _package() -> Iterator[tuple[str, bytes]]:
    """Yield the package's files, by their paths in the wheel."""
    home = Path(saring.__file__).parent
    for path in home.rglob("*"):
        steps = path.relative_to(home).parts
        if path.is_file() and not set(steps) & set(_LEFT_OUT):
            yield "/".join(("saring", *steps)), path.read_bytes()


def _installed() -> Distribution:
    """Return what is known of the installed package.

    In a checkout a build may have left another record of it, ``saring.egg-info``, which is found first.
    """
    return next((d for d in distributions(name="saring") if d.read_text("METADATA")), None) or distribution("saring")


def _metadata(installed: Distribution, info: str) -> Iterator[tuple[str, bytes]]:
    """Yield requirements, commands and licence."""
    for file in installed.files or ():
        steps = PurePosixPath(file).parts
        if steps[0].endswith(".dist-info") and (steps[1] in _KEPT or "licenses" in steps):
            yield "/".join((info, *steps[1:])), Path(str(file.locate())).read_bytes()


def _digest(content: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
