class MakeT20240102000000 < ActiveRecord::Migration[7.1]
  def change
    create_table :t20240102000000
  end
end
