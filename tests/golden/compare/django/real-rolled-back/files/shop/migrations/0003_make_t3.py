from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("shop", "0002_make_t2")]

    operations = [
        migrations.RunSQL(
            sql=['CREATE TABLE t3 (id integer PRIMARY KEY)'],
            reverse_sql=['DROP TABLE t3'],
        ),
    ]
