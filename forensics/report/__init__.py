"""The report: what a case file says, arranged for people (HTML) and for machines (JSON, CSV).

``view`` arranges, ``figures`` and ``timeline`` draw, ``renderers`` write. Only records come in: an old
case can be redrawn without its media.
"""
