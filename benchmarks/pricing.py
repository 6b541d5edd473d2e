"""Prices generated documents, proves each outcome, and prints how they end and how long pricing takes.

python benchmarks/pricing.py --documents 100000
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "property"))

from generated_documents import cases
from pricing_proof import judge, price

_BATCH = 1000


def main(argv: Sequence[str] | None = None) -> int:
    """0 when every document is exact or held with a named cause; an AssertionError names the first that is not."""
    parser = argparse.ArgumentParser(description="Prices generated documents and proves each outcome.")
    parser.add_argument("--documents", type=int, default=100_000, help="how many (default: 100000)")
    parser.add_argument("--seed", type=int, default=1, help="another seed, other documents (default: 1)")
    asked = parser.parse_args(argv)
    outcomes: Counter[str] = Counter()
    regimes: Counter[str] = Counter()
    spent, rows = 0.0, 0
    source = cases(asked.seed, asked.documents)
    while batch := list(islice(source, _BATCH)):
        began = time.perf_counter()
        found = [price(case) for case in batch]
        spent += time.perf_counter() - began
        rows += sum(len(case.document.lines) for case in batch)
        regimes.update(case.regime for case in batch)
        outcomes.update(judge(case, result) for case, result in zip(batch, found, strict=True))
    total = outcomes.total()
    for outcome, count in outcomes.most_common():
        print(f"{count:>8}  {100 * count / total:6.2f} %  {outcome}")
    print(f"{total:>8} documents of {rows} rows, seed {asked.seed}: 0 silent differences")
    print("         " + ", ".join(f"{name} {count}" for name, count in sorted(regimes.items())))
    print(f"         pricing: {1000 * spent / max(total, 1):.3f} s per 1,000 documents")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
