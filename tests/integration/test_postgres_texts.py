# SPDX-License-Identifier: Apache-2.0
"""One set of stored expressions has one canonical form on every version of PostgreSQL that is installed, as it was
created and after dump and restore. MIGRATIOND_TEST_PGBIN names the servers' folders, separated by colons."""

from collections import defaultdict
from itertools import combinations
from pathlib import Path

import pytest
from harness import Postgres
from harness.canonical_probe import canonical
from harness.postgres import installations

COLLECTION = Path(__file__).parent / "data" / "postgres_texts.sql"

# 14 made extract() another function, with another result, than the date_part() that 13 made of EXTRACT.
EXTRACT = "EXTRACT("

READ = {
    "query": "SELECT oid::regclass::text, '', pg_get_viewdef(oid) FROM pg_class WHERE relkind IN ('v', 'm') AND oid >= 16384",
    "default": """
        SELECT adrelid::regclass || '.' || attname, format_type(atttypid, atttypmod), pg_get_expr(adbin, adrelid)
        FROM pg_attrdef JOIN pg_attribute ON attrelid = adrelid AND attnum = adnum
        UNION ALL SELECT t.oid::regtype::text, format_type(typbasetype, typtypmod), pg_get_expr(typdefaultbin, 0)
        FROM pg_type t WHERE typdefaultbin IS NOT NULL""",
    "expression": """
        SELECT conrelid::regclass || '.' || contypid::regtype || '.' || conname, '', pg_get_expr(conbin, conrelid)
        FROM pg_constraint WHERE contype = 'c' AND oid >= 16384
        UNION ALL SELECT indexrelid::regclass || '.' || k, '', pg_get_indexdef(indexrelid, k, false)
        FROM pg_index, generate_series(1, indnatts) k WHERE indexrelid >= 16384
        UNION ALL SELECT indexrelid::regclass || ' expressions', '', pg_get_expr(indexprs, indrelid)
        FROM pg_index WHERE indexprs IS NOT NULL AND indexrelid >= 16384
        UNION ALL SELECT indexrelid::regclass || ' predicate', '', pg_get_expr(indpred, indrelid)
        FROM pg_index WHERE indpred IS NOT NULL AND indexrelid >= 16384
        UNION ALL SELECT polrelid::regclass || '.' || polname, '', pg_get_expr(polqual, polrelid)
        FROM pg_policy WHERE polqual IS NOT NULL
        UNION ALL SELECT polrelid::regclass || '.' || polname || ' check', '', pg_get_expr(polwithcheck, polrelid)
        FROM pg_policy WHERE polwithcheck IS NOT NULL
        UNION ALL SELECT partrelid::regclass::text, '', pg_get_partkeydef(partrelid) FROM pg_partitioned_table
        UNION ALL SELECT tgrelid::regclass || '.' || tgname, '',
            substring(pg_get_triggerdef(oid) FROM 'WHEN \\((.*)\\) EXECUTE') FROM pg_trigger WHERE tgqual IS NOT NULL""",
}


def read(server, database):
    """{(form, object): (type, text)}"""
    texts = {}
    connection = server.connect(database)
    with connection.cursor() as cursor:
        cursor.execute("SET search_path = ''")
        for form, query in READ.items():
            cursor.execute(query)
            for name, kind, text in cursor.fetchall():
                # Since 17 `json` is quoted as a name, in what names the object, too.
                texts[form, name.replace('"json"', "json")] = (kind, text)
    connection.close()
    return texts


def restore(server, dump, name):
    server.create_database(name)
    server.load(dump, name, stop=False)
    return read(server, name)


def note(forms, label, texts):
    keys = list(texts)
    for key, form in zip(keys, canonical("postgres", [(key[0], *texts[key]) for key in keys])):
        forms[key].setdefault(form, []).append((label, texts[key][1]))


@pytest.mark.full
def test_texts_have_one_form_on_every_version():
    forms = defaultdict(dict)
    dumps = {}
    servers = []
    try:
        for programs in reversed(installations()):
            server = Postgres(programs=programs).start()
            servers.append(server)
            server.create_database("fresh")
            server.load(COLLECTION.read_bytes(), "fresh", stop=False)
            texts = read(server, "fresh")
            assert len(texts) > 600
            note(forms, f"{server.major}", texts)
            dumps[server.major] = server.dump("fresh")
            note(forms, f"{server.major} restored", restore(server, dumps[server.major], "again"))
        for major, dump in dumps.items():
            if major < servers[-1].major:
                label = f"{major} restored on {servers[-1].major}"
                note(forms, label, restore(servers[-1], dump, f"from_{major}"))
    finally:
        for server in servers:
            server.close()
    different = {
        key: spellings
        for key, spellings in forms.items()
        if len(spellings) > 1 and not any(EXTRACT in text for seen in spellings.values() for _, text in seen)
    }
    assert not different


def test_different_columns_of_one_view_stay_different():
    columns = ["item.id", "item.name", "item.id + 1", "lower(item.name)", "item.id::text", "max(item.id)"]
    queries = [("query", "", f"SELECT {column} AS x FROM shop.item") for column in columns]
    for one, other in combinations(canonical("postgres", queries), 2):
        assert one != other
