"""Files and texts from outside: uploads kept on disk, a bounded process that reads them, and the one reader of YAML."""
