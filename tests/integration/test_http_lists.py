# SPDX-License-Identifier: Apache-2.0
"""Lists of thousands are sent in pieces and are whole."""


def test_long_lists_are_whole(daemon):
    names = [f"db{number:04}" for number in range(1500)]
    running = daemon({"databases": {name: {"url": f"sqlite:///nowhere/{name}.db", "journal": "none"} for name in names},
                      "gates": {f"g{name}": {"requires": [name]} for name in names}})
    lines = running.get("/v1/databases").json["databases"]
    assert len(lines) == len(names)
    assert {line["database"] for line in lines} == set(names)
    # Every database has a gate of its own name, too.
    gates = [line["gate"] for line in running.get("/v1/gates").json["gates"]]
    assert sorted(gates) == sorted([*names, *(f"g{name}" for name in names)])
