"""The server held to its own OpenAPI document by schemathesis, as a program of its own.

All checks are on, the key is known, and everything the document allows has to be taken.
"""

import asyncio
import json
import os
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

KEY = "sk-fuzz"
"""What the server under test asks for."""


@dataclass(frozen=True)
class Verdict:
    """How many requests were made, and what was found; `report` is schemathesis's own text."""

    cases: int
    passed: bool
    report: str


async def hold_to_document(base_url: str, *, examples: int, seed: int) -> Verdict:
    """Run every phase and check of schemathesis, at most `examples` an operation."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "schemathesis.cli", "run",
            f"{base_url.removesuffix('/v1')}/openapi.json",
            "--checks", "all",
            "--header", f"Authorization: Bearer {KEY}",
            "--max-examples", str(examples),
            "--seed", str(seed),
            "--request-timeout", "20",
            "--warnings", "off",
            "--continue-on-failure",
            "--report", "json", "--report-json-path", str(report),
            cwd=folder,
            env=os.environ | {"NO_COLOR": "1"},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        try:
            said = (await process.communicate())[0].decode()
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        cases = json.loads(report.read_bytes())["test_cases"]["generated"]
    return Verdict(cases=cases, passed=process.returncode == 0, report=said)
