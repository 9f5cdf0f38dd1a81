import { Migration } from "@mikro-orm/migrations";
export class Migration20240102000000_users extends Migration { async up() { this.addSql("select 1"); } }
