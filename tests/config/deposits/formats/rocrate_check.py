"""Check RO-Crates with the roc-validator, without a network: run by the Python of `make validators`.

The validator fetches RO-Crate's JSON-LD context; here the one that the library `rocrate` holds stands for it. Prints a
JSON object: for each folder named its issues, as [severity, identifier of the check, message].
"""

import json
import socket
import sys
from importlib.resources import files
from typing import Any

import requests
from rdflib.plugins.shared.jsonld import context as jsonld
from rocrate_validator import models, services
from rocrate_validator.utils.http import HttpRequester

CONTEXT = files("rocrate").joinpath("data/ro-crate.jsonld").read_text()
ADDRESS = "https://w3id.org/ro/crate/1.1/context"


def no_network(*_arguments: Any, **_more: Any) -> None:
    raise OSError("a validator asked for the network")


class Shelf(requests.Session):
    """Gives the context, and refuses everything else."""

    def get(self, url: str, **_more: Any) -> requests.Response:  # type: ignore[override]
        if url != ADDRESS:
            no_network()
        response = requests.Response()
        response.status_code, response._content = 200, CONTEXT.encode()
        response.headers["Content-Type"] = "application/ld+json"
        return response


socket.socket.connect = no_network  # type: ignore[method-assign]
read = jsonld.source_to_json
jsonld.source_to_json = lambda source, *arguments, **more: (
    (json.loads(CONTEXT), None) if source == ADDRESS else read(source, *arguments, **more)
)
found = {}
for folder in sys.argv[1:]:
    settings = models.ValidationSettings(
        rocrate_uri=folder,
        profile_identifier="ro-crate-1.1",
        requirement_severity="RECOMMENDED",
        no_cache=True,
    )
    HttpRequester().session = Shelf()
    issues = services.validate(settings).get_issues()
    found[folder] = [[issue.severity.name, issue.check.identifier, issue.message] for issue in issues]
print(json.dumps(found))
