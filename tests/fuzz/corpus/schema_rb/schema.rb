ActiveRecord::Schema[8.0].define(version: 2024_01_01_000000) do
  create_table "posts", force: :cascade do |t|
    t.string "title"
  end

  # Virtual tables defined in this database.
  # Note that virtual tables may not work with other database engines. Be careful if changing database.
  create_virtual_table "searches", "fts5", ["title", "body", "tokenize='porter unicode61'"]
end
