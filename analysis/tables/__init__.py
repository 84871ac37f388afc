"""Tables and options in, tables and JSON out: reads ballots and score tables (`ballot_table.read_ballots`), writes a
study's own answers and the public JSON (`result_json.to_json`). May import `analysis.statistics` and `study`."""
