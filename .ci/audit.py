"""Looks the locked packages up among the known vulnerabilities, where their list can be reached.

Exit code 1 where one is found; without the list it says so and ends with 0, since a machine without
that network is no fault of the packages.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

WITHIN: Final = 120.0
"""Seconds for all packages; one answer may take ANSWER."""
ANSWER: Final = 5
"""Seconds for one answer of the list."""


def main(lock: str) -> int:
    """Audit one lock; return the exit code."""
    if not Path(lock).is_file():
        print(f"audit: {lock} is not there.")
        return 2
    found = _asked(lock)
    known = [package for package in found or () if "skip_reason" not in package]
    if found is None or not known:
        print(f"audit: the list of known vulnerabilities cannot be reached; {lock} is unchecked.")
        return 0
    for package in known:
        for flaw in package.get("vulns", ()):
            fixed = ", ".join(flaw.get("fix_versions", ())) or "no version yet"
            print(f"audit: {package['name']} {package['version']}: {flaw['id']}, fixed in {fixed}")
    flaws = sum(len(package.get("vulns", ())) for package in known)
    print(
        f"audit: {flaws} known vulnerabilities in {len(known)} of {len(found)} packages of {lock}."
    )
    return int(flaws > 0)


def _asked(lock: str) -> list[dict[str, Any]] | None:
    """Return what pip-audit found of each package; None where it could not ask."""
    command = [
        sys.executable, "-m", "pip_audit", "--requirement", lock, "--require-hashes",
        "--disable-pip", "--format", "json", "--progress-spinner", "off", "--timeout", str(ANSWER),
    ]  # fmt: skip
    try:
        asked = subprocess.run(command, capture_output=True, text=True, timeout=WITHIN, check=False)
        return json.loads(asked.stdout)["dependencies"]
    except (subprocess.TimeoutExpired, ValueError, KeyError):
        return None


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
