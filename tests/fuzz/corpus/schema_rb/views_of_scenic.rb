ActiveRecord::Schema[7.1].define(version: 2024_01_01_000000) do
  create_table "people", force: :cascade do |t|
    t.string "name"
  end

  create_view "names", sql_definition: <<-SQL
      SELECT people.name
     FROM people
    WHERE ((people.name)::text ~ '\\d'::text);
  SQL
  create_view "counts", materialized: true, sql_definition: <<~'SQL'
    SELECT count(*) AS n FROM people
  SQL
  add_index "counts", ["n"], name: "by_n", unique: true

  create_function :touch, sql_definition: <<-'SQL'
      CREATE OR REPLACE FUNCTION public.touch() RETURNS trigger AS $$ BEGIN RETURN #{NEW}; END $$
  SQL
  create_trigger :touched, sql_definition: <<-SQL
      CREATE TRIGGER touched BEFORE UPDATE ON people EXECUTE FUNCTION touch()
  SQL
end
