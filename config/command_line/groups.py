"""Earsight's commands by task, each with one line. README's table has the same groups and lines."""

GROUPS: dict[str, dict[str, str]] = {
    "Set up": {
        "demo": "goes the whole path with a demo study or your clips",
        "setup": "sets up a server: settings, tables, static files, weights, the first account",
        "migrate": "makes the database's tables, or brings them to this version",
        "add_researcher": "makes an account for the console, and prints a link to set its password",
        "end_sign_ins": "signs a researcher, or everybody, out of every browser",
        "remove_second_factor": "lets a researcher who has lost phone and recovery codes sign in by password again",
    },
    "Bring data in": {
        "redefine_tags": "corrects a whole tag file",
        "tag": "predicts the tags of audio files",
        "listen_library": "detects voice and predicts tags for a whole library, in resumable chunks",
        "import_images": "takes images that were made elsewhere into a study",
        "import_study": "takes in a study that another installation has exported",
    },
    "Generate": {
        "fetch_models": "fetches the models of a study, and proves that the painter's reads prompts",
        "fetch_musicnn": "fetches the weights of the built-in tagger",
        "generate": "makes a study's images",
        "reproduce": "paints an image again from its provenance and compares",
    },
    "Run a study": {
        "audit_blinding": "tries to guess the conditions from what participants get",
        "simulate": "lets simulated people answer, to the report",
        "exclude_participant": "leaves a person's answers out of the analysis, and logs it",
        "export_study": "writes a study as one zip",
    },
    "Do what the console does": {
        "study": "makes, prepares, opens, pauses, closes, archives, copies or deletes a study",
        "clips": "adds, lists, leaves out, includes or deletes clips",
        "tags": "imports, sets or prints the original tags",
        "images": "sets how images are made, starts and watches the run",
        "review": "approves images, has them painted again, decides on contested tags",
        "plan": "prints or changes the plan, the questions and who may take part",
        "planning": "prints or changes reporting answers and analysis rules, asks for the power",
        "people": "shares a study, gives roles, invites, passes it on",
        "links": "prints the open link, makes personal links or a short code",
        "participants": "lists and monitors participants, leaves people out, settles problems, pays",
        "results": "analyses, prints results and tables, shares the report",
        "tokens": "makes and ends tokens by which scripts read a study over the network",
    },
    "Analyse": {
        "analyze": "analyses any study's ballots, also one run elsewhere",
        "audit_table": "checks whether a published table of weighted scores is possible",
        "power": "computes how many people and clips a study needs",
    },
    "Check": {
        "verify": "checks logs, ballots, commitments and exclusions in the database, and the stored files",
        "verify_export": "checks an export, with receipts and published heads",
        "verify_diff": "compares two exports: what was added, what disappeared or changed",
    },
    "Operate": {
        "doctor": "checks that what is set works, and tells the operators",
        "backup": "backs up the whole installation to a folder or a bucket",
        "restore": "checks a backup, puts it back and verifies it",
        "publish_heads": "publishes the heads of the logs by mail and to a file, as beat does daily",
        "enforce_retention": "erases what is kept for a time only; beat does it daily",
    },
    "Train a tagger": {
        "prepare_magnatagatune": "decodes MagnaTagATune once, for training",
        "train_clmr": "trains a tagger of your own",
        "evaluate_tagger": "evaluates a tagger on MagnaTagATune's split",
    },
    "Develop": {
        "compile_translations": "makes the translations that pages read from the files that people edit",
        "makemessages": "collects the texts to translate",
    },
}
