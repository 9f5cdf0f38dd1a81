class MakeT20240101000000 < ActiveRecord::Migration[7.1]
  def change
    create_table :t20240101000000
  end
end
