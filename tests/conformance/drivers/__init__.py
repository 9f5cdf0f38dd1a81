# SPDX-License-Identifier: Apache-2.0
"""One driver per migration tool; see conftest.py."""
