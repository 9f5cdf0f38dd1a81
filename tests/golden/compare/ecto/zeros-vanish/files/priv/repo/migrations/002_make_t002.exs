defmodule Repo.MakeT002 do
  use Ecto.Migration
end
