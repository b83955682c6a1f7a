"""The first generation: `Estimator`, `TrainingJob`, `VisualizationJob`, `JOB_STATE`.

>>> from modelarts.session import Session, as_session
>>> from modelarts.estimator import Estimator
>>> estimator = Estimator(
...     Session(), framework_type="PyTorch", framework_version="PyTorch-1.0.0-python3.6", code_dir="/bucket/src/",
...     boot_file="/bucket/src/train.py", output_path="/bucket/output/", train_instance_type="modelarts.vm.cpu.2u",
...     train_instance_count=1)
>>> job = estimator.fit(inputs="/bucket/data/", wait=True)

Each version of a job is one job of the server (docs/adr/0029). What creates something raises a `ModelArtsError`; what
answers with a dict answers `{"is_success": False, "error_code": …, "error_msg": …}` when it fails.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from modelarts.arguments import optional_text
from modelarts.environment import Environment
from modelarts.exception import InvalidArgument, raising, v1_answer
from modelarts.session import Session, as_session
from modelarts.v1 import configs
from modelarts.v1.builtin import list_algorithms, use_algorithm
from modelarts.v1.code import bring_code, is_local, packages_of
from modelarts.v1.configs import ConfigMethods, JobConfig
from modelarts.v1.jobs import JobMethods, TrainingJob, delete_all, print_objects, wait_for_version
from modelarts.v1.lists import job_list_answer, list_jobs
from modelarts.v1.settings import (
    Data,
    Settings,
    check_data,
    check_hyperparameters,
    check_job_name,
    check_node_count,
    check_settings,
    job_body,
)
from modelarts.v1.shown import Json
from modelarts.v1.states import JOB_STATE
from modelarts.v1.versions import VERSION, as_version, create_version, list_versions
from modelarts.v1.visualization import VisualizationJob
from trainwright.portable.deferred import deferred

if TYPE_CHECKING:
    from collections.abc import Sequence

    from modelarts.local import from_v1
    from trainwright.wire.job_answers import JobResponse
else:
    from_v1 = deferred("modelarts.local.from_v1")

__all__ = ["JOB_STATE", "Estimator", "JobConfig", "TrainingJob", "VisualizationJob"]

LOCAL = "local"
"""The `train_instance_type` that means this machine."""
Source = Mapping[str, Any]


class Estimator(JobMethods, ConfigMethods):
    """What jobs are to be made of; or a handle of a job or a configuration that there is already.

    To create, one of: `framework_type`, `framework_version`, `code_dir` and `boot_file`; `user_image_url` and
    `user_command`; `model_name` (an algorithm published in the gallery). A `code_dir` of this machine is uploaded;
    `train_instance_type="local"` runs it on this machine. To attach: `job_id` (with `version_id`, or its newest
    version), or `config_name`.

    Nothing is checked before something is created: `fit` and its like say what is missing.
    """

    @raising
    def __init__(
        self,
        modelarts_session: Session,
        train_instance_count: int | None = None,
        train_instance_type: str | None = None,
        output_path: str | None = None,
        code_dir: str | None = None,
        boot_file: str | None = None,
        model_name: str | None = None,
        framework_type: str | None = None,
        framework_version: str | None = None,
        hyperparameters: Sequence[Mapping[str, Any]] | None = None,
        log_url: str | None = None,
        job_description: str | None = None,
        user_image_url: str | None = None,
        user_command: str | None = None,
        pool_id: str | None = None,
        nas_type: str | None = None,
        nas_share_addr: str | None = None,
        nas_mount_path: str | None = None,
        environment: Environment | None = None,
        job_id: str | None = None,
        version_id: str | None = None,
        config_name: str | None = None,
    ) -> None:
        """Parameters are those of facts §3.1; hyperparameters are objects with `label` and `value`."""
        if environment is not None and not isinstance(environment, Environment):
            raise InvalidArgument(
                f"environment must be a modelarts.environment.Environment, not {environment!r}."
            )
        self.session = as_session(modelarts_session)
        self.settings = Settings(
            train_instance_count=check_node_count(train_instance_count),
            train_instance_type=optional_text("train_instance_type", train_instance_type),
            output_path=optional_text("output_path", output_path),
            code_dir=optional_text("code_dir", code_dir),
            boot_file=optional_text("boot_file", boot_file),
            model_name=optional_text("model_name", model_name),
            framework_type=optional_text("framework_type", framework_type),
            framework_version=optional_text("framework_version", framework_version),
            hyperparameters=check_hyperparameters(hyperparameters),
            log_url=optional_text("log_url", log_url),
            job_description=optional_text("job_description", job_description),
            user_image_url=optional_text("user_image_url", user_image_url),
            user_command=optional_text("user_command", user_command),
            pool_id=optional_text("pool_id", pool_id),
            nas_type=optional_text("nas_type", nas_type),
            nas_share_addr=optional_text("nas_share_addr", nas_share_addr),
            nas_mount_path=optional_text("nas_mount_path", nas_mount_path),
        )
        self.environment = environment
        self.job_id = str(job_id or "")
        self.version_id = str(version_id or "")
        self.config_name = config_name or ""

    # -- creating -----------------------------------------------------------------------------------------------------

    @raising
    def fit(
        self,
        inputs: str | None = None,
        dataset_id: str | None = None,
        dataset_version_id: str | None = None,
        data_source: Sequence[Source] | None = None,
        wait: bool = False,
        job_name: str | None = None,
    ) -> TrainingJob:
        """Create a job and return it as a `TrainingJob`; the estimator is attached to it from then on.

        Exactly one of `inputs` (a path of the object store), `dataset_id` with `dataset_version_id`, and `data_source`
        (a list of `{"type": "obs", "data_url": …}` or `{"type": "dataset", "dataset_id": …, "dataset_version": …}`);
        local training takes `inputs`, or nothing. An estimator made with `config_name` alone runs that configuration.
        The script gets `--data_url=<folder>` and `--train_url=<folder>`, local folders, beside the hyperparameters.

        With `wait`, phases, events and logs are printed until the job has ended. Ctrl-C then lets go of the job, which
        goes on: in a notebook the job is returned, a script ends.

        Raises:
            InvalidArgument: something is missing or contradicts something else; nothing was created.
            ModelArtsError: code could not be uploaded, or the server refused.
            JobFailed: with `wait`: it ended otherwise than Completed.
        """
        settings, data = self._wanted(inputs, dataset_id, dataset_version_id, data_source)
        name = check_job_name(job_name)
        if settings.train_instance_type == LOCAL:
            return self._fit_local(settings, data, name, wait=wait)
        description = settings.job_description
        body = self._body(settings, data, name, description=description, annotations={VERSION: "1"})
        return self._made(self.session, self.session.client.create_job(body).metadata.id, wait=wait)

    @raising
    def create_job_version(
        self,
        job_id: str,
        pre_version_id: str,
        inputs: str | None = None,
        dataset_id: str | None = None,
        dataset_version_id: str | None = None,
        data_source: Sequence[Source] | None = None,
        wait: bool = False,
        job_desc: str | None = None,
    ) -> TrainingJob:
        """Create the next version of a job, with what this estimator was made with; otherwise as `fit`.

        Raises:
            InvalidArgument: `pre_version_id` is no version of that job; and as `fit`.
        """
        settings, data = self._wanted(inputs, dataset_id, dataset_version_id, data_source)
        if settings.train_instance_type == LOCAL:
            raise InvalidArgument("Local jobs have one version each: use fit.")
        versions = list_versions(self.session.client, str(job_id))
        if str(pre_version_id) not in {version.id for version in versions}:
            raise InvalidArgument(
                f"pre_version_id: {pre_version_id} is no version of job {job_id}.",
                error_solution=f"It has: {', '.join(version.id for version in versions)}.",
            )
        description = settings.job_description if job_desc is None else job_desc
        body = self._body(settings, data, "", description=description, annotations={})

        def create(name: str, annotations: dict[str, str]) -> JobResponse:
            body["metadata"] |= {"name": name, "annotations": annotations}
            return self.session.client.create_job(body)

        made = create_version(self.session.client, str(job_id), str(pre_version_id), create)
        return self._made(self.session, made.metadata.id, wait=wait)

    @raising
    def create_job_configs(
        self,
        config_name: str | None = None,
        config_desc: str = "",
        inputs: str | None = None,
        dataset_id: str | None = None,
        dataset_version_id: str | None = None,
        data_source: Sequence[Source] | None = None,
    ) -> JobConfig:
        """Save what this estimator was made with, and the data, as a configuration; without a name by the date.

        A code folder of this machine is uploaded now.

        Raises:
            InvalidArgument: the name is taken, or as `fit`.
        """
        settings = self._kept(self.settings)
        data = check_data(inputs, dataset_id, dataset_version_id, data_source)
        name = configs.check_name(config_name) if config_name else configs.new_name()
        return configs.save(self.session, name, config_desc or "", settings, data, new=True)

    @v1_answer
    def update_job_configs(
        self,
        config_name: str,
        config_desc: str | None = None,
        inputs: str | None = None,
        dataset_id: str | None = None,
        dataset_version_id: str | None = None,
        data_source: Sequence[Source] | None = None,
    ) -> Json:
        """Replace what is given of a configuration: description, data, and, if this estimator was made with any,
        everything else. What is not given stays as it is.
        """
        name = configs.check_name(config_name or self._config_name())
        content = configs.load(self.session, name)
        settings, data = configs.settings_of(content)
        if self.settings.says_something:
            settings = self._kept(self.settings)
        if any((inputs, dataset_id, dataset_version_id, data_source)):
            data = check_data(inputs, dataset_id, dataset_version_id, data_source)
        description = content.get("config_desc", "") if config_desc is None else config_desc
        configs.save(self.session, name, description, settings, data, new=False)
        return {}

    # -- lists --------------------------------------------------------------------------------------------------------

    @classmethod
    @v1_answer
    def delete_job_by_id(cls, modelarts_session: Session, job_id: str) -> Json:
        """Delete a job with all its versions, which must have ended."""
        delete_all(modelarts_session, list_versions(as_session(modelarts_session).client, str(job_id)))
        return {}

    @classmethod
    @v1_answer
    def get_job_list(
        cls,
        modelarts_session: Session,
        status: int | None = None,
        per_page: int = 10,
        page: int = 1,
        sortBy: str | None = None,
        order: str = "desc",
        search_content: str = "",
        sort_by: str | None = None,
    ) -> Json:
        """One page of the jobs; each shows its newest version. `sortBy` and `sort_by` are the same.

        `search_content` is a part of the name. Sort keys: `job_name` (default), `job_desc`, `status`, `duration`,
        `engine_type`, `create_time`, `version_count`.
        """
        total, groups = list_jobs(
            as_session(modelarts_session).client,
            status=status,
            per_page=per_page,
            page=page,
            sort_by=sortBy or sort_by,
            order=order,
            search_content=search_content,
        )
        return job_list_answer(total, groups)

    @classmethod
    @raising
    def get_job_object_list(
        cls, modelarts_session: Session, is_show: bool = True, **arguments: Any
    ) -> list[TrainingJob]:
        """The newest versions as objects; arguments as of `get_job_list`. Printed as well when `is_show`."""
        wanted = {
            "status": None,
            "per_page": 10,
            "page": 1,
            "order": "desc",
            "search_content": "",
            **arguments,
        }
        sort_by = wanted.pop("sortBy", None) or wanted.pop("sort_by", None)
        _, groups = list_jobs(as_session(modelarts_session).client, sort_by=sort_by, **wanted)
        jobs = [TrainingJob(modelarts_session, versions[-1]) for versions in groups]
        if is_show:
            print_objects(jobs)
        return jobs

    @classmethod
    @v1_answer
    def get_job_configs_list(
        cls,
        modelarts_session: Session,
        per_page: int = 10,
        page: int = 1,
        sortBy: str | None = None,
        order: str = "asc",
        search_content: str = "",
        sort_by: str | None = None,
    ) -> Json:
        """One page of the configurations; sort keys `config_name` (default), `config_desc`, `create_time`,
        `engine_type`.
        """
        total, contents = configs.list_configs(
            as_session(modelarts_session),
            per_page=per_page,
            page=page,
            sort_by=sortBy or sort_by,
            order=order,
            search_content=search_content,
        )
        return {"config_total_count": total, "configs": [configs.shown(content) for content in contents]}

    @classmethod
    @raising
    def get_job_configs_object_list(
        cls,
        modelarts_session: Session,
        per_page: int = 10,
        page: int = 1,
        sortBy: str | None = None,
        order: str = "asc",
        search_content: str = "",
        is_show: bool = True,
        sort_by: str | None = None,
    ) -> list[JobConfig]:
        """The same as objects; printed as well when `is_show`."""
        _, contents = configs.list_configs(
            as_session(modelarts_session),
            per_page=per_page,
            page=page,
            sort_by=sortBy or sort_by,
            order=order,
            search_content=search_content,
        )
        found = [
            JobConfig(modelarts_session, content["config_name"], content.get("config_desc", ""))
            for content in contents
        ]
        if is_show:
            print_objects(found)
        return found

    # -- what there is to choose from ---------------------------------------------------------------------------------

    @classmethod
    @raising
    def get_train_instance_types(cls, modelarts_session: Session) -> list[str]:
        """Codes of the flavors."""
        return [flavor.flavor_id for flavor in as_session(modelarts_session).client.list_flavors().flavors]

    @classmethod
    @raising
    def get_framework_list(cls, modelarts_session: Session) -> list[dict[str, str]]:
        """`framework_type` and `framework_version` of each preset engine."""
        return [
            {"framework_type": engine.engine_name, "framework_version": engine.engine_version}
            for engine in as_session(modelarts_session).client.list_engines().items
        ]

    @classmethod
    @v1_answer
    def get_built_in_algorithms(cls, modelarts_session: Session) -> Json:
        """Algorithms published in the gallery, whose titles can be given as `model_name`."""
        return list_algorithms(as_session(modelarts_session).client)

    # -- inside -------------------------------------------------------------------------------------------------------

    def _wanted(
        self,
        inputs: str | None,
        dataset_id: str | None,
        dataset_version_id: str | None,
        data_source: Sequence[Source] | None,
    ) -> tuple[Settings, Data]:
        """What is to be created, from the arguments or from the configuration that this estimator is attached to."""
        has_data = any((inputs, dataset_id, dataset_version_id, data_source))
        settings = self.settings
        if self.config_name and not settings.says_something:
            settings, data = configs.settings_of(configs.load(self.session, self.config_name))
            if not has_data:
                return settings, data
        if settings.train_instance_type == LOCAL and not has_data:
            return settings, Data()
        return settings, check_data(inputs, dataset_id, dataset_version_id, data_source)

    def _kept(self, settings: Settings) -> Settings:
        """`settings` as they can be stored: with code that jobs can read."""
        if settings.train_instance_type == LOCAL:
            raise InvalidArgument("A configuration of local training cannot be saved.")
        return self._with_code(settings)

    def _with_code(self, settings: Settings) -> Settings:
        """Checked, and with the code folder uploaded if it is one of this machine."""
        local_code = is_local(settings.code_dir)
        check_settings(settings, local_code=local_code)
        if not local_code:
            if packages_of(self.environment):
                raise InvalidArgument(
                    "environment: packages can be added only to a code_dir of this machine.",
                    error_solution="Put a pip-requirements.txt into the code folder, or give a local code_dir.",
                )
            return settings
        code, boot_file = bring_code(
            self.session,
            settings.code_dir,
            settings.boot_file,
            self.environment,
            needs_boot_file=not settings.user_image_url,
        )
        return replace(settings, code_dir=code, boot_file=boot_file)

    def _body(
        self, settings: Settings, data: Data, name: str, *, description: str, annotations: Mapping[str, str]
    ) -> Json:
        """The body to create a job with; its code is uploaded."""
        settings = self._with_code(settings)
        body = job_body(settings, data, name=name, description=description, annotations=annotations)
        if settings.model_name:
            body["algorithm"] = use_algorithm(self.session.client, settings.model_name, body["algorithm"])
        return body

    def _fit_local(self, settings: Settings, data: Data, name: str, *, wait: bool) -> TrainingJob:
        if data.dataset_id or data.data_source:
            raise InvalidArgument(
                "Local training takes only inputs: a local folder, or obs://bucket/folder/."
            )
        if settings.user_image_url or settings.model_name:
            raise InvalidArgument(
                "Local training runs code_dir and boot_file: no custom image, no built-in algorithm."
            )
        session, made = from_v1.start_v1(
            self.session,
            code_dir=settings.code_dir,
            boot_file=settings.boot_file,
            inputs=data.inputs,
            output_path=settings.output_path,
            hyperparameters=[{"label": label, "value": value} for label, value in settings.hyperparameters],
            framework_type=settings.framework_type,
            environment=self.environment,
            train_instance_count=settings.train_instance_count or 1,
            job_name=name,
            job_description=settings.job_description,
            annotations={VERSION: "1"},
        )
        return self._made(session, made, wait=wait)

    def _made(self, session: Session, version_id: str, *, wait: bool) -> TrainingJob:
        version = as_version(session.client.show_job(version_id))
        if session is self.session:
            self.job_id, self.version_id = version.job_id, version.id
        if wait:
            wait_for_version(session, version)
            version = as_version(session.client.show_job(version_id))
        return TrainingJob(session, version)

    def __repr__(self) -> str:
        if self.job_id:
            return f"<Estimator of job {self.job_id}, version {self.version_id or 'newest'}>"
        if self.config_name:
            return f"<Estimator of configuration {self.config_name}>"
        told = self.settings
        what = told.framework_version or told.user_image_url or told.model_name or "of nothing yet"
        return f"<Estimator {what}: {told.train_instance_count} x {told.train_instance_type or '?'}>"
