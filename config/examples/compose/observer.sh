#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Makes the role that migrationd logs in with: it may read the journal, which the migrations make later, and no other
# table's rows.
set -eu

psql --no-psqlrc --set=ON_ERROR_STOP=1 --set=password="$(cat "${OBSERVER_PASSWORD_FILE:-/run/secrets/observer}")" \
    --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" <<'SQL'
CREATE ROLE observer LOGIN PASSWORD :'password';
CREATE TABLE schema_migrations (version varchar(128) PRIMARY KEY);
GRANT SELECT ON schema_migrations TO observer;
SQL
