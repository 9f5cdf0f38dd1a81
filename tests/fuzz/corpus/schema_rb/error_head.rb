ActiveRecord::Migration.define(version: 1) do
end
