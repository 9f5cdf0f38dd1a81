# SPDX-License-Identifier: Apache-2.0
"""A client of /v1/events that knows the HTML standard's rules and nothing of the daemon's code."""

import http.client
import json
import socket
import time
import urllib.parse
from typing import Any, NamedTuple

from .daemon import slowdown


class Event(NamedTuple):
    """`id` is what a client would come back with after it."""

    name: str
    data: Any
    id: str


class EventStream:
    """One connection. Parameters of the query are keywords, lists repeat one; `last_id` and `token` go into headers."""

    def __init__(self, port, last_id=None, timeout=20.0, token=None, **parameters):
        self.timeout = timeout * slowdown()
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=self.timeout)
        query = "?" + urllib.parse.urlencode(parameters, doseq=True) if parameters else ""
        headers = {"Accept": "text/event-stream"} | ({"Last-Event-ID": last_id} if last_id is not None else {})
        headers |= {"Authorization": f"Bearer {token}"} if token else {}
        self.connection.request("GET", "/v1/events" + query, headers=headers)
        self.socket = self.connection.sock  # which the connection forgets where the answer is its last
        self.response = self.connection.getresponse()
        self.status = self.response.status
        self.id = ""
        self.retry = None

    def heartbeat(self):
        """Awaits one, with no event before it."""
        while (line := self.line()) != ":":
            assert line is not None and not line.startswith("data"), line

    def line(self):
        """Without its end; None when the daemon has ended the stream."""
        raw = self.response.readline()
        return raw.decode("utf-8").removesuffix("\n") if raw else None

    def next(self):
        """The next event; None when the daemon has ended the stream. Heartbeats do not put off the time-out."""
        name, data = "message", []
        deadline = time.monotonic() + self.timeout
        while (line := self.line()) is not None:
            assert time.monotonic() < deadline, f"no event within {self.timeout} s"
            field, _, value = line.partition(":")
            value = value.removeprefix(" ")
            if not line and data:
                return Event(name, json.loads("\n".join(data)), self.id)
            if not line:
                name = "message"
            elif field == "event":
                name = value
            elif field == "data":
                data.append(value)
            elif field == "id":
                self.id = value
            elif field == "retry":
                self.retry = int(value)
        return None

    def until(self, predicate):
        """All events up to the first for which `predicate` holds, that one included."""
        events = []
        deadline = time.monotonic() + self.timeout
        while time.monotonic() < deadline:
            event = self.next()
            assert event, f"the stream has ended after {events}"
            events.append(event)
            if predicate(event):
                return events
        raise AssertionError(f"no such event among {events}")

    def reset_connection(self):
        """Goes away as a crashed client does."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        self.close()

    def close(self):
        self.response.close()
        self.connection.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def states(picture):
    """{database: state} of a snapshot event."""
    assert picture.name == "snapshot", picture
    return {entry["database"]: entry["state"] for entry in picture.data["databases"]}
