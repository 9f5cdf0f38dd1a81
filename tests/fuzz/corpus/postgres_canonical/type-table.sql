type
TABLE(a integer, b text)