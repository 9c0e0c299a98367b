"""Makes the picture of the README from the demonstration's own media: ``python -m docs.screenshot``.

Scans the clips of ``forensics demo``, opens the report in headless Chromium at the file with the highest
score, and writes ``docs/report.png`` in few colours, so that it stays small.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image

from tests.chromium import started

PICTURE = Path(__file__).with_name("report.png")
_WIDTH_PX, _HEIGHT_PX = 1000, 1440
_N_COLOURS = 200
_MOST_BYTES = 150_000


def main() -> None:
    """Makes the picture."""
    with tempfile.TemporaryDirectory() as work:
        report = Path(work) / "demo.html"
        command = [sys.executable, "-m", "forensics", "demo", "--report", str(report)]
        subprocess.run(command, check=True, cwd=work)  # noqa: S603 - our own
        shown = Path(work) / "shown.png"
        take(report, shown)
        with Image.open(shown) as picture:
            few = picture.convert("RGB").quantize(_N_COLOURS, dither=Image.Dither.NONE)
            few.save(PICTURE, optimize=True)
    size_bytes = PICTURE.stat().st_size
    sys.stdout.write(f"{PICTURE.name}: {size_bytes / 1000:.0f} kB\n")
    if size_bytes > _MOST_BYTES:
        sys.exit(
            f"The picture is larger than {_MOST_BYTES / 1000:.0f} kB; take fewer colours or a smaller part."
        )


def take(report: Path, out: Path) -> None:
    """A picture of the viewer at the first file of the report."""
    with started("--hide-scrollbars", "--force-prefers-reduced-motion") as page:
        size = {"width": _WIDTH_PX, "height": _HEIGHT_PX, "deviceScaleFactor": 1, "mobile": False}
        page.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        page.get(report.as_uri())
        page.execute_script("document.querySelector('#table tbody a').click()")
        # Where the clips lay while they were scanned is nobody's business.
        page.execute_script("document.querySelectorAll('.place').forEach(one => one.remove())")
        page.execute_script("document.activeElement.blur()")
        page.save_screenshot(str(out))


if __name__ == "__main__":
    main()
