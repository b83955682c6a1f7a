"""Both clients' part for what is beside a job: training metrics, tags, trials, stages, names, links to logs."""

from trainwright.client.log_views import AsyncLogViewsClient, LogViewsClient
from trainwright.client.methods import async_call, async_pages, call, pages
from trainwright.client.operations import job_collection, tags, training_metrics, trials


class BesideJobsClient(LogViewsClient):
    """Training metrics, tags, trials, stages, names, links to logs."""

    delete_jobs = call(job_collection.build_delete_jobs)
    check_job_name = call(job_collection.build_check_job_name)
    list_event_categories = call(job_collection.build_list_event_categories)
    list_stages = call(job_collection.build_list_stages)
    show_route_plan = call(job_collection.build_show_route_plan)
    report_from_task = call(job_collection.build_report_from_task)
    list_log_links = call(job_collection.build_list_log_links)
    iter_log_links = pages(job_collection.build_list_log_links, lambda page: page.links)
    revoke_log_link = call(job_collection.build_revoke_log_link)

    show_training_metrics = call(training_metrics.build_show_training_metrics)

    list_tags = call(tags.build_list_tags)
    iter_tags = pages(tags.build_list_tags, lambda page: page.tags)
    list_job_tags = call(tags.build_list_job_tags)
    put_job_tags = call(tags.build_put_job_tags)
    remove_job_tags = call(tags.build_remove_job_tags)
    find_tagged_jobs = call(tags.build_find_tagged_jobs)
    iter_tagged_jobs = pages(tags.build_find_tagged_jobs, lambda page: page.resources)
    count_tagged_jobs = call(tags.build_count_tagged_jobs)

    list_search_algorithms = call(trials.build_list_search_algorithms)
    list_search_templates = call(trials.build_list_search_templates)
    show_search_template = call(trials.build_show_search_template)
    list_trials = call(trials.build_list_trials)
    show_trial = call(trials.build_show_trial)
    stop_trial = call(trials.build_stop_trial)
    analyse_parameters = call(trials.build_analyse_parameters)
    show_parameter_picture = call(trials.build_show_parameter_picture)


class AsyncBesideJobsClient(AsyncLogViewsClient):
    """Training metrics, tags, trials, stages, names, links to logs."""

    delete_jobs = async_call(job_collection.build_delete_jobs)
    check_job_name = async_call(job_collection.build_check_job_name)
    list_event_categories = async_call(job_collection.build_list_event_categories)
    list_stages = async_call(job_collection.build_list_stages)
    show_route_plan = async_call(job_collection.build_show_route_plan)
    report_from_task = async_call(job_collection.build_report_from_task)
    list_log_links = async_call(job_collection.build_list_log_links)
    iter_log_links = async_pages(job_collection.build_list_log_links, lambda page: page.links)
    revoke_log_link = async_call(job_collection.build_revoke_log_link)

    show_training_metrics = async_call(training_metrics.build_show_training_metrics)

    list_tags = async_call(tags.build_list_tags)
    iter_tags = async_pages(tags.build_list_tags, lambda page: page.tags)
    list_job_tags = async_call(tags.build_list_job_tags)
    put_job_tags = async_call(tags.build_put_job_tags)
    remove_job_tags = async_call(tags.build_remove_job_tags)
    find_tagged_jobs = async_call(tags.build_find_tagged_jobs)
    iter_tagged_jobs = async_pages(tags.build_find_tagged_jobs, lambda page: page.resources)
    count_tagged_jobs = async_call(tags.build_count_tagged_jobs)

    list_search_algorithms = async_call(trials.build_list_search_algorithms)
    list_search_templates = async_call(trials.build_list_search_templates)
    show_search_template = async_call(trials.build_show_search_template)
    list_trials = async_call(trials.build_list_trials)
    show_trial = async_call(trials.build_show_trial)
    stop_trial = async_call(trials.build_stop_trial)
    analyse_parameters = async_call(trials.build_analyse_parameters)
    show_parameter_picture = async_call(trials.build_show_parameter_picture)
