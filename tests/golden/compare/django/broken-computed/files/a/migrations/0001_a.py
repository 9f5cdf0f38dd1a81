# Generated
from django.conf import settings
from django.db import migrations, models


def forwards(apps, schema_editor):
    dependencies = [('nobody', 'x')]


class Migration(migrations.Migration):
    """dependencies = BASE + [('a', 'b')]"""

    initial = True

    dependencies = BASE + [('a', 'b')]

    operations = [
        migrations.RunPython(forwards),
    ]

    def apply(self):
        replaces = [('never', 'read')]
