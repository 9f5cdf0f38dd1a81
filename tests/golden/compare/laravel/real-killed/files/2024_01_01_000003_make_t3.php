<?php

use Illuminate\Database\Migrations\Migration;
use Illuminate\Support\Facades\DB;

return new class extends Migration
{
    public function up()
    {
        DB::statement("CREATE TABLE t3 (id integer PRIMARY KEY)");
        DB::statement("INSERT INTO hold VALUES (1)");
    }

    public function down()
    {
        DB::statement("DROP TABLE t3");
    }
};
