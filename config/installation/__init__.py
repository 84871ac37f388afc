"""An installation on a server: its env file, its first set-up, its web server, and checks of what was forgotten."""
