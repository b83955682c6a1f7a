"""Both clients' part for what jobs are made of and kept together by: algorithms, the gallery, datasets, experiments."""

from trainwright.client.connection import AsyncConnection, SyncConnection
from trainwright.client.methods import async_call, async_pages, call, pages
from trainwright.client.operations import algorithms, datasets, experiments, gallery


class LibraryClient(SyncConnection):
    """Algorithms, the gallery, datasets, experiments."""

    list_algorithms = call(algorithms.build_list_algorithms)
    iter_algorithms = pages(algorithms.build_list_algorithms, lambda page: page.items)
    create_algorithm = call(algorithms.build_create_algorithm)
    show_algorithm = call(algorithms.build_show_algorithm)
    change_algorithm = call(algorithms.build_change_algorithm)
    delete_algorithm = call(algorithms.build_delete_algorithm)
    save_job_algorithm = call(algorithms.build_save_job_algorithm)

    publish_algorithm = call(gallery.build_publish_algorithm)
    list_gallery = call(gallery.build_list_gallery)
    iter_gallery = pages(gallery.build_list_gallery, lambda page: page.items)
    show_gallery_item = call(gallery.build_show_gallery_item)
    change_gallery_item = call(gallery.build_change_gallery_item)
    withdraw_gallery_item = call(gallery.build_withdraw_gallery_item)
    list_subscriptions = call(gallery.build_list_subscriptions)
    iter_subscriptions = pages(gallery.build_list_subscriptions, lambda page: page.items)
    subscribe = call(gallery.build_subscribe)
    show_subscription = call(gallery.build_show_subscription)
    choose_subscription_version = call(gallery.build_choose_subscription_version)
    unsubscribe = call(gallery.build_unsubscribe)

    list_datasets = call(datasets.build_list_datasets)
    iter_datasets = pages(datasets.build_list_datasets, lambda page: page.datasets)
    create_dataset = call(datasets.build_create_dataset)
    show_dataset = call(datasets.build_show_dataset)
    change_dataset = call(datasets.build_change_dataset)
    delete_dataset = call(datasets.build_delete_dataset)
    list_dataset_versions = call(datasets.build_list_dataset_versions)
    iter_dataset_versions = pages(datasets.build_list_dataset_versions, lambda page: page.versions)
    create_dataset_version = call(datasets.build_create_dataset_version)
    show_dataset_version = call(datasets.build_show_dataset_version)
    delete_dataset_version = call(datasets.build_delete_dataset_version)
    list_manifest = call(datasets.build_list_manifest)
    iter_manifest = pages(datasets.build_list_manifest, lambda page: page.objects)

    list_experiments = call(experiments.build_list_experiments)
    iter_experiments = pages(experiments.build_list_experiments, lambda page: page.items)
    create_experiment = call(experiments.build_create_experiment)
    show_experiment = call(experiments.build_show_experiment)
    change_experiment = call(experiments.build_change_experiment)
    delete_experiment = call(experiments.build_delete_experiment)
    check_experiment_name = call(experiments.build_check_experiment_name)


class AsyncLibraryClient(AsyncConnection):
    """Algorithms, the gallery, datasets, experiments."""

    list_algorithms = async_call(algorithms.build_list_algorithms)
    iter_algorithms = async_pages(algorithms.build_list_algorithms, lambda page: page.items)
    create_algorithm = async_call(algorithms.build_create_algorithm)
    show_algorithm = async_call(algorithms.build_show_algorithm)
    change_algorithm = async_call(algorithms.build_change_algorithm)
    delete_algorithm = async_call(algorithms.build_delete_algorithm)
    save_job_algorithm = async_call(algorithms.build_save_job_algorithm)

    publish_algorithm = async_call(gallery.build_publish_algorithm)
    list_gallery = async_call(gallery.build_list_gallery)
    iter_gallery = async_pages(gallery.build_list_gallery, lambda page: page.items)
    show_gallery_item = async_call(gallery.build_show_gallery_item)
    change_gallery_item = async_call(gallery.build_change_gallery_item)
    withdraw_gallery_item = async_call(gallery.build_withdraw_gallery_item)
    list_subscriptions = async_call(gallery.build_list_subscriptions)
    iter_subscriptions = async_pages(gallery.build_list_subscriptions, lambda page: page.items)
    subscribe = async_call(gallery.build_subscribe)
    show_subscription = async_call(gallery.build_show_subscription)
    choose_subscription_version = async_call(gallery.build_choose_subscription_version)
    unsubscribe = async_call(gallery.build_unsubscribe)

    list_datasets = async_call(datasets.build_list_datasets)
    iter_datasets = async_pages(datasets.build_list_datasets, lambda page: page.datasets)
    create_dataset = async_call(datasets.build_create_dataset)
    show_dataset = async_call(datasets.build_show_dataset)
    change_dataset = async_call(datasets.build_change_dataset)
    delete_dataset = async_call(datasets.build_delete_dataset)
    list_dataset_versions = async_call(datasets.build_list_dataset_versions)
    iter_dataset_versions = async_pages(datasets.build_list_dataset_versions, lambda page: page.versions)
    create_dataset_version = async_call(datasets.build_create_dataset_version)
    show_dataset_version = async_call(datasets.build_show_dataset_version)
    delete_dataset_version = async_call(datasets.build_delete_dataset_version)
    list_manifest = async_call(datasets.build_list_manifest)
    iter_manifest = async_pages(datasets.build_list_manifest, lambda page: page.objects)

    list_experiments = async_call(experiments.build_list_experiments)
    iter_experiments = async_pages(experiments.build_list_experiments, lambda page: page.items)
    create_experiment = async_call(experiments.build_create_experiment)
    show_experiment = async_call(experiments.build_show_experiment)
    change_experiment = async_call(experiments.build_change_experiment)
    delete_experiment = async_call(experiments.build_delete_experiment)
    check_experiment_name = async_call(experiments.build_check_experiment_name)
