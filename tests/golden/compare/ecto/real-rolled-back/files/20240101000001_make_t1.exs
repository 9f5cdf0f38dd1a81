defmodule Conformance.Repo.Migrations.MakeT1 do
  use Ecto.Migration

  def up do
    execute("CREATE TABLE t1 (id integer PRIMARY KEY)")
  end

  def down do
    execute("DROP TABLE t1")
  end
end
