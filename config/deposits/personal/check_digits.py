"""Check digits by which a number of a card, an account or a person differs from any other number."""

from datetime import date

# Lengths of the numbers that each network of cards gives out, by how they begin.
_CARDS = (("4", 16), ("34", 15), ("37", 15), ("36", 14), ("62", 16), ("6011", 16), ("65", 16), ("35", 16))
_MASTERCARD = (*range(51, 56), *range(22, 28))


def is_card(digits: str) -> bool:
    """Whether it can be the number of a payment card: its beginning, its length and Luhn's digit (ISO/IEC 7812)."""
    known = any(digits.startswith(start) and len(digits) == length for start, length in _CARDS)
    return (known or (len(digits) == 16 and int(digits[:2]) in _MASTERCARD)) and _luhn(digits)


def _luhn(digits: str) -> bool:
    doubled = (sum(divmod(2 * int(digit), 10)) for digit in digits[-2::-2])
    return (sum(map(int, digits[-1::-2])) + sum(doubled)) % 10 == 0


def is_iban(text: str) -> bool:
    """Whether it can be a bank account by ISO 13616: the remainder by 97."""
    plain = text.replace(" ", "").upper()
    return 15 <= len(plain) <= 34 and int("".join(str(int(sign, 36)) for sign in plain[4:] + plain[:4])) % 97 == 1


def is_mod_11_2(text: str) -> bool:
    """Whether the last sign is right by ISO 7064 MOD 11-2, as in ORCID and Chinese resident numbers."""
    total = 0
    for sign in text[:-1]:
        total = (total + int(sign)) * 2
    return "0123456789X"[(12 - total % 11) % 11] == text[-1].upper()


def is_resident_number(digits: str, *, stated: bool) -> bool:
    """Whether 13 digits can be a Korean resident or alien number.

    `stated`: whether they are written as one, six and seven: those of October 2020 and later have no check digit, so
    the date alone decides then.
    """
    century = {"1": 1900, "2": 1900, "5": 1900, "6": 1900, "3": 2000, "4": 2000, "7": 2000, "8": 2000}.get(digits[6])
    if century is None or not _is_date(century + int(digits[:2]), int(digits[2:4]), int(digits[4:6])):
        return False
    total = sum(
        int(digit) * weight for digit, weight in zip(digits, (2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5), strict=False)
    )
    return stated or (11 - total % 11) % 10 == int(digits[12])


def is_chinese_resident_number(text: str) -> bool:
    """Whether 17 digits and a check sign can be a Chinese resident number (GB 11643)."""
    return _is_date(int(text[6:10]), int(text[10:12]), int(text[12:14])) and is_mod_11_2(text)


def _is_date(year: int, month: int, day: int) -> bool:
    try:
        return 1900 <= date(year, month, day).year <= 2030
    except ValueError:
        return False
