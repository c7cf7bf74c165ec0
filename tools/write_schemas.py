"""Write the JSON Schemas of the public records to docs/schemas, one file a record."""

from __future__ import annotations

from pathlib import Path

import orjson

from schemas.json_schema import PUBLIC_RECORDS, json_schema

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "schemas"


def main() -> None:
    """Write all schemas, replacing those that are there."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name in PUBLIC_RECORDS:
        text = orjson.dumps(
            json_schema(name), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE
        )
        (FOLDER / f"{name}.json").write_bytes(text)
        print(f"docs/schemas/{name}.json")


if __name__ == "__main__":
    main()
