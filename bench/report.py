#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Makes the table and the JSON of a run out of the figures that the bench programs have written, one JSON object a line."""
import argparse
import json
import os
import platform
import subprocess
import time

# What is always there, null if it was not measured.
NAMES = """relay_128_1m relay_128_10m relay_1400_1m relay_intro_1m hello_1m whois1_1m whois16_1m whois_self_1m
idle_devices_1core like16_100k gather32_100k validate_ms validate_speedup admit_per_s admit_relay_share bytes_per_peer
second_worker veth_xdp_ratio""".split()

# The same operation of the software that rootline replaces: the better one of ZeroTier One 1.14.1 as a root and the
# dedicated root server of 2024, on one Zen 4 core at 3.6 GHz; without sockets.
REFERENCE = {
    "core_relay_128_1k": 7.2e6, "core_relay_128_100k": 2.05e6, "core_relay_128_1m": 1.0e6,
    "core_relay_1400_1m": 1.0e6, "core_relay_fragment_1m": 1.1e6, "relay_128_1m": 1.0e6, "relay_1400_1m": 1.0e6,
    "relay_intro_1m": 0.59e6, "hello_1m": 0.60e6, "whois1_1m": 0.39e6, "whois16_1m": 0.12e6, "whois_self_1m": 0.39e6,
    "like16_100k": 0.38e6, "gather32_100k": 0.475e6, "validate_ms": 15.8, "admit_per_s": 63, "bytes_per_peer": 843,
    "relay_128_1m_2workers": 1.07e6, "second_worker": 0.7,
}


def command(*words, cwd=None):
    try:
        return subprocess.run(words, cwd=cwd, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""


def first_line(path, start=""):
    try:
        with open(path, encoding="utf-8") as lines:
            return next((line.strip() for line in lines if line.startswith(start)), "")
    except OSError:
        return ""


def settings(args):
    options = {}
    try:
        path = os.path.join(args.build, "meson-info", "intro-buildoptions.json")
        with open(path, encoding="utf-8") as info:
            options = {o["name"]: o["value"] for o in json.load(info)}
    except (OSError, ValueError):
        pass
    git = ("git", "-c", "safe.directory=*")
    changed = command(*git, "status", "--porcelain", cwd=args.top)
    return {
        "date": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "commit": (command(*git, "rev-parse", "HEAD", cwd=args.top) or "unknown") + (" and changes" if changed else ""),
        "cpu": first_line("/proc/cpuinfo", "model name").partition(":")[2].strip() or platform.machine(),
        "cpus": os.cpu_count(),
        "load_before": float(args.load),
        "settings": {
            "size": args.size or "full",
            "buildtype": options.get("buildtype"),
            "sanitize": options.get("b_sanitize"),
            "kernel": platform.release(),
            "compiler": command("cc", "--version").partition("\n")[0],
            "transparent_hugepages": first_line("/sys/kernel/mm/transparent_hugepage/enabled"),
            "hugepages": first_line("/proc/sys/vm/nr_hugepages"),
        },
    }


def number(value):
    if value is None:
        return "-"
    for limit, unit in ((1e6, " M"), (1e3, " k")):
        if abs(value) >= limit:
            return f"{value / limit:.3g}{unit}"
    return f"{value:.3g}"


def ratio(value, other, less_is_better):
    if not other or value is None:
        return "-"
    return f"{other / value if less_is_better else value / other:.2g}"


def table(figures):
    rows = [("", "rate", "unit", "limit", "of it", "reference", "times it")]
    for name, f in figures.items():
        less = f["unit"] in ("ms", "us", "B")
        reference = REFERENCE.get(name)
        rows.append((f["title"], number(f["value"]), f["unit"], number(f["limit"]), ratio(f["value"], f["limit"], less),
                     number(reference), ratio(f["value"], reference, less)))
    widths = [max(len(row[i]) for row in rows) for i in range(7)]
    for row in rows:
        yield "  ".join(cell.ljust(w) if i in (0, 2) else cell.rjust(w)
                        for i, (cell, w) in enumerate(zip(row, widths))).rstrip()


def main():
    parser = argparse.ArgumentParser()
    for option in ("--top", "--build", "--load", "--size"):
        parser.add_argument(option, required=True)
    parser.add_argument("--devices", help="report of bench/devices, if there is one")
    parser.add_argument("figures")
    parser.add_argument("json")
    args = parser.parse_args()
    with open(args.figures, encoding="utf-8") as lines:
        figures = {f.pop("name"): f for f in map(json.loads, lines)}
    if args.devices and os.path.isfile(args.devices) and os.path.getsize(args.devices):
        with open(args.devices, encoding="utf-8") as devices:
            figures |= json.load(devices)["figures"]
    about = settings(args)
    print(f"rootline {about['commit']}, {about['date']}, {about['cpu']}, load before {about['load_before']}, "
          f"{about['settings']['size']} run")
    print("\n".join(table(figures)))
    missing = [name for name in NAMES if name not in figures]
    if missing:
        print("not measured: " + " ".join(missing))
    for name in missing:
        figures[name] = {"value": None, "unit": None, "limit": None}
    with open(args.json, "w", encoding="utf-8") as out:
        json.dump({"figures": figures, **about}, out, indent=1)
        out.write("\n")


if __name__ == "__main__":
    main()
