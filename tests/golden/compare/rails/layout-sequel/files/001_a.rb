Sequel.migration do
end
