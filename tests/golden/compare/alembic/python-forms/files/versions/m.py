# coding: utf-8
"""Docstring with revision = 'no'

revision = 'no'
down_revision = 'no'
"""
from typing import Sequence, Union
revision: str = "m"  # 'comment'
down_revision: Union[str, Sequence[str], None] = (
    'b',  # first
    "f",
)
branch_labels: str | None = None
depends_on = [] ; unrelated = {'revision': 'x'}
text = '''
revision = 'inside a string'
'''
if True:
    revision = 'indented'
