# SPDX-License-Identifier: Apache-2.0
#
# What db:migrate does: ruby migrate.rb MIGRATIONS SCHEMA.RB, with the database in DATABASE_URL.
require "active_record"

migrations, schema = ARGV
ActiveRecord::Base.establish_connection(ENV.fetch("DATABASE_URL"))
ActiveRecord::MigrationContext.new(migrations, ActiveRecord::SchemaMigration).migrate
File.open(schema, "w:utf-8") { |file| ActiveRecord::SchemaDumper.dump(ActiveRecord::Base.connection, file) }
