# SPDX-License-Identifier: Apache-2.0
"""Liquibase, from Maven Central: a root changelog in XML that includes formatted SQL."""

import re

import install
from driver import ANY, Driver, Outcome, Report

JARS = (
    "org.liquibase:liquibase-core:4.31.1",
    "info.picocli:picocli:4.7.7",
    "org.postgresql:postgresql:42.7.4",
    "org.mariadb.jdbc:mariadb-java-client:3.5.1",
    "org.xerial:sqlite-jdbc:3.47.1.0",
    "org.slf4j:slf4j-nop:2.0.16",
)

ROOT = """\
<?xml version="1.0" encoding="UTF-8"?>
<databaseChangeLog xmlns="http://www.liquibase.org/xml/ns/dbchangelog"
                   xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
                   xsi:schemaLocation="http://www.liquibase.org/xml/ns/dbchangelog
                                       http://www.liquibase.org/xml/ns/dbchangelog/dbchangelog-latest.xsd">
  <includeAll path="changes/" relativeToChangelogFile="true" errorIfMissingOrEmpty="false"/>
</databaseChangeLog>
"""


class Liquibase(Driver):
    tool = "liquibase"
    checksums = True
    exceptions = {("killed", ANY): Outcome("running", "the lock's row stays, and is suspected only when it is old")}

    @classmethod
    def install(cls):
        install.require("java", "default-jre-headless")
        cls.jars = install.maven("liquibase", *JARS)

    def prepare(self):
        (self.directory / "db" / "changes").mkdir(parents=True)
        (self.directory / "db" / "changelog-root.xml").write_text(ROOT)
        (self.directory / "liquibase.properties").write_text("changelogFile=db/changelog-root.xml\n")

    @property
    def directory(self):
        return self.folder / "changelogs"

    def environment(self):
        settings = {"SEARCH_PATH": self.directory, "CHANGELOG_FILE": "db/changelog-root.xml", "URL": self.database.jdbc_url}
        if self.engine != "sqlite":
            server = self.database.server
            settings.update(USERNAME=server.superuser, PASSWORD=server.password)
        common = ("SEARCH_PATH",)
        named = {f"LIQUIBASE_{'' if key in common else 'COMMAND_'}{key}": str(text) for key, text in settings.items()}
        return {**named, "LIQUIBASE_SHOW_BANNER": "false", "LIQUIBASE_ANALYTICS_ENABLED": "false"}

    def command(self, *words):
        java = ["java", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp", f"{self.jars}/*"]
        return [*java, "liquibase.integration.commandline.LiquibaseCommandLine", *words]

    def revision(self, number):
        return f"{number}::team::db/changes/{number:04}_make_t{number}.sql"

    def write(self, migration):
        up = "".join(f"{statement};\n" for statement in migration.up)
        down = "".join(f"--rollback {statement};\n" for statement in migration.down)
        text = f"--liquibase formatted sql\n\n--changeset team:{migration.number}\n{up}{down}"
        (self.directory / "db" / "changes" / f"{migration.number:04}_{migration.name}.sql").write_text(text)

    def up_command(self):
        return self.command("update")

    def down_command(self):
        return self.command("rollback-count", "--count=1")

    @staticmethod
    def spelled(path, number, author):
        return f"{number}::{author}::{path}"

    def report(self):
        status = self.run(self.command("status", "--verbose"), check=False)
        validated = self.run(self.command("validate"), check=False)
        pending = re.findall(r"^ +(\S+?)::(\w+)::(\w+)$", status.stdout, re.MULTILINE)
        wrong = re.findall(r"(\S+?)::(\w+)::(\w+) was: \S+ but is now", validated.stdout + validated.stderr)
        return Report(
            pending=None if wrong else [self.spelled(*parts) for parts in pending],
            mismatched=list(dict.fromkeys(self.spelled(*parts) for parts in wrong)),
        )


DRIVER = Liquibase
