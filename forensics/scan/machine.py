"""Which versions run on this machine: for the manifest and for ``forensics doctor``."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version

PACKAGES = (
    "openvino",
    "av",
    "pillow",
    "pi-heif",
    "opencv-python-headless",
    "dlib-bin",
    "imagehash",
    "numpy",
    "scipy",
    "scikit-learn",
    "msgspec",
    "jinja2",
)


def package_versions() -> dict[str, str]:
    """Package to installed version, Python first; packages that are missing are left out."""
    versions = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            continue
    return versions
