# SPDX-License-Identifier: Apache-2.0
"""config/examples: each configuration is valid, each entry point is run, and what others' programs can check they check."""

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from harness import Daemon, eventually, free_port, free_ports, migrationctl, migrationd
from harness.daemon import REPOSITORY, programs, slowdown
from harness.debian_root import DebianRoot, one_at_a_time, why_no_root
from harness.journals import flyway_journal, flyway_rows
from harness.postgres import client
from harness.process import Process, run

yaml = pytest.importorskip("yaml")

EXAMPLES = REPOSITORY / "config" / "examples"
APPLICATION = EXAMPLES / "application"
COMPOSE = EXAMPLES / "compose"
MANIFESTS = sorted((EXAMPLES / "kubernetes").glob("*.yaml"))
DOCKERFILES = {"application": (APPLICATION / "Dockerfile", APPLICATION), "migrationd": (EXAMPLES / "migrationd.Dockerfile", REPOSITORY)}
VERSIONS = ["20260101120000", "20260214093000"]


def documents():
    """Every object of the Kubernetes examples."""
    return [one for path in MANIFESTS for one in yaml.safe_load_all(path.read_text())]


def objects(kind):
    return [one for one in documents() if one["kind"] == kind]


def compose():
    return yaml.safe_load((COMPOSE / "compose.yaml").read_text())


def embedded(name):
    if name == "compose":
        return (COMPOSE / "migrationd.yaml").read_text()
    if name == "migration-job":
        return (EXAMPLES / "migration-job" / "migrationd.yaml").read_text()
    if name == "kubernetes":
        return objects("ConfigMap")[0]["data"]["migrationd.yaml"]
    return json.dumps(yaml.safe_load((EXAMPLES / "helm" / "values.yaml").read_text())["config"])


@pytest.mark.parametrize("name", ["compose", "kubernetes", "helm", "migration-job"])
def test_configurations(name, tmp_path):
    path = tmp_path / "migrationd.yaml"
    path.write_text(embedded(name))
    result = migrationd("--config", path, "--check-config")
    assert result.returncode == 0, result.stderr
    assert "warning" not in result.stdout + result.stderr


# Dockerfiles


class Dockerfile:
    """Stages of (instruction, arguments); a JSON form is a list, everything else text."""

    def __init__(self, path):
        text = re.sub(r"^#.*\n", "", path.read_text(), flags=re.MULTILINE).replace("\\\n", " ")
        self.stages = []
        self.arguments = {}
        for line in filter(None, map(str.strip, text.splitlines())):
            word, rest = line.split(None, 1)
            if word == "ARG":
                name, _, value = rest.partition("=")
                self.arguments[name] = value
            elif word == "FROM":
                self.stages.append([(word, rest)])
            else:
                self.stages[-1].append((word, json.loads(rest) if rest.startswith("[") else rest))

    def named(self):
        return {rest.split(" AS ")[1] for stage in self.stages for word, rest in stage if word == "FROM" and " AS " in rest}

    def last(self, word):
        """The argument of the final stage's last such instruction."""
        return [rest for one, rest in self.stages[-1] if one == word][-1]

    def all(self, word):
        return [rest for stage in self.stages for one, rest in stage if one == word]


@pytest.mark.parametrize("name", DOCKERFILES)
def test_dockerfiles(name):
    path, context = DOCKERFILES[name]
    file = Dockerfile(path)
    assert len(file.stages) > 1
    for base in file.all("FROM"):
        image = base.split()[0]
        assert image in file.named() or image.startswith("${") or re.search(r":[\w.-]*\d", image), f"{image}: which one?"
    user = file.last("USER")
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", user), "a number, so that runAsNonRoot can tell"
    for word in ("ENTRYPOINT", "HEALTHCHECK") if name == "migrationd" else ("ENTRYPOINT", "CMD"):
        form = file.last(word)
        assert isinstance(form, list) or "CMD [" in form, f"{word} in the shell's form swallows signals"
    for command in file.all("RUN"):
        if "apt-get install" in command:
            assert "--no-install-recommends" in command and "rm -rf /var/lib/apt/lists" in command
    assert not file.all("ADD")
    for arguments in file.all("COPY"):
        words = shlex.split(arguments)
        source = next((word.split("=")[1] for word in words if word.startswith("--from=")), None)
        if source:
            assert source in file.named()
        else:
            assert all((context / one).exists() for one in words[:-1]), arguments


def installed_libraries(file):
    (command,) = [one for one in file.all("RUN") if "apt-get install" in one]
    words = shlex.split(command.split("apt-get install", 1)[1].split("&&")[0])
    return {word for word in words if not word.startswith("-")}


@pytest.mark.native
@pytest.mark.skipif(not Path("/etc/debian_version").exists(), reason="no Debian")
def test_image_holds_every_library():
    """Whatever the programs themselves are linked with is named; what that needs comes with it."""
    wanted = set()
    for program in ("migrationd", "migrationctl"):
        needed = re.findall(r"NEEDED +(\S+)", run(["objdump", "-p", programs() / program]).stdout)
        paths = dict(re.findall(r"(\S+) => (/\S+)", run(["ldd", programs() / program]).stdout))
        for library in needed:
            path = os.path.realpath(paths.get(library, library))
            found = subprocess.run(["dpkg-query", "--search", path], capture_output=True, text=True)
            wanted |= {found.stdout.split(":")[0]} if found.returncode == 0 else set()
    if "libnettle8" not in wanted or "libmicrohttpd12" not in wanted:
        pytest.skip("this is not the release that the image is made of")
    missing = wanted - installed_libraries(Dockerfile(EXAMPLES / "migrationd.Dockerfile")) - {"libc6"}
    assert not missing
    assert Path("/usr/bin/dpkg").exists()


# the whole of compose.yaml without Docker


def test_compose_structure():
    project = compose()
    services = project["services"]
    for name, service in services.items():
        assert "image" in service or "build" in service, name
        assert "depends_on" not in service, "nothing has to be started in order"
        for mount in service.get("volumes", []):
            source = mount.split(":")[0]
            assert source in project["volumes"] or (COMPOSE / source).exists(), source
        for secret in service.get("secrets", []):
            assert (COMPOSE / project["secrets"][secret]["file"]).is_file()
        if isinstance(service.get("build"), dict):
            context = (COMPOSE / service["build"]["context"]).resolve()
            assert context == REPOSITORY and (context / service["build"]["dockerfile"]).is_file()
        elif "build" in service:
            assert (COMPOSE / service["build"] / "Dockerfile").is_file()
    for name in ("migrationd", "api", "worker", "mailer"):
        assert services[name]["read_only"] and services[name]["cap_drop"] == ["ALL"], name


class ComposeRun:
    """The containers' processes as compose.yaml names them, on a PostgreSQL of the test's own."""

    def __init__(self, server, folder):
        self.server = server
        self.folder = folder
        self.database = server.create_database("orders")
        self.manifest = folder / "manifest.json"
        self.started = {}

    def make_observer(self):
        """The database's container runs this script when it is first started."""
        environment = {
            "PGHOST": str(self.server.sockets),
            "PGPORT": str(self.server.port),
            "POSTGRES_USER": self.server.superuser,
            "PGPASSWORD": self.server.password,
            "POSTGRES_DB": "orders",
            "OBSERVER_PASSWORD_FILE": str(COMPOSE / "observer.password"),
        }
        run([COMPOSE / "observer.sh"], env={**os.environ, **environment})

    def make_manifest(self):
        """As the application's Dockerfile does."""
        (command,) = [one for one in Dockerfile(APPLICATION / "Dockerfile").all("RUN") if "manifest" in one]
        words = shlex.split(command.split(">")[0])
        assert words[0] == "migrationctl"
        result = migrationctl(*[APPLICATION / "migrations" if word == "/migrations" else word for word in words[1:]])
        assert result.returncode == 0, result.stderr
        self.manifest.write_text(result.stdout)

    def daemon(self):
        text = embedded("compose").replace("0.0.0.0:8484", "{listen}").replace("0.0.0.0:8485", "{probe_listen}")
        text = text.replace("/run/secrets/observer", str(COMPOSE / "observer.password"))
        where = f"{self.server.host}:{self.server.port}"
        return Everywhere(text, secrets=["observer-password"], environment={"DATABASE": where})

    def command(self, name):
        service = compose()["services"][name]
        file = Dockerfile(APPLICATION / "Dockerfile")
        words = service.get("entrypoint", file.last("ENTRYPOINT")) + service.get("command", file.last("CMD"))
        places = {
            "migration-wait": programs() / "migration-wait",
            "python3": sys.executable,
            "/app/orders_api.py": APPLICATION / "orders_api.py",
            "/app/manifest.json": self.manifest,
        }
        return [places.get(word, word) for word in words]

    def start(self, name, daemon):
        service = compose()["services"][name]
        port = free_port()
        gate = service["environment"]["MIGRATION_GATE"].replace("migrationd:8484", f"127.0.0.1:{daemon.port}")
        environment = {**os.environ, "MIGRATION_GATE": gate, "PORT": str(port)}
        self.started[name] = (Process(self.command(name), self.folder / f"{name}.log", env=environment), port)

    def log(self, name):
        return self.started[name][0].log()

    def answers(self, name):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.started[name][1]}/", timeout=5) as response:
                return response.read() == b"orders\n"
        except OSError:
            return False

    def migrate(self, version):
        """What dbmate runs: the file's first part and its record."""
        (path,) = (APPLICATION / "migrations").glob(f"{version}_*.sql")
        self.database.sql(path.read_text().split("-- migrate:down")[0])
        self.database.sql(f"INSERT INTO schema_migrations VALUES ('{version}')")

    def close(self):
        for process, _ in self.started.values():
            if process.returncode is None:
                process.signal(signal.SIGTERM)
                assert process.wait(20 * slowdown()) == 0, process.log()


class Everywhere(Daemon):
    """Listens beyond loopback, as in a container, so that what nobody may ask is refused."""

    def write_config(self, config=None):
        path = super().write_config(config)
        path.write_text(path.read_text().replace("127.0.0.1:" + str(self.port), f"0.0.0.0:{self.port}"))
        return path


def test_compose_run(own_postgres, tmp_path):
    project = ComposeRun(own_postgres, tmp_path)
    project.make_observer()
    project.make_manifest()
    try:
        with project.daemon() as daemon:
            for name in ("api", "worker", "mailer"):
                project.start(name, daemon)
            for name in ("api", "worker", "mailer"):
                eventually(lambda name=name: "closed PENDING" in project.log(name), 20 * slowdown(), f"{name} waits")
            project.migrate(VERSIONS[0])
            eventually(lambda: project.answers("mailer"), 20 * slowdown(), "what needs one migration")
            assert not project.answers("api") and not project.answers("worker")
            project.migrate(VERSIONS[1])
            for name in ("api", "worker"):
                eventually(lambda name=name: project.answers(name), 20 * slowdown(), name)
            admitted = daemon.get("/v1/gates/orders/admissions")
            assert {"orders-api", "worker", "mailer"} == {one["application"] for one in admitted.json["admissions"]}
            assert daemon.get("/v1/databases/orders/schema").status in (401, 403), "schemas are not anonymous"
    finally:
        project.close()


# Kubernetes and Helm


def pods():
    return [one["spec"]["template"] for one in objects("Deployment")]


def pod_of(name):
    (found,) = [pod for pod in pods() if pod["metadata"]["labels"]["app.kubernetes.io/name"] == name]
    return found


def containers(pod):
    return pod["spec"].get("initContainers", []) + pod["spec"]["containers"]


def test_kubernetes_references():
    names = {(one["kind"], one["metadata"]["name"]) for one in documents()}
    assert len(names) == len(documents())
    labels = [pod["metadata"]["labels"] for pod in pods()]
    for one in objects("Deployment"):
        assert one["spec"]["selector"]["matchLabels"].items() <= one["spec"]["template"]["metadata"]["labels"].items()
    (service,) = objects("Service")
    assert any(service["spec"]["selector"].items() <= one.items() for one in labels)
    ports = {port["name"]: port["containerPort"] for pod in pods() for one in containers(pod) for port in one.get("ports", [])}
    assert all(port["targetPort"] in ports for port in service["spec"]["ports"])
    policy = objects("NetworkPolicy")[0]["spec"]
    assert any(policy["podSelector"]["matchLabels"].items() <= one.items() for one in labels)
    clients = policy["ingress"][0]["from"][0]["podSelector"]["matchLabels"].items()
    waiting = [pod for pod in pods() if "MIGRATION_GATE" in json.dumps(pod)]
    assert len(waiting) == 2 and all(clients <= pod["metadata"]["labels"].items() for pod in waiting)
    for pod in pods():
        for volume in pod["spec"].get("volumes", []):
            for kind, reference in (("ConfigMap", volume.get("configMap")), ("Secret", volume.get("secret"))):
                assert not reference or (kind, reference.get("name") or reference["secretName"]) in names
        mounted = {mount["name"] for one in containers(pod) for mount in one.get("volumeMounts", [])}
        assert mounted == {volume["name"] for volume in pod["spec"].get("volumes", [])}


def test_kubernetes_pods_are_locked_down():
    for pod in pods():
        security = pod["spec"]["securityContext"]
        assert security["runAsNonRoot"] and security["seccompProfile"] == {"type": "RuntimeDefault"}
        assert pod["spec"]["automountServiceAccountToken"] is False
        for container in containers(pod):
            own = container["securityContext"]
            assert own["readOnlyRootFilesystem"] and own["capabilities"] == {"drop": ["ALL"]}
            assert own["allowPrivilegeEscalation"] is False


def test_gates_are_no_probes():
    for container in (one for pod in pods() for one in containers(pod)):
        for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
            assert "/v1/gates" not in json.dumps(container.get(probe, {}))


def test_secrets_are_files():
    """The password that the configuration names is one that the Secret holds, at the place where it is mounted."""
    (container,) = pod_of("migrationd")["spec"]["containers"]
    (place,) = [mount["mountPath"] for mount in container["volumeMounts"] if mount["name"] == "secrets"]
    for one in yaml.safe_load(embedded("kubernetes"))["databases"].values():
        assert Path(one["password_file"]).parent == Path(place)
        assert Path(one["password_file"]).name in objects("Secret")[0]["stringData"]


def test_init_container_waits(daemon, sqlite):
    """Its own command line, with a gate of ours."""
    flyway_journal(sqlite, *VERSIONS[:1])
    started = daemon({"databases": {"orders": {"url": sqlite.url()}}, "gates": {"orders-api": {"requires": ["orders"]}}})
    started.wait_state("orders", "observed")
    (init,) = pod_of("reports")["spec"]["initContainers"]
    assert init["command"][0] == "migration-wait"
    gate = init["env"][0]["value"].replace("migrationd:8484", f"127.0.0.1:{started.port}")
    command = [programs() / "migration-wait", *init["command"][1:]]
    process = Process(command, started.folder / "init.log", env={**os.environ, "MIGRATION_GATE": gate})
    eventually(lambda: "PENDING" in process.log(), 20 * slowdown(), "it waits")
    flyway_rows(sqlite, *VERSIONS[1:])
    assert process.wait(20 * slowdown()) == 0, process.log()


# a migration job that a backup guards

SHOP = """
CREATE TYPE order_status AS ENUM ('open', 'paid', 'sent');
CREATE TABLE orders (id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, status order_status NOT NULL);
CREATE TABLE items (id integer PRIMARY KEY, order_id integer NOT NULL);
CREATE TABLE currencies (name varchar(3) PRIMARY KEY, rate numeric);
CREATE TABLE schema_migrations (version varchar(128) PRIMARY KEY);
INSERT INTO orders (status) VALUES ('open');
INSERT INTO items VALUES (1, 1);
INSERT INTO currencies VALUES ('EUR', 1);
INSERT INTO schema_migrations VALUES ('20260101120000');
"""


def job_command(command):
    """What the unit starts, with another command behind the dashes."""
    text = (EXAMPLES / "migration-job" / "orders-migrations.service").read_text()
    words = shlex.split(re.search(r"^ExecStart=(.*)$", text, re.MULTILINE).group(1))
    gate = re.search(r"^Environment=MIGRATION_GATE=(.*)$", text, re.MULTILINE).group(1)
    assert words[0] == "/usr/bin/migration-wait"
    return [programs() / "migration-wait", *words[1 : words.index("--") + 1], *command], gate


def test_migration_job(daemon, postgres, tmp_path):
    """It starts behind a backup and not before, and the admission tells which; the checks pass on such a database."""
    postgres.sql(SHOP)
    config = yaml.safe_load(embedded("migration-job"))
    orders = config["databases"]["orders"]
    del orders["password_file"]
    orders["url"] = postgres.url()
    folder = tmp_path / "backups"
    folder.mkdir()
    orders["backup"]["file"] = str(folder / Path(orders["backup"]["file"]).name)
    orders["backup"]["every"] = "1s"
    started = daemon(config)

    def passed():
        checks = started.get("/v1/databases/orders/checks").json["checks"]
        return {one["check"] for one in checks if one["state"] == "passed"}

    eventually(lambda: passed() == set(orders["checks"]), 20 * slowdown(), "all but the backup")

    command, gate = job_command(["touch", tmp_path / "migrated"])
    gate = gate.replace("127.0.0.1:8484", f"127.0.0.1:{started.port}")
    job = Process(command, started.folder / "job.log", env={**os.environ, "MIGRATION_GATE": gate})
    eventually(lambda: "no file matches" in job.log(), 20 * slowdown(), "it waits for a backup")
    assert not (tmp_path / "migrated").exists()
    file = folder / "orders.dump"
    run([client("pg_dump", postgres.server.major), "--format=custom", "--file", file, postgres.url()])
    assert job.wait(30 * slowdown()) == 0, job.log()
    assert (tmp_path / "migrated").exists()
    (admitted,) = started.get("/v1/gates/orders-migrations/admissions").json["admissions"]
    assert admitted["application"] == "orders-migrations"
    assert str(file) in json.dumps(admitted["evidence"])


def test_chart_structure():
    chart = yaml.safe_load((EXAMPLES / "helm" / "Chart.yaml").read_text())
    version = re.search(r"VERSION ([\d.]+)", (REPOSITORY / "CMakeLists.txt").read_text().split("project(")[1]).group(1)
    assert chart["apiVersion"] == "v2" and chart["appVersion"] == version
    values = yaml.safe_load((EXAMPLES / "helm" / "values.yaml").read_text())
    used = set()
    for template in (EXAMPLES / "helm" / "templates").glob("*.yaml"):
        text = template.read_text()
        assert len(re.findall(r"\{\{.*?\}\}", text)) == text.count("{{")
        assert "helm.sh/hook" not in text, "a hook can wait for pods that wait for it"
        for path in re.findall(r"\.Values\.([\w.]+)", text):
            value = values
            for word in path.split("."):
                value = value[word]
            used.add(path.split(".")[0])
    assert used == set(values), "every value is used"


@pytest.fixture(scope="module")
def validators():
    """A Python with the schemas of Kubernetes and of Compose, from the package registry."""
    requirements = ["kubernetes-validate==1.37.0", "compose-spec==0.2.1"]
    with one_at_a_time("validators") as cache:
        folder = cache / "validators"
        if not (folder / "whole").exists():
            shutil.rmtree(folder, ignore_errors=True)
            run([sys.executable, "-m", "venv", folder])
            run([folder / "bin" / "pip", "install", "--quiet", *requirements], timeout=600)
            (folder / "whole").touch()
    return folder / "bin" / "python"


VALIDATE = """
import sys, yaml, kubernetes_validate
found = [one for path in sys.argv[1:] for one in yaml.safe_load_all(open(path))]
for one in found:
    kubernetes_validate.validate(one, kubernetes_validate.latest_version(), strict=True)
print(len(found))
"""


def validate(python, *paths):
    return int(run([python, "-c", VALIDATE, *paths]).stdout)


@pytest.mark.full
def test_kubernetes_schema(validators, tmp_path):
    assert validate(validators, *MANIFESTS) == len(documents())
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text(MANIFESTS[0].read_text().replace("progressDeadlineSeconds: 3600", "progressDeadlineSecond: 3600"))
    with pytest.raises(RuntimeError):
        validate(validators, wrong)


COMPOSE_SPEC = "import sys; from compose_spec import PyCompose; print(*PyCompose.from_yaml(open(sys.argv[1]).read()).service_names())"


@pytest.mark.full
def test_compose_schema(validators, tmp_path):
    """With its merge keys resolved, which that parser leaves to others."""

    def parse(project):
        path = tmp_path / "compose.json"
        path.write_text(json.dumps(project))
        return run([validators, "-c", COMPOSE_SPEC, path]).stdout.split()

    project = compose()
    assert set(parse(project)) == project["services"].keys()
    project["services"]["api"]["restart"] = "on-failures"
    with pytest.raises(RuntimeError):
        parse(project)


@pytest.fixture(scope="module")
def helm():
    """Helm comes as sources only where there is no release to be had: it needs a Go that is new enough."""
    found = shutil.which("helm")
    if found:
        return found
    if not shutil.which("go"):
        pytest.skip("neither helm nor go is installed: the chart's structure alone is checked")
    with one_at_a_time("helm") as cache:
        program = cache / "helm" / "helm"
        if not program.exists():
            made = subprocess.run(
                ["go", "install", "helm.sh/helm/v3/cmd/helm@v3.18.6"],
                env={**os.environ, "GOBIN": str(program.parent), "GOFLAGS": "-mod=mod", "GOTOOLCHAIN": "auto"},
                capture_output=True,
                text=True,
                timeout=1200,
            )
            if made.returncode != 0:
                pytest.skip(f"helm cannot be built: {made.stderr[-200:]}")
    return program


@pytest.mark.full
@pytest.mark.native
def test_chart_renders(helm, validators, tmp_path):
    run([helm, "lint", "--strict", EXAMPLES / "helm"])
    for name, options in (("plain", []), ("changed", ["--set", "replicas=3", "--set", "clients=null", "--set", "image.tag=1.2"])):
        rendered = tmp_path / f"{name}.yaml"
        rendered.write_text(run([helm, "template", "watch", EXAMPLES / "helm", *options]).stdout)
        found = [one for one in yaml.safe_load_all(rendered.read_text()) if one]
        assert validate(validators, rendered) == len(found) == (4 if name == "plain" else 3)
        config = tmp_path / "migrationd.yaml"
        config.write_text(next(one for one in found if one["kind"] == "ConfigMap")["data"]["migrationd.yaml"])
        assert migrationd("--config", config, "--check-config").returncode == 0
        deployment = next(one for one in found if one["kind"] == "Deployment")
        image = deployment["spec"]["template"]["spec"]["containers"][0]["image"]
        assert image == ("migrationd:0.1.0" if name == "plain" else "migrationd:1.2")
        assert deployment["spec"]["replicas"] == (2 if name == "plain" else 3)


# balancers


def needs(program):
    return pytest.mark.skipif(not shutil.which(program), reason=f"{program} is not installed")


def with_ports(path, places):
    """The example with this machine's free ports in place of its own."""
    return re.sub(r"(?<=127\.0\.0\.1:)\d+|(?<=check port )\d+", lambda found: str(places[found.group()]), path.read_text())


def answered(port, path="/"):
    """Status and body; (0, "") while nobody answers."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=20 * slowdown()) as response:
            return response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()
    except OSError:
        return 0, ""


RELEASE = """
import http.server, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(sys.argv[2].encode())
    def log_message(self, *_):
        pass
Handler.do_OPTIONS = Handler.do_GET
http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""


class Running:
    """Programs that are gone at the end of the test."""

    def __init__(self, folder):
        self.folder = folder
        self.processes = []

    def start(self, name, *command):
        self.processes.append(Process(command, self.folder / f"{name}.log"))
        return self.processes[-1]

    def close(self):
        for process in self.processes:
            if process.returncode is None:
                process.signal(signal.SIGKILL)
                process.wait()


@pytest.fixture
def running(tmp_path):
    made = Running(tmp_path)
    yield made
    made.close()


@needs("haproxy")
def test_haproxy(daemon, sqlite, running, tmp_path):
    run(["haproxy", "-c", "-f", EXAMPLES / "haproxy.cfg"])
    flyway_journal(sqlite, 1)
    releases = {name: {"url": sqlite.url(), "expect": {"revision": revision}} for name, revision in (("orders-old", "1"), ("orders-new", "2"))}
    started = daemon({"databases": releases})
    places = dict(zip(("8080", "8081", "8000", "8001"), free_ports(4)))
    places |= {"8484": started.port, "8485": started.probe_port}
    running.start("new", sys.executable, "-c", RELEASE, str(places["8000"]), "new")
    running.start("old", sys.executable, "-c", RELEASE, str(places["8001"]), "old")
    config = tmp_path / "haproxy.cfg"
    config.write_text(with_ports(EXAMPLES / "haproxy.cfg", places))
    running.start("haproxy", "haproxy", "-db", "-f", config)
    eventually(lambda: answered(places["8081"]) == (200, "old"), 30 * slowdown(), "the old release serves")
    assert answered(places["8080"], "/v1/gates/orders-new")[0] == 503
    assert answered(places["8080"], "/v1/databases")[0] == 403
    flyway_rows(sqlite, 2)
    eventually(lambda: answered(places["8081"]) == (200, "new"), 30 * slowdown(), "the new release serves")
    assert answered(places["8080"], "/v1/gates/orders-new")[0] == 200


@needs("nginx")
def test_nginx(daemon, sqlite, running, tmp_path):
    (tmp_path / "logs").mkdir()
    flyway_journal(sqlite, 1)
    started = daemon({"databases": {"orders": {"url": sqlite.url(), "expect": {"revision": "2"}}}})
    places = {"8484": started.port, "8485": started.probe_port, **dict(zip(("8080", "8494", "8495"), free_ports(3)))}
    config = tmp_path / "nginx.conf"
    text = with_ports(EXAMPLES / "nginx.conf", places)
    folders = "".join(f"{name}_temp_path {tmp_path}/{name};" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    config.write_text(f"pid {tmp_path}/pid;\nerror_log stderr;\n" + text.replace("http {", "http { " + folders, 1))
    run(["nginx", "-t", "-p", tmp_path, "-c", config])
    running.start("nginx", "nginx", "-g", "daemon off; master_process off;", "-p", tmp_path, "-c", config)
    eventually(lambda: answered(places["8080"], "/health")[0] == 503, 20 * slowdown(), "pending is no health")
    assert answered(places["8080"], "/v1/databases/orders")[0] == 403
    gate = f"http://127.0.0.1:{places['8080']}/v1/gates/orders"
    waiting = running.start("wait", programs() / "migration-wait", "--gate", gate, "--timeout", "5m")
    eventually(lambda: "closed PENDING" in waiting.log(), 20 * slowdown(), "it waits behind the proxy")
    flyway_rows(sqlite, 2)
    assert waiting.wait(20 * slowdown()) == 0
    eventually(lambda: answered(places["8080"], "/health/orders")[0] == 200, 20 * slowdown(), "healthy")


# the image, without Docker


@pytest.mark.full
@pytest.mark.native
def test_image_runs(tmp_path):
    """The final stage's instructions in a bare root: as its user, on a read-only root file system."""
    reason = why_no_root()
    if reason:
        pytest.skip(reason)
    if "VERSION_CODENAME=bookworm" not in Path("/etc/os-release").read_text():
        pytest.skip("this is not the release that the image is made of")
    file = Dockerfile(EXAMPLES / "migrationd.Dockerfile")
    root = DebianRoot()
    try:
        for command in file.stages[-1]:
            if command[0] == "RUN":
                root.run("sh", "-c", command[1])
        for program in ("migrationd", "migrationctl", "migration-wait"):
            shutil.copy(programs() / program, root.path("/usr/bin"))
        uid = file.last("USER").split(":")[0]
        port, probe_port = free_ports(2)
        root.path("/etc/migrationd").mkdir()
        root.path("/etc/migrationd/migrationd.yaml").write_text(
            f"listen: 127.0.0.1:{port}\nprobe_listen: 127.0.0.1:{probe_port}\n"
            "databases: {orders: {url: 'mysql://u:p@127.0.0.1:1/orders'}}\nhistory: {path: /var/lib/migrationd/history.db}\n"
        )
        read_only = "mount --bind /var/lib/migrationd /var/lib/migrationd && mount -o remount,bind,ro / && ! touch /etc/x 2>/dev/null"
        identity = ["setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups", "--no-new-privs", "--inh-caps=-all"]
        entry = " ".join(map(shlex.quote, [*identity, *file.last("ENTRYPOINT")]))
        process = root.start("sh", "-c", f"{read_only} && exec {entry}", log=tmp_path / "image.log")
        try:
            eventually(lambda: answered(probe_port, "/livez")[0] == 200, 20 * slowdown(), process.log())
            health = json.loads(re.search(r"CMD (\[.*\])", file.last("HEALTHCHECK")).group(1))
            assert health[0] == "migrationctl"
            server = ["--server", f"http://127.0.0.1:{probe_port}"]
            assert root.run(*health, *server).returncode == 0
            assert (root.path("/var/lib/migrationd/history.db")).stat().st_uid == int(uid)
            plugins = root.path("/usr/lib").rglob("caching_sha2_password.so")
            assert list(plugins), "MySQL's usual authentication"
        finally:
            process.signal(signal.SIGKILL)
            process.wait()
    finally:
        root.close()
