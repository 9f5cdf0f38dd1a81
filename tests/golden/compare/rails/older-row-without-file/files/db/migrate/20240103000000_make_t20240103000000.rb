class MakeT20240103000000 < ActiveRecord::Migration[7.1]
  def change
    create_table :t20240103000000
  end
end
