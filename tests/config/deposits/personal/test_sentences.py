"""What a deposit's front page says of the people in it."""

from config.deposits.persons import Role, findings, personal_sentences


def test_what_was_left_out_read_and_kept_is_said_and_who_is_nearly_alone():
    persons = [
        {
            "participant": f"p{n:04d}",
            "device": "tablet" if n < 3 else "phone",
            "after_words": f"so {n}",
            "after_city": "x",
        }
        for n in range(40)
    ]
    found = findings({"participants.csv": persons}, {}, roles={"participants.csv:after_words": Role.WORDS})
    kept = {one.accept_as for one in found}
    left_out = ("participants.csv:before_name", "ballots.csv:reason", "participants.csv:before_age")
    _searched, *sentences = personal_sentences(found, left_out, kept)
    assert sentences == [
        "Left out: ballots.csv: reason; participants.csv: before_age, before_name.",
        "People's own words that were read before they were published: participants.csv: after_words.",
        "Kept after a look, although form or name is that of something personal: participants.csv: after_city.",
        "3 of the people share their values of device with fewer than 4 others: do not try to find out who they are.",
    ]
    assert personal_sentences([], (), ())[1:] == (
        "No group of people by what others may know of them has fewer than 5.",
    )
