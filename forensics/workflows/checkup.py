"""What ``forensics doctor`` looks at."""

from __future__ import annotations

import contextlib
import importlib
import os
import platform
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import forensics
from forensics import cache, catalog, ensembles
from forensics.detectors import DEFAULT_DETECTORS
from forensics.errors import ModelError, SettingsError
from forensics.processor import cpu_isa, cpu_name, has_bf16, usable_cores
from forensics.records.detector_spec import ModelCount
from forensics.report.renderers.pdf import load_weasyprint
from forensics.resources import resource_folder
from forensics.scan.machine import package_versions
from forensics.settings import Profile

# Module to the package that brings it: what a scan cannot do without.
_NEEDED = {
    "av": "av",
    "cv2": "opencv-python-headless",
    "dlib": "dlib-bin",
    "jinja2": "jinja2",
    "numpy": "numpy",
    "openvino": "openvino",
    "scipy": "scipy",
    "skimage": "scikit-image",
    "sklearn": "scikit-learn",
}
# Package to the command that brings it: for training alone.
_OPTIONAL = {
    "torch": "pip install 'forensics[train]'",
    "intel-extension-for-pytorch": "pip install 'forensics[train,ipex]'",
}
_BAD_INSTALL, _BAD_MODEL = 2, 3
# A worker needs about this much; below it, fewer workers are wise.
_WORKER_BYTES = 700_000_000


@dataclass(frozen=True, slots=True)
class Complaint:
    """Something that is missing or unfit, and the command that mends it."""

    what: str
    remedy: str
    exit_code: int = _BAD_INSTALL


@dataclass(frozen=True, slots=True)
class Checkup:
    """What was found, by title, and what is to be done."""

    sections: dict[str, list[str]] = field(default_factory=dict)
    complaints: list[Complaint] = field(default_factory=list)


def examine_machine() -> Checkup:
    """Looks at the processor, the packages, the models and the templates."""
    checkup = Checkup()
    checkup.sections["Machine"] = list(_machine())
    checkup.sections["Versions"] = _versions(checkup.complaints)
    checkup.sections["Models"] = _models(checkup.complaints)
    checkup.sections["Reports"] = list(_reports())
    checkup.sections["For training"] = list(_training())
    if not (resource_folder("reports/templates") / "report.html.jinja").is_file():
        checkup.complaints.append(
            Complaint("The report's templates are missing", "pip install --force-reinstall forensics")
        )
    return checkup


def _machine() -> Iterator[str]:
    isa = cpu_isa()
    yield cpu_name()
    yield f"instruction sets: {isa or 'not known'}"
    n_cores = usable_cores()
    memory_bytes = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    n_fit = max(1, min(n_cores, memory_bytes // _WORKER_BYTES))
    yield f"{n_cores} cores, {memory_bytes / 1e9:.1f} GB of memory: room for --workers {n_fit}"
    yield platform.platform()
    if isa and "avx2" not in isa:
        yield "without AVX2, nets run several times slower"
    if has_bf16(isa):
        yield "bf16 is there: --profile triage can use it"
    folder = cache.cache_folder()
    yield f"cache: {'switched off' if folder is None else folder} ({_cached(folder)})"


def _cached(folder: Path | None) -> str:
    if folder is None or not folder.is_dir():
        return "empty"
    sizes_bytes = [path.stat().st_size for path in folder.iterdir()]
    n_tuned = len(list(folder.glob("pace-*.json")))
    tuned = f"{n_tuned} tuned" if n_tuned else "not tuned: forensics doctor --tune"
    return f"{len(sizes_bytes)} entries, {sum(sizes_bytes) / 1e6:.0f} MB; {tuned}"


def _versions(complaints: list[Complaint]) -> list[str]:
    lines = [f"forensics {forensics.__version__}"]
    lines += [f"{package} {number}" for package, number in package_versions().items()]
    for module, package in _NEEDED.items():
        try:
            importlib.import_module(module)
        except ImportError as error:
            complaints.append(
                Complaint(f"{package} cannot be loaded: {error}", f"pip install --force-reinstall {package}")
            )
    return lines


def _models(complaints: list[Complaint]) -> list[str]:
    lines = []
    with _complaining(complaints):
        for card, folder in catalog.list_cards():
            with _complaining(complaints):
                ensembles.verify(card, folder)
                lines.append(f"{card.id}: sound")
                lines += [f"  {one.precision}: weights {one.bin_sha256}" for one in card.variants]
                lines += [f"  {one.id}: {one.weight:.3g}" for one in card.members]
    for name, spec in DEFAULT_DETECTORS.items():
        if spec.models is ModelCount.NONE:
            continue
        with _complaining(complaints):
            usual = {profile: catalog.default_model(name, profile.value)[0].id for profile in Profile}
            if len(set(usual.values())) == 1:
                lines.append(f"{name} is examined with {next(iter(usual.values()))}")
            else:
                lines += [f"{name} is examined with {one} in {profile}" for profile, one in usual.items()]
    return lines


@contextlib.contextmanager
def _complaining(complaints: list[Complaint]) -> Iterator[None]:
    """Turns a model's error into something to do, and goes on."""
    try:
        yield
    except ModelError as error:
        complaint = Complaint(error.message, error.hint, _BAD_MODEL)
        if complaint not in complaints:
            complaints.append(complaint)


def _reports() -> Iterator[str]:
    try:
        yield f"PDF: WeasyPrint {load_weasyprint().__version__}"
    except SettingsError as error:
        yield f"PDF: not available. {error.message}. {error.hint}"


def _training() -> Iterator[str]:
    for package, remedy in _OPTIONAL.items():
        try:
            yield f"{package} {version(package)}"
        except PackageNotFoundError:
            yield f"{package} is not installed; scans do not need it ({remedy})"
