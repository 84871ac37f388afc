"""Numbers as people read them."""

from django import template

register = template.Library()


@register.filter
def clock(seconds: float | None) -> str:
    """Seconds as minutes and seconds: 89.6 → "1:30"."""
    if seconds is None:
        return "–"
    whole = round(seconds)
    if whole >= 3600:
        return f"{whole // 3600}:{whole // 60 % 60:02d}:{whole % 60:02d}"
    return f"{whole // 60}:{whole % 60:02d}"


@register.filter
def share(part: float | None, whole: float | None) -> int:
    """`part` of `whole` in whole per cent, from 0 to 100."""
    if not part or not whole:
        return 0
    return max(0, min(100, round(100 * part / whole)))


@register.filter
def joined_tags(tags: list[str]) -> str:
    """Tags as they are typed: separated by semicolons."""
    return "; ".join(tags)
