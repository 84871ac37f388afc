"""Where settings come from: the environment's variables and the env file, each value checked when it is read."""
