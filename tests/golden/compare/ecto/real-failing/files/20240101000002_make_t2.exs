defmodule Conformance.Repo.Migrations.MakeT2 do
  use Ecto.Migration

  def up do
    execute("CREATE TABLE t2 (id integer PRIMARY KEY)")
    execute("INSERT INTO no_such_table VALUES (1)")
  end

  def down do
    execute("DROP TABLE t2")
  end
end
