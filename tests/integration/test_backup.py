# SPDX-License-Identifier: Apache-2.0
"""Backups: files that real programs wrote, whole, cut at any byte, growing, or no files at all; and catalogues of them."""

import contextlib
import gzip
import json
import os
import random
import shutil
import subprocess
import tarfile
import threading
import time

import pytest
from harness import eventually, migrationctl
from harness.daemon import SANITIZER_OPTIONS, programs, slowdown
from harness.engine_probe import engine_probe
from harness.mariadb import find
from harness.postgres import client
from harness.process import give, private_folder, remove_folder, unprivileged

HOUR = 3600


def probe(*arguments):
    """What the formats say of files, a line for each."""
    result = subprocess.run(
        [engine_probe().with_name("backup_probe"), *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=120 * slowdown(),
        env={**os.environ, **SANITIZER_OPTIONS},
        check=False,
    )
    assert result.returncode == 0, result.stderr
    return result.stdout.splitlines()


def size_of(path):
    return path.stat().st_size


def assert_whole_alone(path, ending=0):
    """No beginning of the file is complete but the whole, give or take so many bytes of blanks behind its last line."""
    (said,) = probe("--prefixes", path)
    first, whole = said.removeprefix("complete from ").split(" of ")
    assert int(whole) == size_of(path), said
    assert int(whole) - ending <= int(first) <= int(whole), said


def seed(database):
    """Tables with and without rows, a view, and on PostgreSQL large objects."""
    database.sql("CREATE TABLE orders (id integer PRIMARY KEY, state varchar(200))")
    database.sql("CREATE TABLE vacant (id integer PRIMARY KEY)")
    for i in range(60):
        database.sql(f"INSERT INTO orders VALUES ({i}, '{random.Random(i).randbytes(60).hex()}')")
    database.sql("CREATE VIEW recent AS SELECT id FROM orders")
    if database.engine == "postgresql":
        database.sql("SELECT lo_from_bytea(0, decode(repeat('ab', 3000), 'hex')), lo_from_bytea(0, '')")
    return database


def pg_dumps(postgres):
    further = os.environ.get("MIGRATIOND_TEST_PGDUMPS", "")
    return [client("pg_dump", postgres.server.major), *filter(None, further.split(":"))]


def pg_dump(program, postgres, *arguments, **options):
    where = ["-h", postgres.server.sockets, "-p", str(postgres.server.port), "-U", postgres.server.superuser]
    return subprocess.run([program, *where, *arguments, postgres.name], check=True, **options)


def mariadb_dump(mariadb, *arguments):
    where = [f"--socket={mariadb.server.socket}", f"--user={mariadb.server.superuser}"]
    program = find("mariadb-dump", "mysqldump")
    return subprocess.run([program, "--no-defaults", *where, *arguments, mariadb.name], check=True, capture_output=True).stdout


@pytest.mark.parametrize("options", [[], ["-Z0"], ["--schema-only"], ["--data-only", "--no-blobs"], ["-t", "orders"]], ids=" ".join)
def test_no_beginning_of_an_archive_is_complete(postgres, tmp_path, options):
    """pg_dump's custom format, written to a file that it can seek in."""
    seed(postgres)
    for number, program in enumerate(pg_dumps(postgres)):
        path = tmp_path / f"{number}.dump"
        pg_dump(program, postgres, "-Fc", "-f", path, *options)
        assert_whole_alone(path)


def test_archives_behind_pipes_and_redirections(postgres, tmp_path):
    """In a pipe no places of data are known; appended to a file, a new pg_dump writes its table of contents twice."""
    seed(postgres)
    for program in pg_dumps(postgres):
        piped = tmp_path / "piped.dump"
        piped.write_bytes(pg_dump(program, postgres, "-Fc", stdout=subprocess.PIPE).stdout)
        assert_whole_alone(piped)
        appended = tmp_path / "appended.dump"
        with open(appended, "wb") as file:
            pg_dump(program, postgres, "-Fc", stdout=file)
        assert probe(appended) == ["complete"]
        longer = tmp_path / "longer.dump"
        longer.write_bytes(piped.read_bytes() + b"something else")
        assert probe(longer)[0].startswith("corrupt: something else follows its end")


def test_archives_of_many_tables(postgres, tmp_path):
    tables = "; ".join(f"CREATE TABLE t{i} (id integer PRIMARY KEY); INSERT INTO t{i} VALUES ({i})" for i in range(200))
    postgres.sql(tables)
    path = tmp_path / "many.dump"
    pg_dump(pg_dumps(postgres)[0], postgres, "-Fc", "-f", path)
    assert probe(path) == ["complete"]
    whole = path.read_bytes()
    cut = tmp_path / "cut.dump"
    for length in random.Random(6).sample(range(len(whole)), 40):
        cut.write_bytes(whole[:length])
        assert probe(cut)[0] != "complete", length


def test_tar_of_pg_dump(postgres, tmp_path):
    seed(postgres)
    for number, program in enumerate(pg_dumps(postgres)):
        path = tmp_path / f"{number}.tar"
        pg_dump(program, postgres, "-Ft", "-f", path)
        assert_whole_alone(path, ending=512)


def assert_sql_dump(path, tmp_path):
    """Blanks behind the last line may be missing; anything else may not, and neither may it inside gzip."""
    assert_whole_alone(path, ending=2)
    packed = tmp_path / f"{path.name}.gz"
    packed.write_bytes(gzip.compress(path.read_bytes()))
    assert_whole_alone(packed)
    inside = tmp_path / f"{path.name}-cut.gz"
    inside.write_bytes(gzip.compress(path.read_bytes()[:-200]))
    assert probe(inside)[0].startswith("cut: the line that such a dump ends with is missing")


@pytest.mark.parametrize("options", [[], ["--verbose"], ["--create", "--clean"]], ids=" ".join)
def test_sql_of_pg_dump(postgres, tmp_path, options):
    seed(postgres)
    for number, program in enumerate(pg_dumps(postgres)):
        path = tmp_path / f"{number}.sql"
        pg_dump(program, postgres, "-f", path, *options, stderr=subprocess.DEVNULL)
        assert_sql_dump(path, tmp_path)


def test_sql_of_mariadb_dump(mariadb, tmp_path):
    path = tmp_path / "plain.sql"
    path.write_bytes(mariadb_dump(seed(mariadb)))
    (said,) = probe("--prefixes", path)
    assert said.startswith("complete from "), said
    assert size_of(path) - len("-- Dump completed on 2026-11-20 23:00:00\n") <= int(said.split()[2])
    undated = tmp_path / "undated.sql"
    undated.write_bytes(mariadb_dump(mariadb, "--skip-dump-date"))
    assert_sql_dump(undated, tmp_path)
    silent = tmp_path / "silent.sql"
    silent.write_bytes(mariadb_dump(mariadb, "--compact"))
    assert probe(silent) == ["unmarked"]


def test_copies_of_sqlite(sqlite, tmp_path):
    seed(sqlite)
    copy = tmp_path / "copy.db"
    shutil.copy(sqlite.path, copy)
    assert_whole_alone(copy)
    connection = sqlite.connect()
    script = "PRAGMA foreign_keys=OFF;\n" + "\n".join(connection.iterdump()) + "\n"
    connection.close()
    path = tmp_path / "copy.sql"
    path.write_text(script)
    assert_whole_alone(path, ending=1)


PACKERS = {
    "gzip": ["gzip", "-c"],
    "xz": ["xz", "-c", "--block-size=2048"],
    "zstd": ["zstd", "-qc"],
    "lz4": ["lz4", "-qc", "-BX"],
    "bzip2": ["bzip2", "-c"],
}


@pytest.mark.parametrize("packer", PACKERS)
def test_nothing_that_is_packed(packer, tmp_path):
    """What is left where a pipe's first program did not begin."""
    if not shutil.which(packer):
        pytest.skip(f"no {packer}")
    empty = tmp_path / "empty"
    empty.write_bytes(subprocess.run(PACKERS[packer], stdin=subprocess.DEVNULL, capture_output=True, check=True).stdout)
    assert probe(empty) == ["cut: there is nothing in it"]


@pytest.mark.parametrize("packer", PACKERS)
def test_packed_files(packer, tmp_path):
    if not shutil.which(packer):
        pytest.skip(f"no {packer}")
    plain = tmp_path / "plain"
    plain.write_bytes(b"".join(b"row %d of a table\n" % random.Random(i).randrange(10**9) for i in range(600)))
    packed = tmp_path / "packed"
    with open(plain, "rb") as source, open(packed, "wb") as target:
        subprocess.run(PACKERS[packer], stdin=source, stdout=target, check=True)
    assert_whole_alone(packed)
    twice = tmp_path / "twice"
    twice.write_bytes(packed.read_bytes() * 2)
    assert probe(twice) == ["complete"]
    cut = tmp_path / "cut"
    cut.write_bytes(twice.read_bytes()[:-5])
    assert probe(cut)[0].startswith("cut: ")


def test_tar_in_gzip(tmp_path):
    """`tar | gzip` ends well when tar does not."""
    (tmp_path / "row").write_text("a row of a table\n" * 500)
    plain = tmp_path / "plain.tar"
    with tarfile.open(plain, "w") as archive:
        archive.add(tmp_path / "row", "row")
    packed = tmp_path / "packed.tar.gz"
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    assert probe(packed) == ["complete"]
    packed.write_bytes(gzip.compress(plain.read_bytes()[:5000]))
    assert probe(packed) == ["cut: the tar in it ends before its end mark"]


@pytest.fixture
def rule(new_database, tmp_path):
    """rule(**backup) looks at backups once, with migrationctl; the check's JSON and the exit code."""
    database = new_database()
    folder = tmp_path / "backups"
    folder.mkdir()

    def look(runner=migrationctl, where=folder, url=None, patience="60s", **backup):
        if "sql" not in backup:
            backup = {"file": str(where / "orders-*"), **backup}
        config = where.parent / "migrationd.yaml"
        entry = {"url": url or database.url(), "journal": "none", "backup": {"severity": "fail", **backup}}
        config.write_text(json.dumps({"databases": {"orders": entry}}))
        config.chmod(0o644)
        result = runner("checks", "--config", config, "--timeout", patience, "--output", "json", "orders")
        (check,) = json.loads(result.stdout)["checks"]
        assert check["address"] == "orders:backup"
        return check, result.returncode

    look.folder = folder
    return look


def write_backup(folder, name, data, age=10.0):
    """It appears all at once, as old as that."""
    path = folder / name
    hidden = folder / f".{name}"
    hidden.write_bytes(data)
    then = time.time() - age
    os.utime(hidden, (then, then))
    hidden.rename(path)
    return path


GOOD = gzip.compress(random.Random(7).randbytes(3000))


def test_the_right_answer_each(rule):
    """One of two days ago, one without rows, one that was cut, one of another kind, and a fresh one."""
    write_backup(rule.folder, "orders-1.sql.gz", GOOD, age=48 * HOUR)
    old, code = rule(max_age="24h", min_size="1KiB")
    assert (old["state"], code) == ("failed", 1)
    assert "finished 2 d ago; none younger than 24 h is there" in old["reason"]
    write_backup(rule.folder, "orders-2.sql.gz", gzip.compress(b""), age=4 * HOUR)
    small, code = rule(max_age="24h", min_size="1KiB")
    assert (small["state"], code) == ("failed", 1)
    assert "bytes; at least 1 KiB are expected" in small["reason"]
    write_backup(rule.folder, "orders-3.sql.gz", GOOD[:-9], age=3 * HOUR)
    cut, code = rule(max_age="24h", min_size="1KiB")
    assert (cut["state"], code) == ("failed", 1)
    assert "orders-3.sql.gz is incomplete: it ends before its trailer" in cut["reason"]
    assert cut["backup"]["complete"] is False
    damaged = bytearray(GOOD)
    damaged[1500] ^= 0x55
    write_backup(rule.folder, "orders-4.sql.gz", bytes(damaged), age=2.5 * HOUR)
    corrupt, code = rule(max_age="24h", min_size="1KiB")
    assert (corrupt["state"], code) == ("failed", 1)
    assert "orders-4.sql.gz is damaged: it cannot be inflated" in corrupt["reason"]
    fresh = write_backup(rule.folder, "orders-5.sql.gz", GOOD, age=2 * HOUR + 60)
    good, code = rule(max_age="24h", min_size="1KiB")
    assert (good["state"], code) == ("passed", 0)
    assert good["value"] == good["backup"]["file"] == str(fresh)
    assert good["backup"]["complete"] is True and good["backup"]["size_bytes"] == len(GOOD)
    assert good["reason"] == f"{fresh} finished 2 h ago and is complete, 2.9 KiB"


def test_a_cut_one_that_is_new_fails_as_well(rule):
    write_backup(rule.folder, "orders-1.sql.gz", GOOD[:-1], age=0)
    cut, code = rule()
    assert (cut["state"], code) == ("failed", 1)


def test_no_match_links_pipes_and_folders(rule):
    none, code = rule()
    assert (none["state"], none["code"], code) == ("unknown", "CHECK_UNKNOWN", 2)
    assert "no file matches" in none["reason"] and none["next"]
    (rule.folder / "orders-folder").mkdir()
    os.mkfifo(rule.folder / "orders-pipe")
    assert "is not a regular file" in rule()[0]["reason"]
    good = write_backup(rule.folder, "orders-1.sql.gz", GOOD)
    assert rule()[0]["state"] == "passed", "a folder and a pipe beside it are nothing"
    (rule.folder / "orders-latest.sql.gz").symlink_to(good)
    link, code = rule()
    assert (link["state"], code) == ("unknown", 2)
    assert "orders-latest.sql.gz, is a link" in link["reason"]
    gone, code = rule(file=str(rule.folder / "nowhere" / "orders-*"))
    assert (gone["state"], code) == ("unknown", 2)
    assert "nowhere: No such file or directory" in gone["reason"]


def test_a_backup_from_the_future(rule):
    write_backup(rule.folder, "orders-1.sql.gz", GOOD, age=-HOUR)
    future, code = rule()
    assert (future["state"], code) == ("unknown", 2)
    assert "is from the future" in future["reason"]


def as_nobody(name, *arguments):
    """Root may read everything."""
    return subprocess.run(
        [programs() / name, *map(str, arguments)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60 * slowdown(),
        env={**os.environ, **SANITIZER_OPTIONS},
        check=False,
        **unprivileged("nobody"),
    )


def test_what_may_not_be_read(rule, sqlite):
    runner = lambda *arguments: as_nobody("migrationctl", *arguments)
    top = private_folder("backup")
    folder = top / "backups"
    folder.mkdir()
    give(folder, unprivileged("nobody"))
    try:
        path = write_backup(folder, "orders-1.sql.gz", GOOD)
        give(path, unprivileged("nobody"))
        if runner("--version").returncode != 0:
            pytest.skip("another user may not run the programs under test")
        assert rule(runner, folder)[0]["state"] == "passed"
        path.chmod(0)
        file, code = rule(runner, folder)
        assert (file["state"], file["code"], code) == ("unknown", "FORBIDDEN", 2)
        assert file["reason"] == f"{path} may not be read"
        folder.chmod(0o111)
        listing, _ = rule(runner, folder)
        assert (listing["state"], listing["code"]) == ("unknown", "FORBIDDEN")
        assert f"{folder}: Permission denied" in listing["reason"]
        path.chmod(0o444)
        assert rule(runner, folder, file=str(path))[0]["state"] == "passed", "a folder need not be listed for one file"
        folder.chmod(0)
        assert rule(runner, folder)[0]["code"] == "FORBIDDEN"
    finally:
        folder.chmod(0o755)
        remove_folder(top)


@contextlib.contextmanager
def growing(path):
    """The file is written to all the while. Its time runs ahead a little, so that a writer that the machine keeps waiting
    is not taken for one that is done."""
    done = threading.Event()

    def write():
        with open(path, "wb", buffering=0) as file:
            while not done.wait(0.01):
                file.write(b"\x1f")
                os.utime(path, (time.time() + 3, time.time() + 3))

    writer = threading.Thread(target=write)
    writer.start()
    try:
        eventually(lambda: path.exists() and path.stat().st_size)
        yield
    finally:
        done.set()
        writer.join()


def test_a_file_that_grows(rule):
    """It counts for nothing as long as it is written to, and when the writer is done, it counts."""
    path = rule.folder / "orders-1.sql.gz"
    with growing(path):
        said, code = rule(patience="3s")
    assert (said["state"], code) == ("unknown", 2)
    assert said["reason"] == f"{path} is being written"
    path.write_bytes(GOOD)
    assert rule()[0]["state"] == "passed"


def test_an_older_one_counts_while_a_newer_is_written(rule):
    older = write_backup(rule.folder, "orders-1.sql.gz", GOOD, age=20 * HOUR)
    path = rule.folder / "orders-2.sql.gz"
    with growing(path):
        good, code = rule()
        assert (good["state"], good["value"], code) == ("passed", str(older), 0)
        assert good["reason"].endswith("; a newer one is not yet judged: orders-2.sql.gz")
        late, code = rule(max_age="19h", patience="3s")
        assert (late["state"], code) == ("unknown", 2)


TIMES = {"postgresql": "timestamptz", "mariadb": "datetime", "mysql": "datetime", "sqlite": "text"}


def test_catalogues(rule, database):
    """When the newest backup finished, how large it is and what it is called: as a table of the server tells it."""
    database.sql(f"CREATE TABLE backups (finished_at {TIMES[database.engine]}, size bigint, name varchar(40))")

    def look(sql="SELECT finished_at, size, name FROM backups ORDER BY finished_at DESC LIMIT 1", **more):
        return rule(url=database.url(), sql=sql, **more)

    none, code = look()
    assert (none["state"], none["reason"], code) == ("failed", "the catalogue lists no backup", 1)

    def insert(age, size, name):
        moment = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(time.time() - age))
        zone = "+00" if database.engine == "postgresql" else ""
        database.sql(f"INSERT INTO backups VALUES ('{moment}{zone}', {size}, '{name}')")

    insert(50 * HOUR, 5 << 20, "monday")
    old, code = look()
    assert (old["state"], old["reason"], code) == ("failed", "monday finished 2 d ago; none younger than 24 h is there", 1)
    insert(3 * HOUR + 60, 12 << 20, "tuesday")
    good, code = look()
    assert (good["state"], good["value"], code) == ("passed", "tuesday", 0)
    assert good["reason"] == "tuesday finished 3 h ago, 12 MiB"
    assert good["backup"]["file"] == "tuesday" and good["backup"]["size_bytes"] == 12 << 20
    small, code = look(min_size="1GiB")
    assert (small["state"], code) == ("failed", 1)
    insert(-2 * HOUR, 1, "tomorrow")
    future, code = look()
    assert (future["state"], code) == ("unknown", 2)
    assert "finished in the future" in future["reason"]
    missing, code = look(sql="SELECT max(finished_at) FROM backups WHERE size > 1000000000")
    assert (missing["state"], code) == ("unknown", 2)
    assert "tells no time" in missing["reason"]
    several, code = look(sql="SELECT finished_at FROM backups")
    assert (several["state"], code) == ("unknown", 2)
    forbidden, code = look(sql="DELETE FROM backups")
    assert (forbidden["state"], code) == ("unknown", 2)
    assert len(database.sql("SELECT name FROM backups")) == 3, "nothing was deleted"


def test_unix_time_in_a_catalogue(rule, sqlite):
    good, code = rule(url=sqlite.url(), sql="SELECT strftime('%s', 'now', '-90 minutes')")
    assert (good["state"], code) == ("passed", 0)
    assert "finished 90 min ago" in good["reason"]
