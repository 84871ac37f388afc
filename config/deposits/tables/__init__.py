"""The tables of a deposit: of people only what may be told, under new codes, with what each column means."""
