"""One to three real examples for every command, shown at the end of its help. Tests parse each of them."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import typer

from trainwright.cli.texts import translate

Example = tuple[str, str]
"""What it is for (a key of the Chinese table; empty where the command says it all), and what is typed."""

_JOBS: Mapping[str, Sequence[Example]] = {
    "job create": (
        (
            "A script of this folder on a small node",
            "trainwright job create --name digits-1 --code-dir . --boot-file train.py "
            "--engine scikit-learn_1.9.1-py_3.11-cpu --flavor local.cpu.1u -p lr=0.1",
        ),
        (
            "From a file, under another name, watched to its end",
            "trainwright job create -f job.yaml --name digits-2 --follow",
        ),
        (
            "Of a saved algorithm, with a metric read from the log",
            "trainwright job create --name digits-3 --algorithm digits --flavor local.cpu.1u "
            "-i data_url=obs://data/digits/ --metric 'loss=loss=(\\S+)'",
        ),
    ),
    "job preview": (("", "trainwright job preview -f job.yaml"),),
    "job list": (
        ("The last ones that failed", "trainwright job list --phase Failed --limit 5"),
        ("Those of a team, for a program", "trainwright job list --tag team=vision -o json"),
    ),
    "job show": (("", "trainwright job show digits-1"),),
    "job stop": (("", "trainwright job stop digits-1"),),
    "job delete": (("", "trainwright job delete digits-1 digits-2 --yes"),),
    "job describe": (("", "trainwright job describe digits-1 'with twice the data'"),),
    "job priority": (("", "trainwright job priority digits-1 3"),),
    "job rebuild": (
        ("The same again", "trainwright job rebuild digits-1"),
        ("As a file to be edited", "trainwright job rebuild digits-1 --print > job.yaml"),
    ),
    "job follow": (("The log alone into a file", "trainwright job follow digits-1 > digits-1.log"),),
    "job logs": (
        ("The last lines, and what comes", "trainwright job logs digits-1 --tail 100 --follow"),
        ("Of another node", "trainwright job logs digits-1 --task worker-1"),
    ),
    "job events": (("Only what went wrong", "trainwright job events digits-1 --level Error"),),
    "job tasks": (("", "trainwright job tasks digits-1"),),
    "job checkpoints": (("", "trainwright job checkpoints digits-1"),),
    "job stacks": (("", "trainwright job stacks digits-1"),),
    "job metrics": (
        ("Draw the loss", "trainwright job metrics digits-1 --name loss --plot"),
        ("Compare two jobs", "trainwright job metrics digits-1 digits-2 --plot --log"),
    ),
    "job usage": (("", "trainwright job usage digits-1 --task worker-1"),),
    "job stages": (("", "trainwright job stages digits-1"),),
    "job tag": (
        ("Put two, take one away", "trainwright job tag digits-1 team=vision urgent --remove draft"),
        ("Show them", "trainwright job tag digits-1"),
    ),
    "job link": (("", "trainwright job link digits-1 --download"),),
    "job links": (("", "trainwright job links digits-1"),),
    "job unlink": (("", "trainwright job unlink digits-1 98921b9b"),),
    "job shell": (
        ("A shell in the first task", "trainwright job shell digits-1"),
        ("One command in another", "trainwright job shell digits-1 worker-1 -- nvidia-smi"),
    ),
    "tag list": (("", "trainwright tag list"),),
    "tag jobs": (("", "trainwright tag jobs team=vision urgent"),),
    "experiment list": (("", "trainwright experiment list"),),
    "experiment show": (("", "trainwright experiment show digits"),),
    "experiment create": (("", "trainwright experiment create digits --description 'Which optimizer?'"),),
    "experiment change": (("", "trainwright experiment change digits --name digits-2026"),),
    "experiment delete": (("", "trainwright experiment delete digits --yes"),),
}

_LIBRARY: Mapping[str, Sequence[Example]] = {
    "algorithm list": (("", "trainwright algorithm list --name digits"),),
    "algorithm show": (("", "trainwright algorithm show digits"),),
    "algorithm create": (
        (
            "",
            "trainwright algorithm create --name digits --code-dir ./digits --boot-file train.py "
            "--engine scikit-learn_1.9.1-py_3.11-cpu -p lr=0.1 --input data_url --out train_url",
        ),
        ("With limits for hyperparameters, from a file", "trainwright algorithm create -f algorithm.yaml"),
    ),
    "algorithm change": (
        (
            "New code, the rest as it is",
            "trainwright algorithm change digits --code-dir ./digits --boot-file train.py",
        ),
    ),
    "algorithm save-job": (("", "trainwright algorithm save-job digits-1 digits-of-monday"),),
    "algorithm delete": (("", "trainwright algorithm delete digits --yes"),),
    "gallery list": (("", "trainwright gallery list --title digits"),),
    "gallery show": (("", "trainwright gallery show Digits"),),
    "gallery publish": (
        ("", "trainwright gallery publish digits --title Digits --version 1.0.0"),
        ("The next version", "trainwright gallery publish digits --item Digits --version 1.1.0"),
    ),
    "gallery change": (
        ("For the own project only", "trainwright gallery change Digits --visibility project"),
    ),
    "gallery withdraw": (("", "trainwright gallery withdraw Digits --yes"),),
    "gallery subscriptions": (("", "trainwright gallery subscriptions"),),
    "gallery subscribe": (("", "trainwright gallery subscribe Digits --version 1.0.0"),),
    "gallery choose": (("", "trainwright gallery choose Digits 1.1.0"),),
    "gallery unsubscribe": (("", "trainwright gallery unsubscribe Digits --yes"),),
    "dataset list": (("", "trainwright dataset list"),),
    "dataset show": (("One version", "trainwright dataset show digits --version V001"),),
    "dataset create": (("", "trainwright dataset create digits obs://data/digits/"),),
    "dataset change": (("", "trainwright dataset change digits --description 'cleaned'"),),
    "dataset delete": (("One version", "trainwright dataset delete digits --version V001 --yes"),),
    "dataset versions": (("", "trainwright dataset versions digits"),),
    "dataset add-version": (("", "trainwright dataset add-version digits --wait"),),
    "dataset objects": (("", "trainwright dataset objects digits --version V001"),),
    "model list": (("", "trainwright model list"),),
    "model show": (("", "trainwright model show digits --version 2"),),
    "model versions": (("", "trainwright model versions digits"),),
    "model describe": (("", "trainwright model describe digits 'reads scanned digits'"),),
    "model download": (("", "trainwright model download digits ./digits-model"),),
    "model delete": (("One version", "trainwright model delete digits --version 1 --yes"),),
    "obs ls": (("", "trainwright obs ls obs://data/digits/ --recursive"),),
    "obs cp": (
        ("A folder up", "trainwright obs cp ./digits obs://data/digits/"),
        (
            "A folder down, without what is there",
            "trainwright obs cp -r obs://data/digits/ ./digits --skip-unchanged",
        ),
    ),
    "obs rm": (("", "trainwright obs rm -r obs://data/digits/ --yes"),),
    "obs mb": (("", "trainwright obs mb obs://data"),),
    "obs rb": (("", "trainwright obs rb obs://data --yes"),),
}

_PLACES: Mapping[str, Sequence[Example]] = {
    "server": (("", "trainwright server --data-dir ~/trainwright --port 8600"),),
    "login": (
        (
            "",
            "trainwright login --endpoint http://10.0.0.5:8600 --project 0f1e2d3c --token-stdin < token.txt",
        ),
    ),
    "config show": (("", "trainwright config show"),),
    "pool list": (("", "trainwright pool list"),),
    "pool show": (("", "trainwright pool show night"),),
    "pool create": (("Four nodes of a flavor", "trainwright pool create night --nodes local.cpu.1u=4"),),
    "pool change": (("", "trainwright pool change night --nodes local.cpu.1u=6"),),
    "pool delete": (("", "trainwright pool delete night --yes"),),
    "pool nodes": (("", "trainwright pool nodes night"),),
    "pool jobs": (("", "trainwright pool jobs pool-public"),),
    "pool events": (("", "trainwright pool events night"),),
    "pool flavors": (("", "trainwright pool flavors"),),
    "workspace list": (("", "trainwright workspace list"),),
    "workspace show": (("", "trainwright workspace show vision"),),
    "workspace create": (
        (
            "With two members, one of them only looking",
            "trainwright workspace create vision --member ann --member ben=viewer",
        ),
    ),
    "workspace change": (
        ("Open it to everyone of the project", "trainwright workspace change vision --kind PUBLIC"),
    ),
    "workspace delete": (("", "trainwright workspace delete vision --yes"),),
    "workspace add-member": (("", "trainwright workspace add-member vision ann --role viewer"),),
    "workspace remove-member": (("", "trainwright workspace remove-member vision ann"),),
    "workspace quotas": (
        ("Show them", "trainwright workspace quotas vision"),
        ("At most 16 CPUs at a time", "trainwright workspace quotas vision train_job.cpu=16"),
    ),
    "workspace can": (("", "trainwright workspace can vision modelarts:trainJob:create"),),
    "quota show": (("", "trainwright quota show --user ann"),),
    "quota set": (("At most 10 unfinished jobs for everyone", "trainwright quota set job-num=10"),),
    "engine list": (("", "trainwright engine list"),),
    "flavor list": (("", "trainwright flavor list"),),
    "backend show": (("", "trainwright backend show"),),
    "node list": (("", "trainwright node list --pool night"),),
    "node lock": (("", "trainwright node lock node-7"),),
    "node unlock": (("", "trainwright node unlock node-7"),),
    "slurm check": (("", "trainwright slurm check --all-nodes"),),
}

_PEOPLE: Mapping[str, Sequence[Example]] = {
    "user create": (("", "trainwright user create ann --role developer"),),
    "user list": (("", "trainwright user list"),),
    "user show": (("", "trainwright user show ann"),),
    "user set-password": (("", "trainwright user set-password ann"),),
    "user set-roles": (("", "trainwright user set-roles ann developer viewer"),),
    "user enable": (("", "trainwright user enable ann"),),
    "user disable": (("", "trainwright user disable ann"),),
    "user delete": (("", "trainwright user delete ann --yes"),),
    "role list": (("", "trainwright role list"),),
    "role set": (("", "trainwright role set night-shift --action 'modelarts:trainJob:st*'"),),
    "role delete": (("", "trainwright role delete night-shift --yes"),),
    "project create": (("", "trainwright project create vision --administrator ann"),),
    "project list": (("", "trainwright project list"),),
    "audit list": (
        ("Who deleted jobs", "trainwright audit list --operation delete_training_job"),
        ("Sign-ins that failed", "trainwright audit list --resource session --outcome denied"),
    ),
    "key create": (("", "trainwright key create --description laptop --days 90"),),
    "key list": (("", "trainwright key list --user ann"),),
    "key disable": (("", "trainwright key disable HPUAF3ZKX2"),),
    "key enable": (("", "trainwright key enable HPUAF3ZKX2"),),
    "key rotate": (("", "trainwright key rotate HPUAF3ZKX2 --grace-hours 24"),),
    "key delete": (("", "trainwright key delete HPUAF3ZKX2 --yes"),),
    "token create": (("", "trainwright token create --user ann --description ci --days 30"),),
    "token list": (("", "trainwright token list"),),
    "token disable": (("", "trainwright token disable 3f2a"),),
    "token enable": (("", "trainwright token enable 3f2a"),),
    "token rotate": (("", "trainwright token rotate 3f2a --grace-hours 0"),),
    "token delete": (("", "trainwright token delete 3f2a --yes"),),
}

EXAMPLES: Mapping[str, Sequence[Example]] = MappingProxyType({**_JOBS, **_LIBRARY, **_PLACES, **_PEOPLE})


def print_examples(language: str, examples: Sequence[Example]) -> None:
    """The last part of a help text. Commands are not wrapped: they are there to be copied."""
    typer.secho(" " + translate(language, "Examples:"), bold=True)
    for about, typed in examples:
        if about:
            typer.secho(f"   # {translate(language, about)}", dim=True)
        typer.echo(f"   {typed}")
    typer.echo()
