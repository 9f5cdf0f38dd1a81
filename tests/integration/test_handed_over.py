# SPDX-License-Identifier: Apache-2.0
"""Where a server has so many databases that none keeps a connection, the journal look goes on with the deep look's."""

DATABASES = 21  # one more than keep a connection each


def statements_by_session(server):
    sessions = {}
    rows = server.sql("SELECT thread_id, CONVERT(argument USING utf8mb4) FROM mysql.general_log ORDER BY event_time, thread_id")
    for thread, text in rows:
        sessions.setdefault(thread, []).append(text)
    return sessions


def test_journals_are_read_under_their_own_limits(own_mariadb, daemon):
    databases = {f"d{i:02}": own_mariadb.create_database() for i in range(DATABASES)}
    for database in databases.values():
        database.sql("CREATE TABLE alembic_version (version_num varchar(32) PRIMARY KEY)")
        database.sql("INSERT INTO alembic_version VALUES ('aa')")
    own_mariadb.sql("SET GLOBAL log_output = 'TABLE'")
    own_mariadb.sql("SET GLOBAL general_log = 1")
    instance = daemon(
        {"databases": {name: {"url": one.url(), "expect": {"revision": "aa"}} for name, one in databases.items()}}
    )
    for name in databases:
        instance.wait_state(name, "current", timeout=30)
    own_mariadb.sql("SET GLOBAL general_log = 0")

    both = 0
    for texts in statements_by_session(own_mariadb).values():
        deep = [i for i, text in enumerate(texts) if text.startswith("SHOW CREATE TABLE")]
        journal = [i for i, text in enumerate(texts) if "version_num" in text and "SELECT" in text and "FOR SELECT" in text]
        if not deep or not journal:
            continue
        both += 1
        between = texts[deep[-1] : journal[0]]
        assert any("lock_wait_timeout=0" in text for text in between), texts
    assert both > 0, "no journal look went on with a deep look's connection"
