"""`make licences`: every dependency has a licence under which the product may be passed on.

What the product runs on must be permissive, or ask for no more than that its own files stay open.
What only tests and tools use is passed on to nobody, and may be weak copyleft too.
"""

from __future__ import annotations

import re
import sys
from collections import Counter

from tools.dependencies import Dependency, dependencies

RUNTIME = frozenset(
    {
        "0BSD", "Apache-2.0", "Apache-2.0 WITH LLVM-exception", "BSD", "BSD-2-Clause",
        "BSD-3-Clause", "BSD-derived", "CC0-1.0", "ISC", "MIT", "MIT-CMU", "MPL-2.0", "PSF-2.0",
        "Zlib",
    }
)  # fmt: skip
DEVELOPMENT = RUNTIME | {"LGPL-2.1-only", "LGPL-3.0-only"}


def is_allowed(expression: str, allowed: frozenset[str]) -> bool:
    """Whether a licence expression can be met with these licences alone.

    Of alternatives one suffices; of what holds together, all must be allowed.
    """
    plain = re.sub(r"\(([^()]*)\)", lambda inner: _group(inner[1], allowed), expression)
    if plain != expression:
        return is_allowed(plain, allowed)
    return any(
        all(one.strip() in allowed | {"yes"} for one in re.split(r"\bAND\b", alternative))
        for alternative in re.split(r"\bOR\b", expression)
    )


def _group(inner: str, allowed: frozenset[str]) -> str:
    return "yes" if is_allowed(inner, allowed) else "no"


def refused(every: list[Dependency]) -> list[str]:
    """The dependencies that are not allowed, in words."""
    return [
        f"{one.name} {one.version}: {one.licence or 'no licence given'}"
        f" ({'run time' if one.runtime else 'development'})"
        for one in every
        if not is_allowed(one.licence, RUNTIME if one.runtime else DEVELOPMENT)
    ]


def main() -> int:
    """Say what there is; 1 when something is not allowed."""
    every = dependencies()
    for runtime, name in ((True, "run time"), (False, "development")):
        counts = Counter(one.licence for one in every if one.runtime is runtime)
        print(f"{name}: {counts.total()} packages")
        for licence, count in sorted(counts.items(), key=lambda one: (-one[1], one[0])):
            print(f"  {count:>4}  {licence}")
    complaints = refused(every)
    for complaint in complaints:
        print(f"NOT ALLOWED: {complaint}")
    return int(bool(complaints))


if __name__ == "__main__":
    sys.exit(main())
