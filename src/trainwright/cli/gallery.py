"""`trainwright gallery …`: algorithms that others have published, and one's own."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated

import typer

from trainwright.cli.asking import YesOption, confirm
from trainwright.cli.completion import complete_algorithms, complete_gallery, complete_subscriptions
from trainwright.cli.display import (
    Cell,
    age_text,
    print_fields,
    print_model,
    print_page,
    time_text,
    yes_no,
)
from trainwright.cli.failures import ClientGroup
from trainwright.cli.finding import find_algorithm, find_gallery_item, find_subscription
from trainwright.cli.options import (
    DescriptionOption,
    Format,
    Globals,
    LimitOption,
    OffsetOption,
    Output,
    format_of,
    globals_of,
)
from trainwright.cli.session import open_platform
from trainwright.cli.words import VISIBILITIES, word

if TYPE_CHECKING:
    from trainwright.wire.gallery import ItemResponse, SubscriptionResponse

app = typer.Typer(cls=ClientGroup, add_completion=False, no_args_is_help=True, help="Published algorithms.")

ItemArgument = Annotated[
    str,
    typer.Argument(
        metavar="ITEM",
        help="Id or title of the published algorithm.",
        show_default=False,
        autocompletion=complete_gallery,
    ),
]
SubscriptionArgument = Annotated[
    str,
    typer.Argument(
        metavar="SUBSCRIPTION",
        help="Id of the subscription, or title of the algorithm.",
        show_default=False,
        autocompletion=complete_subscriptions,
    ),
]
VersionArgument = Annotated[
    str, typer.Argument(metavar="VERSION", help="Number or id of the version.", show_default=False)
]
TitleOption = Annotated[str, typer.Option("--title", help="The title.", show_default=False)]
VisibilityOption = Annotated[
    str,
    typer.Option(
        "--visibility",
        metavar="public|project",
        help="public: for every project of the server; project: for your own.",
        show_default=False,
    ),
]


@app.command("list", help="List published algorithms, newest first.")
def list_items(
    ctx: typer.Context,
    title: Annotated[
        str, typer.Option(help="Only those whose title contains this.", show_default=False)
    ] = "",
    own: Annotated[bool, typer.Option("--own", help="Only those of your own project.")] = False,
    limit: LimitOption = 20,
    offset: OffsetOption = 0,
    output: Output = None,
) -> None:
    """Print one page."""
    told, chosen = globals_of(ctx), format_of(ctx, output)
    with open_platform(ctx) as platform:
        page = platform.client.list_gallery(title=title, own=own, limit=limit, offset=offset)
    if chosen is not Format.TABLE:
        print_model(page, chosen)
        return
    now_ms = int(time.time() * 1000)
    names = ("TITLE", "VERSION", "VISIBLE TO", "OWN", "CHANGED", "USER", "DESCRIPTION", "ID")
    rows = [
        (
            item.title,
            item.latest_version,
            word(VISIBILITIES, item.visibility, told.language),
            yes_no(told, item.own),
            age_text(told, item.update_time or item.create_time, now_ms),
            item.user_name,
            item.description,
            item.id,
        )
        for item in page.items
    ]
    print_page(told, [told.say(name) for name in names], rows, total=page.count, offset=offset)


@app.command("show", help="Show a published algorithm with its versions.")
def show(ctx: typer.Context, item: ItemArgument, output: Output = None) -> None:
    """Print one."""
    told = globals_of(ctx)
    with open_platform(ctx) as platform:
        found = find_gallery_item(told, platform.client, item)
    _print_item(told, found, format_of(ctx, output))


@app.command("publish", help="Publish one of your algorithms; its code is copied.")
def publish(
    ctx: typer.Context,
    algorithm: Annotated[
        str,
        typer.Argument(
            metavar="ALGORITHM",
            help="Id or name of the algorithm.",
            show_default=False,
            autocompletion=complete_algorithms,
        ),
    ],
    title: TitleOption = "",
    version: Annotated[
        str, typer.Option(help="Number of the version, such as 1.0.0.", show_default=False)
    ] = "",
    visibility: VisibilityOption = "",
    item: Annotated[
        str,
        typer.Option(
            metavar="ITEM",
            help="As the next version of this published algorithm.",
            show_default=False,
            autocompletion=complete_gallery,
        ),
    ] = "",
    description: DescriptionOption = None,
    output: Output = None,
) -> None:
    """Print where it is now."""
    told = globals_of(ctx)
    given = {"title": title, "version_num": version, "visibility": visibility, "desc": description or ""}
    with open_platform(ctx) as platform:
        found = find_algorithm(told, platform.client, algorithm)
        body: dict[str, object] = {
            "algorithm": {"id": found.metadata.id},
            "content_info": {key: value for key, value in given.items() if value},
        }
        if item:
            body["content_id"] = find_gallery_item(told, platform.client, item).id
        made = platform.client.publish_algorithm(body)
        shown = platform.client.show_gallery_item(made.content_id)
    _print_item(told, shown, format_of(ctx, output))


@app.command("change", help="Change title, description or visibility of your own.")
def change(
    ctx: typer.Context,
    item: ItemArgument,
    title: TitleOption = "",
    visibility: VisibilityOption = "",
    description: DescriptionOption = None,
    output: Output = None,
) -> None:
    """Print what it is now."""
    told = globals_of(ctx)
    body: dict[str, object] = {
        key: value for key, value in (("title", title), ("visibility", visibility)) if value
    }
    if description is not None:
        body["description"] = description
    with open_platform(ctx) as platform:
        found = find_gallery_item(told, platform.client, item)
        changed = platform.client.change_gallery_item(found.id, body)
    _print_item(told, changed, format_of(ctx, output))


@app.command("withdraw", help="Withdraw your own, with all subscriptions to it. Unfinished jobs of it go on.")
def withdraw(ctx: typer.Context, item: ItemArgument, yes: YesOption = False) -> None:
    """Take it out of the gallery."""
    told = globals_of(ctx)
    with open_platform(ctx) as platform:
        found = find_gallery_item(told, platform.client, item)
        confirm(told, told.say("Withdraw {name} and end all subscriptions to it?", name=found.title), yes=yes)
        platform.client.withdraw_gallery_item(found.id)
    typer.echo(told.say("{name} withdrawn.", name=found.title))


@app.command("subscriptions", help="List the project's subscriptions, newest first.")
def subscriptions(
    ctx: typer.Context,
    title: Annotated[
        str, typer.Option(help="Only those whose title contains this.", show_default=False)
    ] = "",
    limit: LimitOption = 20,
    offset: OffsetOption = 0,
    output: Output = None,
) -> None:
    """Print one page."""
    told, chosen = globals_of(ctx), format_of(ctx, output)
    with open_platform(ctx) as platform:
        page = platform.client.list_subscriptions(title=title, limit=limit, offset=offset)
    if chosen is not Format.TABLE:
        print_model(page, chosen)
        return
    names = ("TITLE", "VERSION", "NEWEST", "SUBSCRIBED", "USER", "ID")
    rows = [
        (
            each.item.title,
            each.version_num,
            each.item.latest_version,
            time_text(each.create_time),
            each.user_name,
            each.subscription_id,
        )
        for each in page.items
    ]
    print_page(told, [told.say(name) for name in names], rows, total=page.count, offset=offset)


@app.command(
    "subscribe", help="Subscribe to a published algorithm; jobs use it with `job create --subscription`."
)
def subscribe(
    ctx: typer.Context,
    item: ItemArgument,
    version: Annotated[
        str, typer.Option(help="Number or id of the version; the newest by default.", show_default=False)
    ] = "",
    output: Output = None,
) -> None:
    """Print the subscription."""
    told = globals_of(ctx)
    with open_platform(ctx) as platform:
        found = find_gallery_item(told, platform.client, item)
        body: dict[str, object] = {"item_id": found.id}
        if version:
            body["version_id"] = _version_id(found, version)
        made = platform.client.subscribe(body)
    _print_subscription(told, made, format_of(ctx, output))


@app.command("choose", help="Choose another version for a subscription.")
def choose(
    ctx: typer.Context, subscription: SubscriptionArgument, version: VersionArgument, output: Output = None
) -> None:
    """Print the subscription."""
    told = globals_of(ctx)
    with open_platform(ctx) as platform:
        found = find_subscription(told, platform.client, subscription)
        changed = platform.client.choose_subscription_version(
            found.subscription_id, {"version_id": _version_id(found.item, version)}
        )
    _print_subscription(told, changed, format_of(ctx, output))


@app.command("unsubscribe", help="End a subscription. Unfinished jobs go on, new ones are refused.")
def unsubscribe(ctx: typer.Context, subscription: SubscriptionArgument, yes: YesOption = False) -> None:
    """End it."""
    told = globals_of(ctx)
    with open_platform(ctx) as platform:
        found = find_subscription(told, platform.client, subscription)
        confirm(told, told.say("End the subscription to {name}?", name=found.item.title), yes=yes)
        platform.client.unsubscribe(found.subscription_id)
    typer.echo(told.say("Subscription to {name} ended.", name=found.item.title))


def _version_id(item: ItemResponse, text: str) -> str:
    # A number that is not there goes to the server as it is, which says so.
    return next((each.id for each in item.versions if each.version_num == text), text)


def _print_item(told: Globals, item: ItemResponse, chosen: Format) -> None:
    if chosen is not Format.TABLE:
        print_model(item, chosen)
        return
    fields: list[tuple[str, Cell]] = [
        (told.say("Title"), item.title),
        (told.say("Id"), item.id),
        (told.say("Description"), item.description),
        (told.say("Visible to"), word(VISIBILITIES, item.visibility, told.language)),
        (told.say("User"), item.user_name),
        (told.say("Changed"), time_text(item.update_time)),
    ]
    for each in item.versions:
        about = f"{each.version_num}  {time_text(each.create_time)}  {each.description}"
        fields.append((told.say("Version"), about.rstrip()))
    print_fields(fields)


def _print_subscription(told: Globals, item: SubscriptionResponse, chosen: Format) -> None:
    if chosen is not Format.TABLE:
        print_model(item, chosen)
        return
    print_fields(
        [
            (told.say("Title"), item.item.title),
            (told.say("Subscription"), item.subscription_id),
            (told.say("Version"), item.version_num),
            (told.say("Version id"), item.item_version_id),
            (told.say("User"), item.user_name),
            (told.say("Created"), time_text(item.create_time)),
        ]
    )
