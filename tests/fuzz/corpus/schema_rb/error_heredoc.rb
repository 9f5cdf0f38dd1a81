ActiveRecord::Schema[7.1].define(version: 2024_01_01_000000) do
  create_view "v", sql_definition: <<-SQL
    SELECT 1
end
