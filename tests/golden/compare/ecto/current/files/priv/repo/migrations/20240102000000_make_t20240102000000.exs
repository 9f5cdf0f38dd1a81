defmodule Repo.MakeT20240102000000 do
  use Ecto.Migration
end
