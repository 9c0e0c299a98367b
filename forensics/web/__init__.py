"""The examiner's desk: a page on this machine that takes uploads, queues them and shows their reports.

``guard`` lets in whoever knows the token, ``uploads`` writes streams to disk, ``desk`` is the queue and all
that is remembered, ``examiner`` has the process ``examination`` scan, ``news`` tells the pages, ``routes``
answers, ``server`` listens.
"""
