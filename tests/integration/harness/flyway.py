# SPDX-License-Identifier: Apache-2.0
"""A real Flyway, from Maven Central (pinned and verified, downloaded once into build/cache)."""

import fcntl
import hashlib
import os
import shutil
import signal
import tarfile
import urllib.request
from pathlib import Path

from .daemon import REPOSITORY
from .process import Process, run

VERSION = "10.22.0"
CENTRAL = "https://repo1.maven.org/maven2/org/flywaydb/flyway-commandline"
