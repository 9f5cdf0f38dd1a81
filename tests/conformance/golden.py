# SPDX-License-Identifier: Apache-2.0
"""What a run left, kept as a golden case: the journal's rows as migrationd reads them, and the project's files."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

from harness.daemon import REPOSITORY, programs

CASES = REPOSITORY / "tests" / "golden" / "compare"
KEPT = ("applied", "pending", "failing", "rolled_back", "edited", "killed")
FILE_BYTES = 64 * 1024  # a migration of these tests is smaller; what is not is no migration


def journals(database):
    """[{"tool", "schema", "table", "shape", "rows"}, …] through tests/tools/journal_probe.c."""
    named = os.environ.get("MIGRATIOND_JOURNAL_PROBE")
    probe = Path(named) if named else programs().parent / "tests" / "journal_probe"
    result = subprocess.run([probe, database.url()], capture_output=True, text=True, timeout=120, check=True)
    return json.loads(result.stdout)


def shape_of(question):
    """The same for two runs that differ only in when they were, and how long it took."""
    return re.sub(r"\b\d{9,16}\b(?!_)|\d{4}-\d\d-\d\d[ T][\d:.]+Z?|(?<=\")\d{1,4}(?=\")", "N", json.dumps(question))


def copy_files(source, target):
    """Text files only: lock files, caches and installed packages are the tool's own affair."""
    for path in sorted(source.rglob("*")):
        parts = path.relative_to(source).parts
        hidden = any(part.startswith((".", "__pycache__", "node_modules")) for part in parts)
        if path.is_file() and not hidden and path.suffix != ".log" and path.stat().st_size <= FILE_BYTES:
            (target.joinpath(*parts)).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target.joinpath(*parts))


def same_case(case, question):
    other = case / "question.json"
    return other.exists() and shape_of(json.loads(other.read_text())) == shape_of(question)


def case_name(variant, scenario):
    return "-".join(part for part in ("real", variant, scenario.replace("_", "-")) if part)


def keep(project, scenario):
    """One case for a scenario; one more for an engine, or a variant of the tool, whose rows are others."""
    found = [journal for journal in journals(project.database) if journal["tool"] == project.tool]
    if scenario not in KEPT or not found:
        return
    for journal in found:
        question = {"source": "directory", "match": "exact", "shape": journal["shape"], "rows": journal["rows"]}
        if "beside" in journal:
            question["beside"] = journal["beside"]
        part = f"-{journal['schema']}" if len(found) > 1 else ""
        usual, name = (case_name(variant, scenario) + part for variant in ("", project.variant))
        names = (name, f"{name}-{project.engine}", usual, f"{usual}-{project.engine}")
        general, special, *others = (CASES / project.tool / one for one in names)
        if any(same_case(case, question) for case in (general, special, *others)):
            continue
        case = special if general.exists() and project.engine != "postgres" else general
        shutil.rmtree(case, ignore_errors=True)
        case.mkdir(parents=True)
        (case / "question.json").write_text(json.dumps(question, indent=1) + "\n")
        copy_files(project.directory, case / "files")
