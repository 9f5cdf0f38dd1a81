expression
$a$ ( $a$ || $1 || $$