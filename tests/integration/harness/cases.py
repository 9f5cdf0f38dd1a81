# SPDX-License-Identifier: Apache-2.0
"""Which cases of a large table run every time, and which with --full only."""

import pytest


def each_way(cases, ways, always=()):
    """
    (case, way) for parametrize: each case goes one way and the next one another, so that every way is taken; with --full
    all cases go all ways, as those named in `always` do every time.
    """
    for number, case in enumerate(cases):
        for place, way in enumerate(ways):
            chosen = case in always or number % len(ways) == place
            yield pytest.param(case, way, marks=() if chosen else (pytest.mark.full,))
