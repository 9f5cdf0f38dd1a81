defmodule Repo.MakeT20240103000000 do
  use Ecto.Migration
end
