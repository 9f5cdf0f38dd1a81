# SPDX-License-Identifier: Apache-2.0
"""Drizzle up to 0.45, applied by drizzle-orm's migrator, as a program that starts does."""

from drivers.drizzle import Drizzle


class DrizzleMigrator(Drizzle):
    variant = "migrator"

    def up_command(self):
        return self.migrator("up")


DRIVER = DrizzleMigrator
