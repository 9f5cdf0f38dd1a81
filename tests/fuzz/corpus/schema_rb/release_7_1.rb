ActiveRecord::Schema[7.1].define(version: 2024_01_01_000000) do
  create_schema "app"

  # These are extensions that must be enabled in order to support this database
  enable_extension "plpgsql"
  enable_extension "heroku_ext.citext"

  # Custom types defined in this database.
  # Note that some types may not work with other database engines. Be careful if changing database.
  create_enum "mood", ["sad", "it's", "\u00e9t\u00e9"]

  create_table "app.things", id: :uuid, default: -> { "gen_random_uuid()" }, force: :cascade do |t|
    t.string "name", limit: 40, default: "a\"b\\c\n", null: false, comment: "first, second"
    t.enum "mood", default: "sad", enum_type: "mood"
    t.datetime "seen_at"
    t.datetime "exact_at", precision: nil
    t.timestamptz "zoned_at"
    t.virtual "upper_name", type: :string, as: "upper((name)::text)", stored: true
    t.integer "counts", default: [], array: true
    t.decimal "price", precision: 8
    t.index ["name"], name: "by_name", include: ["mood"], unique: true, nulls_not_distinct: true
    t.index ["name", "mood"], name: "ordered", order: { name: "DESC NULLS LAST", mood: :desc }, opclass: { name: :text_pattern_ops }
    t.index "lower((name)::text), mood DESC", name: "by_expressions"
    t.check_constraint "price > 0::numeric", name: "positive", validate: false
    t.exclusion_constraint "price WITH =", using: :btree, where: "price > 1", name: "no_equals"
    t.unique_constraint ["name", "mood"], deferrable: :deferred, name: "once"
  end

  create_table "children", primary_key: ["thing_id", "position"], force: :cascade do |t|
    t.uuid "thing_id", null: false
    t.integer "position", null: false
    t.bigint "person_id"
  end

  create_table "people", id: { type: :bigint, default: nil }, force: :cascade do |t|
    t.column "raw", "macaddr8"
  end

  create_table "empty", id: false, force: :cascade do |t|
  end

  add_foreign_key "children", "app.things", column: "thing_id", on_delete: :cascade, deferrable: :deferred
  add_foreign_key "children", "people", on_delete: :nullify, on_update: :restrict, validate: false
end
