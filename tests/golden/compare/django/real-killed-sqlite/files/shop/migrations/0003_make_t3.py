from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("shop", "0002_make_t2")]

    operations = [
        migrations.RunSQL(
            sql=['CREATE TABLE t3 (id integer PRIMARY KEY)', 'INSERT INTO hold WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c LIMIT 4000000000) SELECT n FROM c WHERE n < 0'],
            reverse_sql=['DROP TABLE t3'],
        ),
    ]
