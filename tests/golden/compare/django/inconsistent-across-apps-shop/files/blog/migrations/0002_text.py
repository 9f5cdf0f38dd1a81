# Generated
from django.conf import settings
from django.db import migrations, models


def forwards(apps, schema_editor):
    dependencies = [('nobody', 'x')]


class Migration(migrations.Migration):
    """dependencies = []"""

    initial = True

    dependencies = [('blog', '0001_initial'), ('shop', '0002_price')]

    operations = [
        migrations.RunPython(forwards),
    ]

    def apply(self):
        replaces = [('never', 'read')]
