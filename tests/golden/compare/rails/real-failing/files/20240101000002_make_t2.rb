class MakeT2 < ActiveRecord::Migration[6.1]
  def up
    execute "CREATE TABLE t2 (id integer PRIMARY KEY)"
    execute "INSERT INTO no_such_table VALUES (1)"
  end

  def down
    execute "DROP TABLE t2"
  end
end
