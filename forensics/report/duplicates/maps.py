"""A small map of where two pictures differ, with the faces outlined."""

from __future__ import annotations

from markupsafe import Markup

from forensics.languages import gettext as _
from forensics.records.perceptual_hashes import GRID_SIDE
from forensics.report import svg
from forensics.report.duplicates.matches import Difference

_LONGER_SIDE = 240.0


def difference_map(one: Difference, aspect: float) -> Markup:
    """The picture's outline, the cells that differ, and the face boxes.

    Args:
        aspect: width of the picture by its height.
    """
    width = _LONGER_SIDE * min(1.0, aspect)
    height = _LONGER_SIDE * min(1.0, 1.0 / aspect)
    across, down = width / GRID_SIDE, height / GRID_SIDE
    cells = "".join(
        f"M{svg.number(column * across)} {svg.number(row * down)}h{across:.2f}v{down:.2f}h{-across:.2f}z"
        for row, column in one.cells
    )
    parts = [
        svg.rectangle(0, 0, width, height, "picture"),
        svg.element("path", class_="differs", d=cells) if cells else "",
        *(
            svg.rectangle(left * width, top * height, across_share * width, down_share * height, "face")
            for left, top, across_share, down_share in (face.box for face in one.faces)
        ),
    ]
    title = _("Where the two pictures differ")
    return svg.document(
        width, height, title, _("Filled cells differ; outlines are faces."), parts, "difference"
    )
