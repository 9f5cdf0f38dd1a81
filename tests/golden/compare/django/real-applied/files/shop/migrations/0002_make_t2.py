from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("shop", "0001_make_t1")]

    operations = [
        migrations.RunSQL(
            sql=['CREATE TABLE t2 (id integer PRIMARY KEY)'],
            reverse_sql=['DROP TABLE t2'],
        ),
    ]
