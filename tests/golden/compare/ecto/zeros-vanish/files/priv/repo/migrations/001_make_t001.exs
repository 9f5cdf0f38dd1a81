defmodule Repo.MakeT001 do
  use Ecto.Migration
end
