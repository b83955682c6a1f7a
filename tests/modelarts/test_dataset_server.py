"""Datasets, models and algorithms of the SDK against a real server."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from modelarts.algorithm import Algorithm
from modelarts.config.model_config import (
    Dependencies,
    Packages,
    Params,
    Schedule,
    ServiceConfig,
    TransformerConfig,
)
from modelarts.dataset import Dataset
from modelarts.dataset.format.manifest import Manifest
from modelarts.dataset.format.manifest.sample import Sample
from modelarts.dataset.format.voc.pascal_voc import PascalVoc
from modelarts.exception import InvalidArgument, ModelArtsError, RequestRefused
from modelarts.model import Model, Predictor
from modelarts.session import Session
from tests.e2e.live import LiveServer, wait_for


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    server = LiveServer(tmp_path_factory.mktemp("neighbours")).start()
    for number in range(5):
        server.put(f"obs://neighbours/images/{number}.jpg", str(number))
    yield server
    server.stop()


@pytest.fixture
def session(live: LiveServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[Session]:
    monkeypatch.setenv("TRAINWRIGHT_ENDPOINT", live.url)
    monkeypatch.setenv("TRAINWRIGHT_PROJECT", live.project_id)
    monkeypatch.setenv("TRAINWRIGHT_TOKEN", live.token)
    made = Session()
    yield made
    made.client.close()


SOURCES = {"type": 0, "path": "/neighbours/images/", "annotation_config": {"scene": "image_classification"}}


def test_a_dataset_from_its_folder_to_its_samples(session: Session) -> None:
    """Guards the whole way of a dataset, with the vendor's arguments."""
    made = Dataset.create_dataset(
        session, "flowers", "IMAGE", SOURCES, {"type": 0, "path": "/neighbours/work/"}, label_format=None
    )
    attached = Dataset(session, made.dataset_id)
    shown = attached.get_dataset_info()
    assert (shown["dataset_name"], shown["dataset_type"]) == ("flowers", 0)
    assert "no version" in attached.list_samples()["error_msg"]
    assert attached.update_dataset("roses", "red ones")["description"] == "red ones"
    found = Dataset.list_datasets(session, dataset_name="ros")
    assert [each["dataset_id"] for each in found["datasets"]] == [made.dataset_id]
    assert Dataset.list_datasets(session, dataset_type=400)["datasets"] == []
    version = attached.create_version("V1", label_task_type=0, description="first")["version_id"]
    wait_for(lambda: attached.get_version_info(version)["status"] == 1, what="the version")
    assert [each["version_name"] for each in attached.list_versions()["versions"]] == ["V1"]
    page = attached.list_samples(offset=1, limit=2)
    assert page["sample_count"] == 5
    assert [each["source"] for each in page["samples"]] == [
        "obs://neighbours/images/1.jpg",
        "obs://neighbours/images/2.jpg",
    ]
    one = attached.get_sample_info("3.jpg", version)
    assert (one["sample_id"], one["size"]) == ("3.jpg", 1)
    assert "holds no" in attached.get_sample_info("x.jpg")["error_msg"]
    assert "limit" in attached.list_samples(limit=101)["error_msg"]
    for wrong in ({"limit": "a"}, {"offset": None}, {"limit": True}):
        assert "limit" in attached.list_samples(**wrong)["error_msg"]
    assert attached.delete_version(version) == {}
    assert Dataset.delete_dataset(session, made.dataset_id) == {}
    assert attached.get_dataset_info()["error_code"]


def test_what_datasets_do_not_offer_says_what_to_do(session: Session) -> None:
    """Guards the documented answers of what is missing here, and arguments that cannot be right."""
    attached = Dataset(session, "d")
    answers = [
        attached.import_data("/b/x/", annotation_config={}),
        attached.export_data("/b/x/"),
        attached.list_import_tasks(),
        attached.get_import_task_info("t"),
        attached.list_export_tasks(),
        attached.get_export_task_info("t"),
        attached.delete_samples(["a"]),
    ]
    assert all(each["error_code"] == "Trainwright.0004" and each["error_solution"] for each in answers)
    assert "Default" in attached.create_version(version_format="CarbonData")["error_msg"]
    wrong: list[dict[str, Any]] = [
        {},
        {"data_sources": [SOURCES, SOURCES]},
        {"data_sources": {"type": 0}},
        {"data_sources": SOURCES, "data_type": "SMELL"},
    ]
    for arguments in wrong:
        with pytest.raises(InvalidArgument):
            Dataset.create_dataset(session, "n", **arguments)
    with pytest.raises(InvalidArgument):
        Dataset(session, "")
    with pytest.raises(ModelArtsError):
        Dataset.create_dataset(session, "n", "IMAGE", {"path": "/no-such-bucket/x/"})


def test_manifests_and_voc_in_the_object_store(session: Session) -> None:
    """Guards OBS paths: written, appended, read; a missing one is told."""
    path = "obs://neighbours/manifest/V001.manifest"
    Manifest([Sample("s3://b/1.jpg")]).save(path, session=session)
    Manifest([Sample("s3://b/2.jpg")]).save(path, session=session, save_mode="a")
    Manifest([Sample("s3://b/3.jpg")]).save(path + ".new", session=session, save_mode="a")
    assert [each.source for each in Manifest.parse_manifest(path, session=session)] == [
        "s3://b/1.jpg",
        "s3://b/2.jpg",
    ]
    PascalVoc(file_name="1.jpg").save_xml("obs://neighbours/1.xml", session=session)
    assert PascalVoc.parse_xml("obs://neighbours/1.xml", session=session).file_name == "1.jpg"
    with pytest.raises(InvalidArgument, match="no object"):
        Manifest.parse_manifest("obs://neighbours/none", session=session)


def test_models_are_listed_shown_downloaded_and_deleted(
    live: LiveServer, session: Session, tmp_path: Path
) -> None:
    """Guards models as far as they go, and the sentences where they do not."""
    # Under either launcher: three folders above MA_MOUNT_PATH lies the root that the job sees.
    body = live.body("keeps", command='cd "$MA_MOUNT_PATH/../../.." && echo w > model/w.txt')
    body["spec"]["folders"] = {"output_model": {"name": "net"}}
    live.wait(live.create(body))
    found = wait_for(lambda: Model.get_model_list(session, model_name="net")["models"], what="the model")
    assert (found[0]["model_name"], found[0]["model_status"]) == ("net", "published")
    (model,) = Model.get_model_object_list(session, "published", "net", "asc")
    wait_for(lambda: model.get_model_info()["versions"], what="the version")
    assert model.get_model_info()["versions"][0]["job_name"] == "keeps"
    assert Path(model.download(str(tmp_path / "net")), "w.txt").read_text() == "w\n"
    with pytest.raises(InvalidArgument, match="no version 9"):
        model.download(str(tmp_path), version=9)
    assert Model.get_model_list(session, "failed")["models"] == []
    assert "order" in Model.get_model_list(session, order="up")["error_msg"]
    with pytest.raises(ModelArtsError, match="Services are not offered"):
        model.deploy_predictor(
            "s", infer_type="real-time", configs=[ServiceConfig(model.model_id, 100, 1, "s")]
        )
    with pytest.raises(ModelArtsError, match="not offered"):
        Predictor(session, "s1")
    with pytest.raises(ModelArtsError, match="output_model"):
        Model(session, model_name="m", model_version="0.0.1", source_location="/b/out/", model_type="PyTorch")
    assert model.delete_model() == {}
    assert model.get_model_info()["error_code"]


def test_value_objects_of_services_can_be_made() -> None:
    """Guards scripts that make them before they find out."""
    needs = Dependencies(installer="pip", packages=[Packages("numpy", "2", "EXACT")])
    assert needs.packages[0].package_name == "numpy"
    assert Params(url="/", param_name="images").param_name == "images"
    assert Schedule(type="stop", time_unit="HOURS", duration=1).duration == 1
    assert TransformerConfig(model_id="m").model_id == "m"


def test_algorithms(live: LiveServer, session: Session) -> None:
    """Guards the thin way over /v2/…/algorithms."""
    job = live.create(live.body("makes", "print(1)"))
    live.wait(job)
    saved = Algorithm.save_job(session, job, "alg", "d")
    shown = saved.get_algorithm_info()
    assert shown["metadata"]["name"] == "alg"
    body = {
        "metadata": {"name": "alg2"},
        "job_config": {"command": "echo", "engine": shown["job_config"]["engine"]},
    }
    made = Algorithm.create(session, {"metadata": {"name": "alg3"}, "job_config": shown["job_config"]})
    assert {each["metadata"]["name"] for each in Algorithm.get_algorithm_list(session, "alg")["items"]} == {
        "alg",
        "alg3",
    }
    assert "error_msg" not in made.update_algorithm({**body, "job_config": shown["job_config"]})
    assert made.delete_algorithm() == {} and made.get_algorithm_info()["error_code"]
    with pytest.raises(RequestRefused):
        Algorithm.create(session, {"metadata": {"name": "bad name"}, "job_config": {}})
    with pytest.raises(InvalidArgument):
        Algorithm(session, "")
