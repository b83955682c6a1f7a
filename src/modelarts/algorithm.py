"""Saved algorithms: code, how it starts and what may be set of it, under a name. This module is ours.

`Algorithm.create` raises when none can be made. All else answers: after a failure with a dict that has `error_msg`,
`error_code` and `error_solution` in it.
"""

from collections.abc import Mapping
from typing import Any, Self

from modelarts.exception import InvalidArgument, raising, v2_answer
from modelarts.session import Session

Answer = dict[str, Any]


class Algorithm:
    """One saved algorithm, attached by its id."""

    def __init__(self, session: Session, algorithm_id: str) -> None:
        if not algorithm_id:
            raise InvalidArgument("Algorithm: algorithm_id is missing.")
        self.session = session
        self.algorithm_id = algorithm_id

    @classmethod
    @raising
    def create(cls, session: Session, body: Mapping[str, Any]) -> Self:
        """Save an algorithm: `body` is that of `POST /v2/{project_id}/algorithms`.

        Raises:
            ModelArtsError: the server refused, or cannot be asked.
        """
        return cls(session, session.client.create_algorithm(body).metadata.id)

    @classmethod
    @raising
    def save_job(cls, session: Session, job_id: str, name: str, description: str = "") -> Self:
        """Save what a job runs as an algorithm, its values as defaults.

        Raises:
            ModelArtsError: the server refused, or cannot be asked.
        """
        body = {"metadata": {"name": name, **({"description": description} if description else {})}}
        return cls(session, session.client.save_job_algorithm(job_id, body).metadata.id)

    @staticmethod
    @v2_answer
    def get_algorithm_list(session: Session, name: str = "", offset: int = 0, limit: int = 10) -> Answer:
        """One page of algorithms whose name contains `name`, newest first: `total`, `count`, `items`."""
        page = session.client.list_algorithms(name=name, offset=offset, limit=limit)
        return page.model_dump(mode="json")

    @v2_answer
    def get_algorithm_info(self) -> Answer:
        """The algorithm, with its code as it is now."""
        return self.session.client.show_algorithm(self.algorithm_id).model_dump(mode="json")

    @v2_answer
    def update_algorithm(self, body: Mapping[str, Any]) -> Answer:
        """Put `body` in the place of the algorithm's; the algorithm."""
        return self.session.client.change_algorithm(self.algorithm_id, body).model_dump(mode="json")

    @v2_answer
    def delete_algorithm(self) -> Answer:
        """Delete it; its code and the jobs made of it stay. An empty dict after success."""
        self.session.client.delete_algorithm(self.algorithm_id)
        return {}

    def __repr__(self) -> str:
        return f"<Algorithm {self.algorithm_id}>"
