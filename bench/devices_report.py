#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""devices_report.py WORK PORT JOIN RATE: what bench/devices has seen, as text, and as JSON into WORK/report. WORK holds what
rootline-gun (gun), rootline-cli drops (drops) and counters (counters) printed."""
import json
import os
import sys


def load(name):
    with open(os.path.join(sys.argv[1], name), encoding="utf-8") as file:
        return json.load(file)


def ms(ns):
    return round(ns / 1e6, 3)


def figures(gun, joined, all_errands):
    """The names that go into the bench's table: value, unit, limit, title."""
    devices, join = gun["devices"], gun["join"]
    n = devices["nodes"]
    begun = sum(e["begun"] for e in all_errands)
    rows = (
        ("devices_online", join["online"], "devices", n, "devices online"),
        ("devices_served", devices["served"], "devices", n, "devices served: HELLO, WHOIS, relays both ways"),
        ("devices_online_s", join["seconds"], "s", None, f"devices: all online, {joined} a second asked for"),
        ("devices_rate", begun / devices["seconds"], "1/s", None, "devices: HELLO, WHOIS and relayed packets"),
        ("devices_at_once", sum(e["begun"] * e["at_once"] for e in all_errands) / begun, "x", None,
         "devices: answered without a repetition"),
        ("devices_p50_ms", ms(max(e["latency"]["p50_ns"] for e in all_errands)), "ms", None, "devices: answered within, median"),
        ("devices_p99_ms", ms(max(e["latency"]["p99_ns"] for e in all_errands)), "ms", None, "devices: answered within, 99 %"),
        ("devices_max_ms", ms(max(e["latency"]["max_ns"] for e in all_errands)), "ms", None, "devices: answered within, all"),
    )
    return {name: {"value": value, "unit": unit, "limit": limit, "title": title}
            for name, value, unit, limit, title in rows}


def drops(gun):
    """What ended somewhere on the way, by name."""
    root = {row["name"]: row["count"] for row in load("drops") if row["count"]}
    nic = {row["name"]: row["count"] for row in load("counters")
           if row["count"] and row["name"] in ("nic_rx_missed", "nic_rx_errors", "nic_rx_no_buffer", "nic_tx_errors")}
    generator = gun["devices"]["lost_by_generator"]
    return {**root, **nic, **({"generator": generator} if generator else {})}


def main():
    _, work, port, join, rate = sys.argv
    gun = load("gun")
    errands = gun["devices"]["errands"]
    report = {"figures": figures(gun, join, list(errands.values())), "drops": drops(gun),
              "settings": {"port": port, "join": int(join), "rate": int(rate)}, "gun": gun}
    for figure in report["figures"].values():
        of = f" of {figure['limit']}" if figure["limit"] else ""
        print(f"{figure['title']:48} {figure['value']:12.6g}{of} {figure['unit']}")
    print(f"\n{'':8} {'begun':>9} {'answered':>9} {'repeats':>8} {'p50 ms':>8} {'p90':>8} {'p99':>8} {'p99.9':>8} {'max':>8}")
    for name, e in errands.items():
        times = " ".join(f"{ms(e['latency'][at + '_ns']):8.3f}" for at in ("p50", "p90", "p99", "p999", "max"))
        print(f"{name:8} {e['begun']:9} {e['answered']:9} {e['repeats']:8} {times}")
    print("\ndrops: " + (", ".join(f"{count} {name}" for name, count in report["drops"].items()) or "none"))
    with open(os.path.join(work, "report"), "w", encoding="utf-8") as out:
        json.dump(report, out, indent=1)
        out.write("\n")


if __name__ == "__main__":
    main()
