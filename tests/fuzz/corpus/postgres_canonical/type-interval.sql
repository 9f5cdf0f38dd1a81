type
interval day to second(3)