class MakeT03 < ActiveRecord::Migration[7.1]
  def change
    create_table :t03
  end
end
