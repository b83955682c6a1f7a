"""Sentences of backends: why an attempt waits there, what its engine says."""

from collections.abc import Mapping

from trainwright.domain.entities import Level
from trainwright.domain.sentence import EventText, job_event

EVENTS: Mapping[str, EventText] = {
    "wait_node_isolated": job_event(
        "Queued: no healthy node; isolated: {nodes}; position {position}.",
        "排队中：没有健康节点，已隔离：{nodes}；队列位置 {position}。",
    ),
    "wait_cluster": job_event(
        "Queued on the cluster ({detail}); position {position}.",
        "在集群中排队（{detail}）；队列位置 {position}。",
    ),
    "backend_said": job_event("The backend says: {detail}", "后端报告：{detail}", Level.WARNING),
    "wait_held": job_event(
        "Held on the cluster ({detail}); an administrator must release it.",
        "在集群中被挂起（{detail}），需要管理员释放。",
        Level.WARNING,
    ),
}
