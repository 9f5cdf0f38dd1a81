<?php

use Illuminate\Database\Migrations\Migration;
use Illuminate\Support\Facades\DB;

return new class extends Migration
{
    public function up()
    {
        DB::statement("CREATE TABLE t3 (id integer PRIMARY KEY)");
        DB::statement("INSERT INTO hold WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c LIMIT 4000000000) SELECT n FROM c WHERE n < 0");
    }

    public function down()
    {
        DB::statement("DROP TABLE t3");
    }
};
