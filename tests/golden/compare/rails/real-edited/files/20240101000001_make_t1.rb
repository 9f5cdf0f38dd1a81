class MakeT1 < ActiveRecord::Migration[6.1]
  def up
    execute "CREATE TABLE t1 (id integer PRIMARY KEY)"
  end

  def down
    execute "DROP TABLE t1"
  end
end
