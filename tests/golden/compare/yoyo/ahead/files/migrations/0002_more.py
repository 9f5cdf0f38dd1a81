"""
more
"""
from yoyo import step

__depends__ = {"0001_init"}

steps = [step("CREATE TABLE b (i int)", "DROP TABLE b")]
