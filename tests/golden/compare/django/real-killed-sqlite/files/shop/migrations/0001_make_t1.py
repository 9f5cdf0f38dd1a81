from django.db import migrations


class Migration(migrations.Migration):
    dependencies = []

    operations = [
        migrations.RunSQL(
            sql=['CREATE TABLE t1 (id integer PRIMARY KEY)'],
            reverse_sql=['DROP TABLE t1'],
        ),
    ]
