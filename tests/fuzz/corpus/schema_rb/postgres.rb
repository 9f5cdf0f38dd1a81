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

  # These are extensions that must be enabled in order to support this database
  enable_extension "citext"
  enable_extension "pgcrypto"
  enable_extension "plpgsql"

  create_table "codes", primary_key: "code", id: { type: :string, limit: 8 }, force: :cascade do |t|
    t.string "label"
  end

  create_table "join_table", id: false, force: :cascade do |t|
    t.bigint "person_id"
    t.uuid "post_id"
    t.index ["person_id"], name: "index_join_table_on_person_id"
  end

  create_table "legacy", id: :serial, force: :cascade do |t|
    t.string "x"
  end

  create_table "order_items", force: :cascade do |t|
    t.bigint "status_id"
    t.integer "legacy_id"
    t.index ["legacy_id"], name: "index_order_items_on_legacy_id"
    t.index ["status_id"], name: "index_order_items_on_status_id"
  end

  create_table "pairs", primary_key: ["a", "b"], force: :cascade do |t|
    t.integer "a", null: false
    t.integer "b", null: false
  end

  create_table "people", force: :cascade do |t|
    t.string "name", default: "it's", null: false
    t.string "code", limit: 20
    t.text "bio"
    t.integer "age", default: 0
    t.integer "small", limit: 2
    t.bigint "big", default: 5000000000
    t.float "ratio", default: 0.5
    t.decimal "price", precision: 10, scale: 2, default: "1.5"
    t.decimal "plain"
    t.boolean "active", default: true, null: false
    t.date "born", default: "2024-02-03"
    t.datetime "seen"
    t.datetime "seen6", precision: 6
    t.time "at"
    t.binary "blob"
    t.json "raw", default: {}
    t.jsonb "meta", default: {"a"=>1, "b"=>[1, 2]}
    t.string "tags", default: [], array: true
    t.integer "nums", default: [1, 2], array: true
    t.uuid "token", default: -> { "gen_random_uuid()" }
    t.inet "ip"
    t.cidr "net"
    t.macaddr "mac"
    t.citext "email"
    t.tsvector "search"
    t.daterange "during"
    t.bit "bits", limit: 8
    t.interval "gap"
    t.point "place"
    t.datetime "created_at", precision: 6, null: false
    t.datetime "updated_at", precision: 6, null: false
    t.index "lower((name)::text)", name: "lower_name"
    t.index ["age"], name: "active_age", where: "active"
    t.index ["bio"], name: "index_people_on_bio", opclass: :text_pattern_ops
    t.index ["email"], name: "index_people_on_email", unique: true
    t.index ["meta"], name: "index_people_on_meta", using: :gin
    t.index ["name", "age"], name: "by_age", order: { age: :desc }
    t.check_constraint "(age >= 0) AND (age <= 150)"
    t.check_constraint "price > (0)::numeric", name: "price_check"
  end

  create_table "posts", id: :uuid, default: -> { "gen_random_uuid()" }, force: :cascade do |t|
    t.bigint "person_id"
    t.bigint "author_id"
    t.string "title", collation: "C", comment: "shown"
    t.index ["author_id"], name: "index_posts_on_author_id"
    t.index ["person_id"], name: "index_posts_on_person_id"
    t.index ["title"], name: "index_posts_on_title"
  end

  create_table "statuses", force: :cascade do |t|
    t.string "name"
  end

  add_foreign_key "join_table", "posts", name: "named_fk", on_update: :restrict
  add_foreign_key "order_items", "legacy"
  add_foreign_key "order_items", "statuses"
  add_foreign_key "posts", "people", column: "author_id"
  add_foreign_key "posts", "people", on_delete: :cascade
end
