# SPDX-License-Identifier: Apache-2.0
"""Drizzle since 1.0, by drizzle-kit: one folder for each migration, and a journal that knows their names."""

from drivers.drizzle import CLIENTS, Drizzle


class DrizzleFolders(Drizzle):
    variant = "folders"
    bundle = "drizzle-folders"
    packages = ("drizzle-kit@1.0.0-rc.5", "drizzle-orm@1.0.0-rc.5", *CLIENTS)

    def revision(self, number):
        return f"202601{number:02}000000_make_t{number}"

    def recorded(self, number):
        return self.revision(number)

    def file(self, number):
        return self.directory / self.revision(number) / "migration.sql"

    def settle(self, migration):
        (made,) = self.directory.glob(f"*_{migration.name}")
        made.rename(self.directory / self.revision(migration.number))

    def remove(self, number, files):
        for path in files:
            path.unlink()
        self.written.remove(number)

    def recorded_as(self, row):
        return row[2]


DRIVER = DrizzleFolders
