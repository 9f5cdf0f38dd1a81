class MakeT3 < ActiveRecord::Migration[6.1]
  def up
    execute "CREATE TABLE t3 (id integer PRIMARY KEY)"
  end

  def down
    execute "DROP TABLE t3"
  end
end
