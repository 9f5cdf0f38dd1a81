# This file is auto-generated from the current state of the database. Instead
# of editing this file, please use the migrations feature of Active Record to
# incrementally modify your database, and then regenerate this schema definition.
#
# This file is the source Rails uses to define your schema when running `bin/rails
# db:schema:load`. When creating a new database, `bin/rails db:schema:load` tends to
# be faster and is potentially less error prone than running all of your
# migrations from scratch. Old migrations may fail to apply correctly if those
# migrations use external dependencies or application code.
#
# It's strongly recommended that you check this file into your version control system.

ActiveRecord::Schema.define(version: 2024_01_01_000000) do

  create_table "codes", primary_key: "code", id: { type: :string, limit: 8 }, charset: "latin1", collation: "latin1_swedish_ci", force: :cascade do |t|
    t.string "label"
  end

  create_table "join_table", id: false, charset: "latin1", collation: "latin1_swedish_ci", force: :cascade do |t|
    t.bigint "person_id"
    t.index ["person_id"], name: "index_join_table_on_person_id"
  end

  create_table "legacy", id: :integer, charset: "latin1", collation: "latin1_swedish_ci", force: :cascade do |t|
    t.string "x"
  end

  create_table "pairs", primary_key: ["a", "b"], charset: "latin1", collation: "latin1_swedish_ci", force: :cascade do |t|
    t.integer "a", null: false
    t.integer "b", null: false
  end

  create_table "people", charset: "latin1", collation: "latin1_swedish_ci", force: :cascade do |t|
    t.string "name", default: "it's", null: false
    t.string "code", limit: 20
    t.text "bio"
    t.text "big_text", size: :medium
    t.integer "age", default: 0
    t.integer "small", limit: 2
    t.integer "tiny", limit: 1
    t.bigint "big"
    t.float "ratio", default: 0.5
    t.decimal "price", precision: 10, scale: 2, default: "1.5"
    t.decimal "plain", precision: 10
    t.boolean "active", default: true, null: false
    t.date "born", default: "2024-02-03"
    t.datetime "seen"
    t.datetime "seen6", precision: 6
    t.time "at"
    t.binary "blob"
    t.text "raw", size: :long, collation: "utf8mb4_bin"
    t.datetime "created_at", precision: 6, null: false
    t.datetime "updated_at", precision: 6, null: false
    t.index ["code"], name: "index_people_on_code", unique: true
    t.index ["name", "age"], name: "by_age"
    t.check_constraint "`price` > 0", name: "price_check"
    t.check_constraint "json_valid(`raw`)", name: "raw"
  end

  create_table "posts", charset: "latin1", collation: "latin1_swedish_ci", force: :cascade do |t|
    t.bigint "person_id"
    t.bigint "author_id"
    t.string "title", comment: "shown"
    t.index ["author_id"], name: "index_posts_on_author_id"
    t.index ["person_id"], name: "index_posts_on_person_id"
  end

  add_foreign_key "posts", "people", column: "author_id"
  add_foreign_key "posts", "people", on_delete: :cascade
end
