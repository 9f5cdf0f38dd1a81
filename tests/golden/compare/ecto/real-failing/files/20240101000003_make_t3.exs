defmodule Conformance.Repo.Migrations.MakeT3 do
  use Ecto.Migration

  def up do
    execute("CREATE TABLE t3 (id integer PRIMARY KEY)")
  end

  def down do
    execute("DROP TABLE t3")
  end
end
