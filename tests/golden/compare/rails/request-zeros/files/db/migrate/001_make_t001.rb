class MakeT001 < ActiveRecord::Migration[7.1]
  def change
    create_table :t001
  end
end
