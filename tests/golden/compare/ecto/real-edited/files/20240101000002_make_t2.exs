defmodule Conformance.Repo.Migrations.MakeT2 do
  use Ecto.Migration

  def up do
    execute("CREATE TABLE t2 (id bigint PRIMARY KEY)")
  end

  def down do
    execute("DROP TABLE t2")
  end
end
