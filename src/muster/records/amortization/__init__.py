"""Spreading costs over time: schedules, and the amounts they are kept as."""
