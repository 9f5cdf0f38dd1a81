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

  create_table "codes", primary_key: "code", id: { type: :string, limit: 8 }, force: :cascade do |t|
    t.string "label"
  end

  create_table "join_table", id: false, force: :cascade do |t|
    t.integer "person_id"
    t.index ["person_id"], name: "index_join_table_on_person_id"
  end

  create_table "legacy", force: :cascade do |t|
    t.string "x"
  end

  create_table "pairs", primary_key: ["a", "b"], force: :cascade do |t|
    t.integer "a"
    t.integer "b"
  end

  create_table "people", force: :cascade do |t|
    t.string "name", default: "it's", null: false
    t.string "code", limit: 20
    t.text "bio"
    t.text "big_text", limit: 16777215
    t.integer "age", default: 0
    t.integer "small", limit: 2
    t.integer "tiny", limit: 1
    t.bigint "big"
    t.float "ratio", default: 0.5
    t.decimal "price", precision: 10, scale: 2, default: "1.5"
    t.decimal "plain"
    t.boolean "active", default: true, null: false
    t.date "born", default: "2024-02-03"
    t.datetime "seen"
    t.datetime "seen6", precision: 6
    t.time "at"
    t.binary "blob"
    t.json "raw"
    t.datetime "created_at", precision: 6, null: false
    t.datetime "updated_at", precision: 6, null: false
    t.index ["code"], name: "index_people_on_code", unique: true
    t.index ["name", "age"], name: "by_age"
    t.check_constraint "price > 0", name: "price_check"
  end

  create_table "posts", force: :cascade do |t|
    t.integer "person_id"
    t.integer "author_id"
    t.string "title"
    t.index ["author_id"], name: "index_posts_on_author_id"
    t.index ["person_id"], name: "index_posts_on_person_id"
  end

  add_foreign_key "posts", "people", column: "author_id"
  add_foreign_key "posts", "people", on_delete: :cascade
end
