# SPDX-License-Identifier: Apache-2.0
class First < ActiveRecord::Migration[6.1]
  def change
    create_table :people do |t|
      t.string :name, null: false, default: "it's"
      t.string :code, limit: 20
      t.text :bio
      t.text :big_text, limit: 16777215
      t.integer :age, default: 0
      t.integer :small, limit: 2
      t.integer :tiny, limit: 1
      t.bigint :big
      t.float :ratio, default: 0.5
      t.decimal :price, precision: 10, scale: 2, default: "1.50"
      t.decimal :plain
      t.boolean :active, default: true, null: false
      t.date :born, default: "2024-02-03"
      t.datetime :seen
      t.datetime :seen6, precision: 6
      t.time :at
      t.binary :blob
      t.json :raw
      t.timestamps
      t.index :code, unique: true
      t.index [:name, :age], name: "by_age"
      t.check_constraint "price > 0", name: "price_check"
    end
    create_table :posts do |t|
      t.references :person, foreign_key: {on_delete: :cascade}
      t.references :author, foreign_key: {to_table: :people}
      t.string :title, comment: "shown"
    end
    create_table :join_table, id: false do |t|
      t.references :person
    end
    create_table :codes, primary_key: "code", id: :string, limit: 8 do |t|
      t.string :label
    end
    create_table :pairs, primary_key: [:a, :b] do |t|
      t.integer :a
      t.integer :b
    end
    create_table :legacy, id: :integer do |t|
      t.string :x
    end
  end
end
