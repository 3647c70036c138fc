"""Plugging together: settings, wiring, the web server and the loops of one process."""
