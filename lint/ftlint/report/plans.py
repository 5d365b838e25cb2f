"""Step plans as data: what the table and the JSON show of a config and a launch."""

from __future__ import annotations
