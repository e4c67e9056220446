#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Sums up meson's logs: tally.py FAILED-BEFORE LOG... Names what was skipped and what failed; the last line is
"N passed, N failed, N skipped". Exit status 1 if anything failed or nothing was run."""
import json
import os
import sys


def results(paths):
    for path in paths:
        build = os.path.basename(os.path.dirname(os.path.dirname(path)))
        with open(path, encoding="utf-8") as log:
            for line in log:
                test = json.loads(line)
                yield build, test["name"], test["result"], test.get("stdout") or ""


def reason(stdout):
    lines = [line for line in stdout.splitlines() if line.lower().startswith("skip")]
    return f" ({lines[-1]})" if lines else ""


def main():
    failed = int(sys.argv[1])
    passed = 0
    skipped = 0
    print("\n== sum")
    for build, name, result, stdout in results(p for p in sys.argv[2:] if os.path.exists(p)):
        if result in ("OK", "EXPECTEDFAIL"):
            passed += 1
        elif result == "SKIP":
            skipped += 1
            print(f"skipped: {build}: {name}{reason(stdout)}")
        else:
            failed += 1
            print(f"failed: {build}: {name} ({result})")
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed or not passed else 0


sys.exit(main())
