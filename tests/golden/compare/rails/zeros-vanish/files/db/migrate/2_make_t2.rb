class MakeT2 < ActiveRecord::Migration[7.1]
  def change
    create_table :t2
  end
end
