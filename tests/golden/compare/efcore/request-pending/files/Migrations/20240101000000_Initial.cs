using Microsoft.EntityFrameworkCore.Migrations;

namespace Shop.Migrations
{
    // [Migration("20000101000000_Old")]
    public partial class Initial : Migration
    {
        protected override void Up(MigrationBuilder b) { b.Sql("[Migration(\"x\")]"); }
    }
}
