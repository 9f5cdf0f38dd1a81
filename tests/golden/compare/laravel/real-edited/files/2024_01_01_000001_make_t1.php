<?php

use Illuminate\Database\Migrations\Migration;
use Illuminate\Support\Facades\DB;

return new class extends Migration
{
    public function up()
    {
        DB::statement("CREATE TABLE t1 (id integer PRIMARY KEY)");
    }

    public function down()
    {
        DB::statement("DROP TABLE t1");
    }
};
