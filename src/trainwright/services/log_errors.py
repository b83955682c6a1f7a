"""Which lines of a log tell of an error, as a reader would see it. Pure.

Precision goes first: a metric that is called error, a level that is set to ERROR, a line of source in a traceback are
no errors. Lines are looked for in two steps: `CANDIDATE` is quick over megabytes, `is_error` judges the few it finds.
"""

import re

from trainwright.services.log_escapes import shown
from trainwright.services.log_lines import PLATFORM_LINE

CANDIDATE = "|".join(
    (
        r"Traceback \(",
        "Error",
        "Exception",
        "Interrupt",
        "ERROR",
        "FATAL",
        "CRITICAL",
        "SEVERE",
        "[Ff]atal",
        "error *:",
        "error code",
        "CUDA error",
        "out of memory",
        "oom[-_]kill",
        "Killed",
        "Aborted",
        "Segmentation fault",
        "core dumped",
        "Bus error",
        "Illegal instruction",
        "terminate called",
        r"what\(\)",
        "Check failed",
        "Assertion ",
        "panic:",
        "exit ?code",
        "exit status",
        "exited on signal",
        "CANCELLED AT",
        "NCCL WARN",
        "Xid",
        "uncorrectable",
        r"E[A-Z0-9][0-9][0-9][0-9][0-9]\]? *:",
        ": E (?:tensorflow|external)",
        "No space left",
        "Disk quota",
        "Permission denied",
        "command not found",
        "No such file or dir",
    )
)
"""RE2. No empty-width parts: they would make it many times slower."""

_LOOKED_AT = 8192  # bytes of a line

_NUMBER = (
    rb"[\[({]?\s*(?:tensor\()?[-+]?"
    rb"(?:[0-9]*\.[0-9]|[0-9]+(?:[eE][-+]?[0-9]+)?[\s,;%|)\]}]*(?:$|[a-zA-Z_]+[:=])|nan\b|inf\b)"
)
_NOTHING = rb"(?:none|null|false|no|ok|success|n/a)\b"
_VALUE = _NUMBER + rb"|" + _NOTHING
_METRIC_NAME = rb"(?:Mean|Squared|Square|Absolute|Relative)\w*Error"

_SURE = re.compile(
    rb"|".join(
        (
            rb"Traceback \(most recent call last\)",
            rb"(?:^|[\s:\]>|'\";m%])(?:[A-Za-z_]\w*\.)*[A-Za-z_]\w*(?:Error|Exception|Interrupt)"
            rb"(?:\s*$|:(?=\s|$)(?!\s*[-+]?[0-9]*\.[0-9]))",
            rb"(?:^|[^\w=.-])(?:ERROR|FATAL|CRITICAL|SEVERE)(?![\w=.-])(?!\s*[:=]?\s*(?i:" + _VALUE + rb"))",
            rb"(?:^|\W)(?:Fatal|fatal) (?:[Pp]ython )?(?:error|exception)\b|(?:^|[\s\]])[Ff]atal:",
            rb"CUDA error|CUDA out of memory|CUDA_ERROR|[Oo]ut of memory: |oom[-_]kill",
            rb"\bunhandled (?:cuda|system) error",
            rb"(?:HIP|NPU|CANN|HCCL) (?:error|out of memory)",
            rb"^\s*(?:Killed|Aborted)\s*(?:\(core dumped\)\s*)?$|line [0-9]+:\s+[0-9]+ (?:Killed|Aborted)\b",
            rb"Segmentation fault|core dumped|\bBus error\b|Illegal instruction",
            rb"terminate called (?:after|without|recursively)|^\s*what\(\):",
            rb"\bCheck failed: |Assertion [`'\"(].* failed|\bpanic: ",
            rb"CANCELLED AT|exited on signal [0-9]+",
            rb"NCCL WARN (?!.*(?:deprecated|[Uu]nknown param|version))|\bXid \(|uncorrectable (?:memory|ECC)",
            rb"(?:^|[\s\[])E(?:[A-Z][0-9]{4}|[0-9]{5})\]?\s*:\s",
            rb"\b[Ee]rror code(?: is|:|=)?\s*(?:0x[0-9A-Fa-f]+|[1-9][0-9]{4,5})\b",
            rb"No space left on device|Disk quota exceeded",
        )
    )
)
_LIKELY = re.compile(
    rb"|".join(
        (
            rb"(?:^|[^\w.-])[Ee]rror\s*:(?!\s*(?i:" + _VALUE + rb"))\s*\S",
            rb"\*\*\* .*\bError [0-9]+",
            rb"\bout of memory\b",
            rb"\b(?:exit ?code|exit status)(?: was| of|:|=)?\s*:?\s*-?[1-9]",
            rb": E (?:tensorflow|external)\S*\](?! (?:Unable to register|failed call to cuInit))",
            rb"Permission denied|: command not found|No such file or directory",
        )
    )
)
# What a line says of itself, or that it is source, settings or a summary.
_MILD = re.compile(
    rb"(?:^|\W)(?:INFO|DEBUG|WARN|WARNING|Warning|NOTICE|info|debug|warning)(?:[^\w=]|$)"
    rb"|(?:^|[\s:])[WI] (?:tensorflow|external)|^[WID][0-9]{4} "
)
_SOURCE = re.compile(
    rb"^\s*(?:except|raise|class|assert|import|from|def|return|if|elif|#|//|\*)[\s(].*(?:Error|Exception|Interrupt)"
    rb"|(?i:\b(?:no|0|without|ignor\w+|suppress\w+|if|on|any|zero)(?:\s\w+)? (?:errors?|exceptions?)\b)"
)
_LEVEL_SET = re.compile(
    rb"(?i:level|verbosity|severity|threshold|debug)\W{1,4}(?:to |is )?['\"]?(?:ERROR|FATAL|CRITICAL)"
)
_SINGLE_METRIC = re.compile(_METRIC_NAME + rb"\s*[:=]")


def is_error(line: bytes) -> bool:
    """Whether it tells of an error, as it is shown. Of a long line, the beginning and the end are looked at."""
    if line.startswith(PLATFORM_LINE):
        return False
    line = shown(line)
    if len(line) > 2 * _LOOKED_AT:
        line = line[:_LOOKED_AT] + line[-_LOOKED_AT:]
    # A progress bar's line: each of its states by itself.
    return any(_is_error(part) for part in line.rstrip(b"\r\n").split(b"\r"))


def _is_error(line: bytes) -> bool:
    if _SURE.search(line):
        return not (_SOURCE.search(line) or _LEVEL_SET.search(line) or _SINGLE_METRIC.search(line))
    return bool(_LIKELY.search(line)) and not (_MILD.search(line) or _SOURCE.search(line))
