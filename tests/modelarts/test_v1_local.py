"""`train_instance_type="local"` of the first generation: the same methods over the private server's records."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.live import LiveServer, wait_for
from tests.modelarts.test_local_training import TRAIN, Notebook

V1 = """
from modelarts.estimator import JOB_STATE, Estimator
from modelarts.exception import InvalidArgument, JobFailed

def make(**more):
    return Estimator(Session(), code_dir="code", boot_file="train.py", framework_type="PyTorch",
                     framework_version="any", train_instance_type="local", train_instance_count=1, **more)
"""


@pytest.fixture(scope="module")
def notebook(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Notebook]:
    """A folder with code, and the platform that outputs are copied to."""
    live = LiveServer(tmp_path_factory.mktemp("platform")).start()
    live.put("obs://local-v1/data/a.txt", "a")
    folder: Path = tmp_path_factory.mktemp("notebook")
    (folder / "code").mkdir()
    (folder / "code" / "train.py").write_text(TRAIN)
    (folder / "mine").mkdir()
    made = Notebook(folder, live)
    yield made
    wait_for(made.is_quiet, what="the end of the private server")
    live.stop()


@pytest.mark.slow
def test_local_jobs_have_the_same_methods(notebook: Notebook) -> None:
    """With data of the platform and outputs that go there; a failure; data that local training cannot take."""
    told = notebook.run(
        V1
        + """
job = make(output_path="/local-v1/out/").fit("/local-v1/data/", wait=True, job_name="here")
info = job.get_job_info()
print("STATE", JOB_STATE[info["status"]], info["version_name"], info["is_success"])
print("LOG", "data ['a.txt']" in job.get_job_log("job-here.0")["content"])
print("LISTED", [item["job_name"] for item in Estimator.get_job_list(job.session)["jobs"]])
print("ELSEWHERE", Estimator.get_job_list(Session())["job_total_count"])
print("WITHOUT DATA", make().fit(wait=True).get_job_info()["status"])
try:
    make(hyperparameters=[{"label": "code", "value": "4"}]).fit("mine", wait=True, job_name="fails")
except JobFailed as exc:
    print("FAILED", "exit code 4" in str(exc), exc.job.get_job_info()["status"])
for data in ({"dataset_id": "d", "dataset_version_id": "v"}, {"inputs": "missing-folder"}):
    try:
        make().fit(**data)
    except InvalidArgument as exc:
        print("REFUSED", exc.error_msg)
print("DELETED", job.delete_job())
"""
    )
    assert "STATE JOBSTAT_COMPLETED V0001 True" in told and "LOG True" in told
    assert "LISTED ['here']" in told and "ELSEWHERE 0" in told and "WITHOUT DATA 10" in told
    assert "FAILED True 11" in told and told.count("REFUSED ") == 2
    assert "DELETED {'is_success': True}" in told
    assert notebook.live.get("obs://local-v1/out/model-0.txt") == b"trained"
