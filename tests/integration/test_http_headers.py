# SPDX-License-Identifier: Apache-2.0
"""3 KiB of headers are served in whatever shape of up to six lines, while connections are kept and memory stays small."""
import random

import pytest

NAMES = ["Cookie", "cookie", "Authorization", "X-Forwarded-For", "traceparent", "X-Request-Id", "Accept-Language"]
FILL = "abcdefghijklmnopqrstuvwxyz0123456789=;,. \"%/-_"
TOTAL = 3072
VARIANTS = 10_000


def headers(rng):
    """Random lines of exactly TOTAL bytes."""
    cuts = sorted(rng.sample(range(40, TOTAL - 40, 40), rng.randrange(6)))
    lines = []
    for begin, end in zip([0, *cuts], [*cuts, TOTAL]):
        name = rng.choice(NAMES)
        room = end - begin - len(name) - 4
        lines.append(f"{name}: a{''.join(rng.choices(FILL, k=room - 2))}z\r\n")
    return "".join(lines)


@pytest.mark.native
def test_every_shape_of_three_kib_of_headers(daemon):
    running = daemon({"databases": {"orders": {"url": "sqlite:///nowhere/orders.db", "journal": "none"}}})
    rng = random.Random(3072)
    with running.raw() as connection:
        for number in range(VARIANTS):
            sent = headers(rng)
            assert len(sent) == TOTAL
            connection.send(f"GET /livez HTTP/1.1\r\nHost: localhost\r\n{sent}\r\n".encode())
            answer = connection.response()
            assert answer is not None and answer.status == 200, f"variant {number}: {sent!r}"
