"""What all tables share: their names for indexes and constraints, and the id that each has."""

from __future__ import annotations

from sqlalchemy import Column, Integer, MetaData

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)


def id_column() -> Column[int]:
    """The id of a row."""
    return Column("id", Integer, primary_key=True)


def first_of(name: str, names: tuple[str, ...]) -> tuple[str, ...]:
    """The same names with one of them moved to the front."""
    return (name, *(other for other in names if other != name))
