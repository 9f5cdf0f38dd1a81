# SPDX-License-Identifier: Apache-2.0
class First < ActiveRecord::Migration[6.1]
  def change
    enable_extension "pgcrypto"
    enable_extension "citext"
    create_table :people do |t|
      t.string :name, null: false, default: "it's"
      t.string :code, limit: 20
      t.text :bio
      t.integer :age, default: 0
      t.integer :small, limit: 2
      t.bigint :big, default: 5000000000
      t.float :ratio, default: 0.5
      t.decimal :price, precision: 10, scale: 2, default: "1.50"
      t.decimal :plain
      t.boolean :active, default: true, null: false
      t.date :born, default: "2024-02-03"
      t.datetime :seen
      t.datetime :seen6, precision: 6
      t.time :at
      t.binary :blob
      t.json :raw, default: {}
      t.jsonb :meta, default: {"a" => 1, "b" => [1, 2]}
      t.string :tags, array: true, default: []
      t.integer :nums, array: true, default: [1, 2]
      t.uuid :token, default: -> { "gen_random_uuid()" }
      t.inet :ip
      t.cidr :net
      t.macaddr :mac
      t.citext :email
      t.tsvector :search
      t.daterange :during
      t.bit :bits, limit: 8
      t.interval :gap
      t.point :place
      t.timestamps
      t.index :email, unique: true
      t.index "lower((name)::text)", name: "lower_name"
      t.index [:name, :age], order: {age: :desc}, name: "by_age"
      t.index :age, where: "active", name: "active_age"
      t.index :meta, using: :gin
      t.index :bio, opclass: :text_pattern_ops
      t.check_constraint "price > 0", name: "price_check"
      t.check_constraint "age between 0 and 150"
    end
    create_table :posts, id: :uuid, default: -> { "gen_random_uuid()" } do |t|
      t.references :person, foreign_key: {on_delete: :cascade}
      t.references :author, foreign_key: {to_table: :people}
      t.string :title, collation: "C", comment: "shown"
    end
    create_table :join_table, id: false do |t|
      t.references :person
      t.uuid :post_id
    end
    create_table :codes, primary_key: "code", id: :string, limit: 8 do |t|
      t.string :label
    end
    create_table :pairs, primary_key: [:a, :b] do |t|
      t.integer :a
      t.integer :b
    end
    create_table :legacy, id: :serial do |t|
      t.string :x
    end
    create_table "statuses" do |t|
      t.string :name
    end
    create_table "order_items" do |t|
      t.references :status, foreign_key: true
      t.references :legacy, type: :integer, foreign_key: {to_table: :legacy}
    end
    add_foreign_key :join_table, :posts, column: :post_id, name: "named_fk", on_update: :restrict
    add_index :posts, :title
  end
end
