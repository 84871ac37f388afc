"""What the shapes of a bundle's JSON are made of, and the words for what is of no such shape."""

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

Finite = Annotated[float, Field(allow_inf_nan=False)]
Share = Annotated[float, Field(ge=0, le=1)]
# JSON has no tuples, and a strict shape takes no list for one.
FromList = BeforeValidator(lambda value: tuple(value) if isinstance(value, list) else value)


class ClosedPart(BaseModel):
    """What holds the values that are named, and no other."""

    model_config = ConfigDict(extra="forbid", strict=True)


class OpenPart(BaseModel):
    """What may hold more, which no page reads."""

    model_config = ConfigDict(extra="allow", strict=True)


def first_fault(error: ValidationError) -> str:
    """Return where the first value lies that has another shape, and what it should be."""
    first: Any = error.errors()[0]
    return f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
