"""Fits the simulator's figures to public traces and writes `stream/simulator/fitted.toml`.

Reads `traffic/` in GAUGER_DATA_DIR (default `../shared/data`); only the figures are shipped, never
a row. Run: `python bench/fit_traffic.py [--print]`.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray

TARGET = Path(__file__).resolve().parent.parent / "stream" / "simulator" / "fitted.toml"
PROBABILITIES = (0.0, 0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 1.0)

AZURE = "Azure/AzurePublicDataset, LLM inference trace 2023, CC BY 4.0"
SERVEGEN = "alibaba/ServeGen, client rates and tokens, Apache-2.0"
SESSIONS = "callanjfox/kv-cache-tester, 692 published Claude Code sessions, Apache-2.0"


def main() -> int:
    """Writes or prints the fits; says so when the traces are absent."""
    folder = Path(os.environ.get("GAUGER_DATA_DIR", "../shared/data")) / "traffic"
    if not folder.is_dir():
        print(f"NO TRACES: {folder} is absent; set GAUGER_DATA_DIR", file=sys.stderr)
        return 1
    parts = [azure(folder), servegen(folder), sessions(folder)]
    text = "\n".join([_HEAD, *parts])
    if "--print" in sys.argv:
        print(text)
    else:
        TARGET.write_text(text, "utf-8")
    return 0


_HEAD = f"""# Figures fitted to public traces by bench/fit_traffic.py; each table names its source.
# Quantile tables stand at the probabilities below.

probabilities = {list(PROBABILITIES)}
"""


def azure(folder: Path) -> str:
    """Token counts of the two Azure services."""
    lines = []
    for service in ("code", "conv"):
        columns = read(folder / f"azure_llm_2023_{service}.parquet")
        lines += [
            f"[azure_{service}]",
            f'source = "{AZURE}"',
            f"input_tokens = {quantiles(columns['context_tokens'])}",
            f"output_tokens = {quantiles(columns['generated_tokens'])}",
            "",
        ]
    return "\n".join(lines)


def servegen(folder: Path) -> str:
    """How clients of a production API differ: rates, burstiness, tokens, hours of the day."""
    rates = read(folder / "servegen_client_rates.parquet")
    tokens = read(folder / "servegen_client_tokens.parquet")
    client = keys(rates)
    means = np.array([rates["rate_rps"][client == code].sum() for code in np.unique(client)])
    means = means[means > 0]
    hour = (rates["t_s"] // 3600 % 24).astype(int)
    load = np.bincount(hour, weights=rates["rate_rps"], minlength=24)
    known = np.isfinite(tokens["in_mean"]) & np.isfinite(tokens["out_mean"])
    who = keys(tokens)[known]
    inputs, outputs = tokens["in_mean"][known], tokens["out_mean"][known]
    per_client = [
        (inputs[who == code].mean(), outputs[who == code].mean()) for code in np.unique(who)
    ]
    return "\n".join(
        [
            "[servegen]",
            f'source = "{SERVEGEN}"',
            f"client_rate_log_sigma = {np.std(np.log(means)):.3f}",
            f"arrival_cv = {quantiles(rates['iat_cv'][np.isfinite(rates['iat_cv'])], 2)}",
            f"hour_load = {np.round(load / load.mean(), 3).tolist()}",
            f"client_input_tokens = {quantiles(np.array([pair[0] for pair in per_client]))}",
            f"client_output_tokens = {quantiles(np.array([pair[1] for pair in per_client]))}",
            "",
        ]
    )


def sessions(folder: Path) -> str:
    """Agentic coding sessions: lengths, pauses, context at the start and its growth, caching."""
    columns = read(folder / "claude_code_sessions.parquet")
    session = np.unique(columns["session"].astype(str), return_inverse=True)[1]
    _, lengths = np.unique(session, return_counts=True)
    order = np.lexsort((columns["t_s"], session))
    inputs, owner = columns["tokens_in"][order], session[order]
    first = np.flatnonzero(np.diff(owner, prepend=-1))
    growth = np.diff(inputs, prepend=0)
    growth = growth[(np.diff(owner, prepend=-1) == 0) & (growth > 0)]
    think = columns["think_time_s"]
    blocks = columns["n_blocks64"]
    shared = columns["prefix_blocks_shared_with_prev"] / np.maximum(blocks, 1)
    later = (columns["i"] > 0) & (blocks > 0)
    return "\n".join(
        [
            "[sessions]",
            f'source = "{SESSIONS}"',
            f"requests = {quantiles(lengths.astype(float))}",
            f"think_seconds = {quantiles(think[think > 0], 1)}",
            f"first_input_tokens = {quantiles(inputs[first])}",
            f"input_growth_tokens = {quantiles(growth)}",
            f"output_tokens = {quantiles(columns['tokens_out'])}",
            f"shared_prefix = {quantiles(shared[later], 3)}",
            "",
        ]
    )


def read(path: Path) -> dict[str, NDArray[Any]]:
    """The columns of a trace that hold numbers or text."""
    table = pq.read_table(path)
    return {
        name: table.column(name).to_numpy(zero_copy_only=False)
        for name in table.column_names
        if not name.endswith("_q")
    }


def keys(columns: dict[str, NDArray[Any]]) -> NDArray[np.int64]:
    """A number for each client of each model."""
    names = [f"{m}/{c}" for m, c in zip(columns["model"], columns["client_id"], strict=True)]
    return np.unique(np.array(names), return_inverse=True)[1]


def quantiles(values: NDArray[Any], digits: int = 0) -> list[float]:
    """The quantile table of a column."""
    found = np.quantile(values.astype(np.float64), PROBABILITIES)
    rounded = np.round(found, digits)
    return [float(value) for value in rounded]


if __name__ == "__main__":
    sys.exit(main())
