ActiveRecord::Schema[7.0].define(version: 2024_01_01_000000) do
  create_table "users", id: { type: :bigint, unsigned: true }, charset: "utf8mb4", collation: "utf8mb4_unicode_ci", options: "ENGINE=InnoDB ROW_FORMAT=DYNAMIC", force: :cascade do |t|
    t.string "email", null: false, collation: "utf8mb4_bin"
    t.text "body", size: :medium
    t.binary "hash", limit: 20
    t.integer "tiny", limit: 1, unsigned: true
    t.float "score", limit: 53
    t.timestamp "changed_at", default: -> { "CURRENT_TIMESTAMP(6) ON UPDATE CURRENT_TIMESTAMP(6)" }, null: false
    t.column "status", "enum('a','b')", default: "a", null: false
    t.boolean "on", default: false
    t.index ["email"], name: "index_users_on_email", unique: true
    t.index ["body"], name: "body", length: 10
    t.index ["email"], name: "words", type: :fulltext
  end
end
