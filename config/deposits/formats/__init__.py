"""The deposit in the formats of others: each module has one short writer from a `Deposit` to text.

A new format is a module here, its line in `WRITERS`, its check in tests/config/deposits/formats and its row in
docs/deposit-formats.md.
"""

from collections.abc import Callable

from config.deposits.description import Deposit
from config.deposits.formats.citation import citation_cff
from config.deposits.formats.croissant import croissant
from config.deposits.formats.datacite import datacite
from config.deposits.formats.frictionless_data import data_package, row_schema
from config.deposits.formats.psych_ds import dataset_description
from config.deposits.formats.readme import readme
from config.deposits.formats.rocrate import ro_crate
from config.deposits.formats.zenodo import zenodo
from config.deposits.paths import table_name

# The file's name in the deposit, and what writes it.
WRITERS: dict[str, Callable[[Deposit], str]] = {
    "README.md": readme,
    "croissant.json": croissant,
    "ro-crate-metadata.json": ro_crate,
    "datacite.json": datacite,
    ".zenodo.json": zenodo,
    "dataset_description.json": dataset_description,
    "datapackage.json": data_package,
    "CITATION.cff": citation_cff,
}


def metadata_files(deposit: Deposit) -> dict[str, str]:
    """Return the text of every metadata file by its path: those of `WRITERS`, and a row's JSON Schema of each table."""
    schemas = {f"schemas/{table_name(table.path)}.schema.json": row_schema(deposit, table) for table in deposit.tables}
    return {name: write(deposit) for name, write in WRITERS.items()} | schemas
