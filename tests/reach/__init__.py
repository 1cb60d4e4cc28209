"""Tests of the engine behind check_phone_numbers."""
