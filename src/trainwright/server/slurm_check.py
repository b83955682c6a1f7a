"""`slurm check`: says what keeps this server from using the cluster of its settings."""

import sys

from trainwright.backends.slurm.check import check
from trainwright.backends.slurm.check_rules import Mark
from trainwright.domain.texts import Language, Text
from trainwright.server.settings import Settings

FAILED, BAD_SETTINGS = 1, 2
_FINE = Text("Jobs can run on this cluster.", "作业可以在该集群上运行。")
_BAD = Text("{count} of these must be put right first.", "需先解决其中 {count} 项。")


async def check_slurm(settings: Settings, language: str, *, all_nodes: bool) -> int:
    """Print what is found, line by line; the exit code: 0 jobs can run, 1 they cannot, 2 the settings are wrong."""
    chosen = Language(language) if language in set(Language) else settings.language
    try:
        slurm = settings.slurm.to_settings(settings.sandbox)
    except ValueError as exc:
        print(f"error: {exc}", file=sys.stderr)
        return BAD_SETTINGS
    url = settings.slurm.server_url or settings.public_url or settings.local_url(settings.port)
    wrong = 0
    async for finding in check(slurm, url, all_nodes=all_nodes):
        wrong += finding.mark is Mark.BAD
        print(finding.render(chosen), flush=True)
    print((_BAD if wrong else _FINE).render(chosen, {"count": wrong}))
    return FAILED if wrong else 0
