defmodule Repo.MakeT20240101000000 do
  use Ecto.Migration
end
