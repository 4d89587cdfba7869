"""Measurements. Imports `assistant`, never the reverse."""
