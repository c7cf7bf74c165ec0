"""Mutants: a module with one small change each, which some test should notice.

Left alone are annotations, decorators, docstrings, imports, and what an error says: no behaviour
hangs on them, or none that a test should pin down word by word.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any, NamedTuple

_SWAPS: dict[type[ast.AST], tuple[type[ast.AST], ...]] = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
    ast.And: (ast.Or,),
    ast.Or: (ast.And,),
    ast.Add: (ast.Sub,),
    ast.Sub: (ast.Add,),
    ast.Mult: (ast.Div,),
    ast.Div: (ast.Mult,),
    ast.FloorDiv: (ast.Mult,),
    ast.Mod: (ast.Mult,),
    ast.Pow: (ast.Mult,),
    ast.BitAnd: (ast.BitOr,),
    ast.BitOr: (ast.BitAnd,),
    ast.LShift: (ast.RShift,),
    ast.RShift: (ast.LShift,),
}
_CALLS = {"min": "max", "max": "min", "any": "all", "all": "any"}
_SKIPPED_FIELDS = {"annotation", "returns", "decorator_list", "type_params"}
_SKIPPED = (ast.Raise, ast.JoinedStr, ast.Import, ast.ImportFrom)


class Mutant(NamedTuple):
    """A module with one change: the line it is in, what changed, and the whole source."""

    line: int
    change: str
    source: str


class _Site(NamedTuple):
    """A place in the tree: what holds the node, in which field, where in its list."""

    holder: ast.AST
    field: str
    place: int | None
    line: int

    def put(self, node: Any) -> None:
        if self.place is None:
            setattr(self.holder, self.field, node)
        else:
            getattr(self.holder, self.field)[self.place] = node


def mutants(source: str) -> list[Mutant]:
    """All mutants of a module, in the order of its lines."""
    tree = ast.parse(source)
    made = []
    for site, node in list(_sites(tree, 0)):
        for replacement in _replacements(node):
            site.put(replacement)
            change = f"{_text(node)} -> {_text(replacement)}"
            made.append(Mutant(site.line, change, ast.unparse(ast.fix_missing_locations(tree))))
            site.put(node)
    return sorted(made, key=lambda mutant: mutant.line)


def _sites(holder: ast.AST, line: int) -> Iterator[tuple[_Site, ast.AST]]:
    """Every node that may be changed, with its site."""
    for field, value in ast.iter_fields(holder):
        if field in _SKIPPED_FIELDS:
            continue
        several = isinstance(value, list)
        for place, node in enumerate(value if several else [value]):
            if not isinstance(node, ast.AST) or isinstance(node, _SKIPPED) or _is_text(node):
                continue
            here = getattr(node, "lineno", line)
            yield _Site(holder, field, place if several else None, here), node
            yield from _sites(node, here)


def _is_text(node: ast.AST) -> bool:
    """Whether it is a docstring, or the text below a constant."""
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _replacements(node: ast.AST) -> Iterator[ast.AST]:
    yield from (other() for other in _SWAPS.get(type(node), ()))
    match node:
        case ast.Constant(value=bool() as truth):
            yield ast.Constant(not truth)
        case ast.Constant(value=int() | float() as number):
            yield ast.Constant(number + 1)
        case ast.Constant(value=str() as text):
            yield ast.Constant(f"{text}~")
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            yield operand
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            yield operand
        case ast.IfExp(body=body, orelse=other):
            yield body
            yield other
        case ast.Call(func=ast.Name(id=name)) if name in _CALLS:
            yield ast.Call(ast.Name(_CALLS[name], ast.Load()), node.args, node.keywords)
        case ast.Expr(value=ast.Call()) | ast.AugAssign() | ast.Delete():
            yield ast.Pass()
        case ast.Return(value=ast.expr()):
            yield ast.Return(ast.Constant(None))
        case ast.Continue():
            yield ast.Break()
        case ast.Break():
            yield ast.Continue()


def _text(node: ast.AST) -> str:
    if isinstance(node, ast.expr | ast.stmt):
        return ast.unparse(node)
    return type(node).__name__
