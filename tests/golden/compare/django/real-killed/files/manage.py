import json
import os
import sys

from django.conf import settings
from django.core.management import execute_from_command_line

settings.configure(
    INSTALLED_APPS=["shop"],
    DATABASES={"default": json.loads(os.environ["DJANGO_DATABASE"])},
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    USE_TZ=True,
)
execute_from_command_line(sys.argv)
